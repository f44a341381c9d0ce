/*
 * soak - clients that come and go, on every transport, and miss nothing.
 *
 *	soak [-c CLIENTS] [-t SECONDS] [-r EVENTS/S] [-s SEED] PORT PID COMMAND
 *
 * COMMAND takes events to publish, one on each line (weir-pub). Events have
 * numbers that rise by one in each topic. Every client follows one topic for
 * the whole run, over many connections, each a WebSocket, a stream or a poll,
 * from the position where the last one has ended: it must see every number
 * once, in order. Some stop reading for a while. At the end all must have seen
 * the last. Once the gateway, PID, is upgraded in place. Meanwhile it may not grow; afterwards it has nothing
 * of theirs, and what comes and goes then leaves no memory and no descriptor.
 *
 * Prints TAP. Exits with 0 if all went well.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clk.h"
#include "common/event.h"
#include "common/json.h"
#include "common/xmem.h"

#include "checks.h"
#include "outside.h"

enum {
	TOPICS = 8,
	PAD = 700, /* bytes that say nothing, in each event */
	READ_SIZE = 64 << 10,
	SMALL_WINDOW = 8 << 10, /* bytes: who reads slowly is choked soon */
	LIFE_MIN_MS = 300,
	LIFE_MAX_MS = 6000,
	REST_MAX_MS = 1500,
	STALL_MAX_MS = 9000,
	END_MS = 120 * 1000, /* for all to see the last event */
	RENEWED = 10,  /* part of the time after which the gateway is new */
	CLIENT_KB = 8, /* memory that a client may take, those stuck as well */
	HELD_KB = 32 << 10,  /* answers to polls, when the machine is busy */
	RINGS_KB = 16 << 10, /* what all share */
	RINGS_FULL_S = 100,  /* when they have what they may have */
	FLAT_KB = 1 << 10, /* by which the second half may be above the first */
};

enum transport { WEBSOCKET, SSE, POLL, TRANSPORTS };
static const char *const transport_names[] = { "websocket", "sse", "poll" };

struct client {
	int fd;
	unsigned index, topic;
	enum transport transport;
	bool has_head, has_position, stalled, over;
	int64_t due_ms; /* to end, to begin, or to read again */
	int64_t end_ms;
	struct position pos;
	uint64_t seen; /* number; 0: none yet */
	struct buf in;
};

static struct {
	unsigned clients, seconds, rate;
	uint16_t port;
	int pid;
} opt = { .clients = 300, .seconds = 15, .rate = 100 };

static struct client *clients;
static int ep;
static FILE *publisher;
static uint64_t seed = 1, published[TOPICS];
static uint64_t events, connections[TRANSPORTS], refused, stalls, faults;
static bool ending;

