/*
 * garbage ENDPOINT SEED N - send N messages to a store's ingest that no
 * program of weir would send, as a raw ZeroMQ peer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

enum { BIG = 290 << 10 };

static char big[BIG];

static void send_frames(void *s, int n, const char *const *frame,
			const size_t *len)
{
	for (int i = 0; i < n; i++)
		zmq_send(s, frame[i], len[i], i + 1 < n ? ZMQ_SNDMORE : 0);
}

/* Random bytes in one to five frames. */
static void send_noise(void *s)
{
	static char noise[5][64];
	const char *frame[5];
	size_t len[5];
	int n = 1 + rand() % 5;

	for (int i = 0; i < n; i++) {
		len[i] = (size_t)(rand() % 64);
		for (size_t k = 0; k < len[i]; k++)
			noise[i][k] = (char)rand();
		frame[i] = noise[i];
	}
	send_frames(s, n, frame, len);
}

static void send3(void *s, const char *topic, size_t topic_len,
		  const char *attrs, const char *data, size_t data_len)
{
	const char *frame[] = { topic, attrs, data };
	size_t len[] = { topic_len, strlen(attrs), data_len };

	send_frames(s, 3, frame, len);
}

/* Right in form: an event whose turn it is, that cannot be taken as it is. */
static void send_event(void *s, int seed, unsigned id)
{
	static const char *const topics[] = {
		"a.b", "a.b/",	 "/x",	     "",
		"a b", "a.b/\n", "a.b/\x80", "a.b/\xff\xfe",
	};
	static const char *const data[] = {
		"{",	       "",     "1e",   "{\"a\":1,\"a\":2}",
		"\"\\u0000\"", "\x80", "[[[[", "nul",
		"\"\n\"",      "1 2",
	};
	const char *topic = topics[rand() % 8], *json = data[rand() % 10];
	char attrs[160];

	snprintf(attrs, sizeof(attrs),
		 "weir/garbage/%d %u 2026-11-20T21:00:00.000000Z - - - %s",
		 seed, id,
		 rand() % 3 ? "-" : "{\"originid\":7,\"originid\":[]}");
	switch (rand() % 4) {
	case 0: send3(s, big, 300, attrs, json, strlen(json)); break;
	case 1: send3(s, "a.b/\0c", 6, attrs, "1", 1); break;
	case 2: send3(s, "a.b", 3, attrs, big, BIG); break;
	default:
		send3(s, topic, strlen(topic), attrs, json, strlen(json));
		break;
	}
}

/* Messages of the bus with what must not be in them. */
static void send_control(void *s)
{
	static const char *const topics[] = { "$hello",	 "$pos",  "$stats/",
					      "$ack/x/", "$head", "$",
					      "$x y" };
	static const char *const attrs[] = {
		"",
		"-",
		"a",
		"a b",
		"a  ",
		"weir/x/1 nonce nonce nonce",
		"weir/x/1 9b1c04e7 18446744073709551616",
		"weir/x/1 zz 1",
		"weir/x/1 0123456789012345678901234567890123456789 t",
	};
	const char *topic = topics[rand() % 7];

	send3(s, topic, strlen(topic), attrs[rand() % 9], "\xff", 1);
}

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[3]) : 0, seed = n ? atoi(argv[2]) : 0;
	void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, ZMQ_XPUB);
	unsigned id = 0;
	char byte;

	memset(big, '1', sizeof(big));
	srand((unsigned)seed);
	if (n == 0 || zmq_connect(s, argv[1]))
		return 64;
	zmq_recv(s, &byte, 1, 0); /* the store has subscribed: it is there */
	for (int i = 0; i < n; i++) {
		switch (rand() % 3) {
		case 0: send_noise(s); break;
		case 1: send_control(s); break;
		default: send_event(s, seed, ++id); break;
		}
	}
	zmq_close(s);
	zmq_ctx_term(ctx);
	return 0;
}