static uint64_t pick(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

/* Something that must not be: told, the first few times. */
static void __attribute__((format(printf, 2, 3)))
fault(const struct client *c, const char *fmt, ...)
{
	va_list ap;

	if (++faults > 20)
		return;
	printf("# client %u, %s: ", c->index, transport_names[c->transport]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

/* ---- what comes ---- */

static void take_event(struct client *c, struct str json)
{
	struct str data, value, digits;
	uint64_t n = 0, offset = 0;

	events++;
	if (!json_get(json, "data", &data) || !json_get(data, "n", &value) ||
	    !str_u64(value, &n) || !json_get(json, "offset", &digits) ||
	    !str_u64(str_sub(digits, 1, digits.len - 1), &offset)) {
		fault(c, "not an event: %.*s",
		      (int)(json.len < 200 ? json.len : 200), json.p);
		return;
	}
	if (c->seen && n != c->seen + 1)
		fault(c, "%llu after %llu", (unsigned long long)n,
		      (unsigned long long)c->seen);
	if (offset <= c->pos.offset)
		fault(c, "offset %llu after %llu", (unsigned long long)offset,
		      (unsigned long long)c->pos.offset);
	c->seen = n;
	c->pos.offset = offset;
}

static void take_position(struct client *c, struct str json, const char *name)
{
	struct str value;
	struct position pos;

	if (json_get(json, "recovered", &value) && !str_is(value, "true"))
		fault(c, "not recovered");
	if (!json_get(json, name, &value) ||
	    !position_parse(str_sub(value, 1, value.len - 1), &pos))
		return;
	c->pos = pos;
	c->has_position = true;
}

/* A message of weir.v1, or the data of a block. */
static void take_message(struct client *c, struct str json)
{
	struct str value;

	if (json_check(json, 0, NULL))
		fault(c, "no JSON");
	else if (json_get(json, "subscribed", &value))
		take_position(c, json, "position");
	else if (str_find(json, STR("\"unavailable\"")) != (size_t)-1)
		c->over = true; /* it has just begun; later, then */
	else if (json_get(json, "error", &value))
		fault(c, "%.*s", (int)json.len, json.p);
	else
		take_event(c, json);
}

static void say(const struct client *c, const void *p, size_t n)
{
	/* A connection that has ended shows when it is read. */
	if (send(c->fd, p, n, MSG_NOSIGNAL) < 0)
		return;
}

/* Bytes taken, 0 where the frame is not whole. -1: it is over. */
static int take_frame(struct client *c, struct str in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t head = 2, len;

	if (in.len < 4)
		return 0;
	len = p[1];
	if (len == 126) {
		len = (size_t)(p[2] << 8 | p[3]);
		head = 4;
	} else if (len == 127) {
		fault(c, "a frame of more than 64 KiB");
		return -1;
	}
	if (in.len < head + len)
		return 0;
	if (p[0] == 0x88)
		return -1;
	if (p[0] == 0x89)
		outside_frame(c->fd, 10, str_sub(in, head, head + len));
	else if (p[0] == 0x81)
		take_message(c, str_sub(in, head, head + len));
	else
		fault(c, "a frame that begins with %x", p[0]);
	return (int)(head + len);
}

static int take_block(struct client *c, struct str in)
{
	size_t end = str_find(in, STR("\n\n"));
	struct str rest, line;

	if (end == (size_t)-1)
		return 0;
	rest = str_sub(in, 0, end);
	while (rest.p) {
		line = str_cut(rest, '\n', &rest);
		if (str_starts(line, STR("data: ")))
			take_message(c, str_sub(line, 6, line.len));
	}
	return (int)end + 2;
}

static const char *filter_of(const struct client *c);
static void ask_poll(const struct client *c);

static int take_answer(struct client *c, struct str in)
{
	size_t end = str_find(in, STR("\r\n\r\n")), at;
	struct str body, rest, list = { 0 };
	struct json_iter it;
	uint64_t len;

	if (end == (size_t)-1)
		return 0;
	at = str_find(str_sub(in, 0, end + 2), STR("Content-Length: "));
	if (at == (size_t)-1)
		return -1;
	rest = str_sub(in, at + 16, end + 2);
	if (!str_u64(str_cut(rest, '\r', &rest), &len))
		return -1;
	body = str_sub(in, end + 4, in.len);
	if (body.len < len)
		return 0;
	body = str_sub(body, 0, (size_t)len);
	if (!str_starts(in, STR("HTTP/1.1 200 "))) {
		refused++;
		return -1;
	}
	body = json_trim(body);
	if (json_check(body, 0, NULL) || !json_get(body, "events", &list))
		fault(c, "not an answer");
	it = json_iter(list);
	while (json_next(&it))
		take_event(c, it.value);
	take_position(c, body, "next");
	if (c->end_ms > clk_mono_ms())
		ask_poll(c);
	return (int)(end + 4 + len);
}

/* The head of a WebSocket or a stream. */
static int take_head(struct client *c, struct str in)
{
	size_t end = str_find(in, STR("\r\n\r\n"));

	if (end == (size_t)-1)
		return 0;
	if (!str_starts(in, c->transport == WEBSOCKET ? STR("HTTP/1.1 101 ")
						      : STR("HTTP/1.1 200 "))) {
		refused++;
		return -1;
	}
	c->has_head = true;
	if (c->transport == WEBSOCKET) {
		char text[256], pos[POSITION_TEXT_MAX];
		int n = snprintf(text, sizeof(text),
				 "{\"subscribe\":[\"soak.n/%u\"]", c->topic);

		if (c->has_position)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
				      ",\"since\":\"%s\"",
				      position_format(c->pos, pos));
		if (*filter_of(c))
			n += snprintf(text + n, sizeof(text) - (size_t)n,
				      ",\"filter\":\"n>0\"");
		snprintf(text + n, sizeof(text) - (size_t)n, "}");
		outside_frame(c->fd, 1, str_from(text));
	}
	return (int)end + 4;
}

/* ---- connections ---- */

/* Half of them ask with a filter, which lets all through. */
static const char *filter_of(const struct client *c)
{
	return c->index / TOPICS % 2 ? "&filter=n%3E0" : "";
}

static void ask_poll(const struct client *c)
{
	char text[512], pos[POSITION_TEXT_MAX];
	int n = snprintf(text, sizeof(text),
			 "GET /api/v1/events?topic=soak.n/%u&wait=3&limit=1000"
			 "%s&since=%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
			 c->topic, filter_of(c), position_format(c->pos, pos));

	say(c, text, (size_t)n);
}

static void ask(const struct client *c)
{
	static const char handshake[] =
		"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
		"Sec-WebSocket-Protocol: weir.v1\r\n\r\n";
	char text[512], pos[POSITION_TEXT_MAX];
	int n;

	if (c->transport == WEBSOCKET) {
		say(c, handshake, sizeof(handshake) - 1);
	} else if (c->transport == POLL) {
		ask_poll(c);
	} else {
		n = snprintf(text, sizeof(text),
			     "GET /api/v1/events/stream?topic=soak.n/%u%s "
			     "HTTP/1.1\r\nHost: localhost\r\n",
			     c->topic, filter_of(c));
		if (c->has_position)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
				      "Last-Event-ID: %s\r\n",
				      position_format(c->pos, pos));
		n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
		say(c, text, (size_t)n);
	}
}

static void come(struct client *c)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int64_t now_ms = clk_mono_ms();
	int small = SMALL_WINDOW;

	/* A poll needs a position to begin from. */
	c->transport =
		(enum transport)pick(c->has_position ? TRANSPORTS : POLL);
	c->has_head = c->transport == POLL;
	c->over = false;
	c->fd = outside_socket(c->index);
	if (c->fd < 0) {
		perror("soak: bind");
		exit(1);
	}
	c->stalled = !ending && c->has_position && pick(8) == 0;
	if (c->stalled)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons(opt.port);
	c->due_ms = now_ms + REST_MAX_MS;
	if (connect(c->fd, (struct sockaddr *)&at, sizeof(at))) {
		refused++;
		close(c->fd);
		c->fd = -1;
		return;
	}
	connections[c->transport]++;
	c->end_ms = now_ms + LIFE_MIN_MS + (int64_t)pick(LIFE_MAX_MS);
	if (ending)
		c->end_ms += END_MS;
	c->due_ms = c->end_ms;
	if (c->stalled) {
		stalls++;
		c->due_ms = now_ms + (int64_t)pick(STALL_MAX_MS);
		c->end_ms += c->due_ms - now_ms;
		e.events = 0;
	}
	epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
	ask(c);
}

/* Half of them with a reset, in whatever they were in. */
static void go(struct client *c)
{
	struct linger hard = { 1, 0 };

	if (pick(2))
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(c->fd);
	c->fd = -1;
	buf_free(&c->in);
	c->due_ms = clk_mono_ms() + (ending ? 0 : (int64_t)pick(REST_MAX_MS));
}

static void take(struct client *c)
{
	char *to = buf_reserve(&c->in, READ_SIZE);
	ssize_t n = recv(c->fd, to, READ_SIZE, MSG_DONTWAIT);
	int took = 1;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		go(c);
		c->due_ms = clk_mono_ms() + (int64_t)pick(REST_MAX_MS);
		return;
	}
	c->in.len += (size_t)n;
	while (took > 0 && c->in.len) {
		struct str in = buf_str(&c->in);

		took = !c->has_head		   ? take_head(c, in)
		       : c->transport == WEBSOCKET ? take_frame(c, in)
		       : c->transport == SSE	   ? take_block(c, in)
						   : take_answer(c, in);
		if (took > 0)
			buf_consume(&c->in, (size_t)took);
		if (c->over)
			took = -1;
	}
	if (took < 0) {
		go(c);
		c->due_ms = clk_mono_ms() + (int64_t)pick(REST_MAX_MS);
	} else if (c->in.len == 0) {
		buf_free(&c->in);
	}
}

/* Whatever a client's time has come for. */
static void turn(struct client *c, int64_t now_ms)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	if (c->due_ms > now_ms)
		return;
	if (c->fd < 0) {
		come(c);
	} else if (c->stalled) {
		c->stalled = false;
		c->due_ms = c->end_ms;
		epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
	} else {
		go(c);
	}
}

/* ---- all of it ---- */

static void publish(unsigned n)
{
	static const char pad[PAD + 1] = { 0 };
	static char text[PAD + 1];

	if (!text[0])
		memset(text, 'x', sizeof(pad) - 1);
	for (unsigned i = 0; i < n; i++) {
		unsigned topic = (unsigned)pick(TOPICS);

		fprintf(publisher,
			"{\"type\":\"soak.n\",\"subject\":\"%u\",\"data\":"
			"{\"n\":%llu,\"pad\":\"%s\"}}\n",
			topic, (unsigned long long)++published[topic], text);
	}
	fflush(publisher);
}

static void wait_and_take(void)
{
	struct epoll_event ev[256];
	int n = epoll_wait(ep, ev, 256, 10);

	for (int i = 0; i < n; i++) {
		struct client *c = ev[i].data.ptr;

		if (c->fd >= 0)
			take(c);
	}
}

static void turn_all(void)
{
	int64_t now_ms = clk_mono_ms();

	for (unsigned i = 0; i < opt.clients; i++)
		turn(&clients[i], now_ms);
}

static unsigned behind(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < opt.clients; i++)
		n += clients[i].seen != published[clients[i].topic];
	return n;
}

/* What the gateway has at most in the first half, and in the second. */
static void run(unsigned long most[2])
{
	int64_t begin_ms = clk_mono_ms(), last_ms = 0;
	int64_t end_ms = begin_ms + (int64_t)opt.seconds * 1000;
	uint64_t all = 0;
	bool renewed = false;

	while (clk_mono_ms() < end_ms) {
		int64_t passed = clk_mono_ms() - begin_ms;
		uint64_t want = (uint64_t)passed * opt.rate / 1000;
		int half = passed * 2 >= (int64_t)opt.seconds * 1000;

		if (!renewed && passed * RENEWED >= (int64_t)opt.seconds * 1000)
			renewed = kill(opt.pid, SIGUSR2) == 0;
		publish((unsigned)(want - all));
		all = want;
		wait_and_take();
		turn_all();
		if (passed - last_ms >= 500) {
			unsigned long kb = outside_memory(opt.pid);

			last_ms = passed;
			most[half] = kb > most[half] ? kb : most[half];
		}
	}
}

static bool all_have_begun(void)
{
	for (unsigned i = 0; i < opt.clients; i++)
		if (!clients[i].has_position)
			return false;
	return true;
}

/* No more comes: everybody stays until it has seen the last. */
static unsigned settle(void)
{
	int64_t end_ms = clk_mono_ms() + END_MS;

	/* Who comes after the last event would wait for one in vain. */
	while (!all_have_begun() && clk_mono_ms() < end_ms) {
		wait_and_take();
		turn_all();
	}
	publish(TOPICS * 20);
	pclose(publisher); /* when all is durable */
	ending = true;
	for (unsigned i = 0; i < opt.clients; i++)
		clients[i].end_ms += END_MS;
	end_ms = clk_mono_ms() + END_MS;
	while (behind() && clk_mono_ms() < end_ms) {
		wait_and_take();
		turn_all();
	}
	return behind();
}

static void parse(int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "c:t:r:s:")) != -1)
		switch (o) {
		case 'c': opt.clients = (unsigned)atoi(optarg); break;
		case 't': opt.seconds = (unsigned)atoi(optarg); break;
		case 'r': opt.rate = (unsigned)atoi(optarg); break;
		case 's': seed = (uint64_t)atoll(optarg); break;
		default: exit(64);
		}
	if (argc - optind != 3)
		exit(64);
	opt.port = (uint16_t)atoi(argv[optind]);
	opt.pid = atoi(argv[optind + 1]);
	publisher = popen(argv[optind + 2], "w");
}

int main(int argc, char **argv)
{
	unsigned long most[2] = { 0, 0 }, base, filling;
	unsigned files, late;

	signal(SIGPIPE, SIG_IGN);
	parse(argc, argv);
	filling = opt.seconds < 2 * RINGS_FULL_S ? RINGS_KB : 0;
	files = outside_files(opt.pid);
	base = outside_memory(opt.pid);
	outside_allow_files();
	ep = epoll_create1(EPOLL_CLOEXEC);
	clients = xcalloc(opt.clients, sizeof(*clients));
	for (unsigned i = 0; i < opt.clients; i++)
		clients[i] = (struct client){
			.fd = -1,
			.index = i,
			.topic = i % TOPICS,
			.due_ms = clk_mono_ms() + (int64_t)pick(1000),
		};
	run(most);
	late = settle();
	for (unsigned i = 0; i < opt.clients; i++)
		if (clients[i].fd >= 0)
			close(clients[i].fd);
	result(faults == 0, "%llu events, each once and in order (%llu faults)",
	       (unsigned long long)events, (unsigned long long)faults);
	result(late == 0, "%u clients have seen the last (%u have not)",
	       opt.clients, late);
	result(most[1] <= most[0] + FLAT_KB + HELD_KB + filling,
	       "the gateway does not grow: %lu KiB, later %lu", most[0],
	       most[1]);
	result(most[1] <= base + RINGS_KB + HELD_KB + opt.clients * CLIENT_KB,
	       "nor has it more than %d KiB for each: %lu KiB, %lu before",
	       CLIENT_KB, most[1], base);
	check_nothing_left(opt.port);
	check_visits(opt.port, opt.pid);
	check_files(opt.pid, files);
	printf("# connections: %llu WebSockets, %llu streams, %llu polls; "
	       "%llu refused, %llu slow\n1..%d\n",
	       (unsigned long long)connections[WEBSOCKET],
	       (unsigned long long)connections[SSE],
	       (unsigned long long)connections[POLL],
	       (unsigned long long)refused, (unsigned long long)stalls,
	       results());
	return results_bad() > 0;
}
