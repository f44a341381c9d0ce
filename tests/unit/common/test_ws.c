/* Frames, handshakes and addresses of WebSockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/ws_frame.h"
#include "common/ws_handshake.h"
#include "common/xmem.h"

enum { MAX = 100000 };

/* A frame of a server: ours without its mask. */
static struct str unmasked(const struct buf *b, size_t payload, char *out)
{
	size_t head = b->len - payload - 4;

	memcpy(out, b->p, head);
	out[1] &= 0x7f;
	memcpy(out + head, b->p + head + 4, payload);
	return (struct str){ out, head + payload };
}

static void frames_of_every_length_come_back(void **state)
{
	static const size_t lengths[] = { 0,   1,     125,   126,  127,
					  255, 65535, 65536, 99999 };
	static char payload[MAX], frame[MAX + WS_HEAD_MAX];
	struct ws_frame f;
	const char *why;
	size_t used;

	(void)state;
	memset(payload, 'x', sizeof(payload));
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct str text = { payload, lengths[i] }, in;
		struct buf b = { 0 };

		ws_frame_write(&b, WS_TEXT, text, 0);
		assert_true(b.p[1] & 0x80);
		in = unmasked(&b, text.len, frame);
		for (size_t n = 0; n < in.len; n += n < 20 ? 1 : 997)
			assert_int_equal(ws_frame_read(str_sub(in, 0, n), MAX,
						       &f, &used, &why),
					 WS_FRAME_MORE);
		assert_int_equal(ws_frame_read(in, MAX, &f, &used, &why),
				 WS_FRAME_OK);
		assert_int_equal(used, in.len);
		assert_true(f.final && str_eq(f.payload, text));
		if (text.len)
			assert_int_equal(ws_frame_read(in, text.len - 1, &f,
						       &used, &why),
					 WS_FRAME_BIG);
		buf_free(&b);
	}
}

static void what_is_sent_is_masked(void **state)
{
	const unsigned char mask[4] = { 1, 2, 3, 4 };
	struct buf b = { 0 };
	uint32_t key;

	(void)state;
	memcpy(&key, mask, sizeof(key));
	ws_frame_write(&b, WS_PING, STR("abcde"), key);
	assert_int_equal(b.len, 11);
	assert_memory_equal(b.p, "\x89\x85\x01\x02\x03\x04", 6);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(b.p[6 + i] ^ (char)mask[i & 3], "abcde"[i]);
	buf_free(&b);
}

static void close_codes_are_those_that_may_be_sent(void **state)
{
	static const struct {
		unsigned code;
		bool ok;
	} rows[] = {
		{ 999, false },	 { 1000, true },  { 1003, true },
		{ 1004, false }, { 1005, false }, { 1006, false },
		{ 1007, true },	 { 1014, true },  { 1015, false },
		{ 2999, false }, { 3000, true },  { 4999, true },
		{ 5000, false }, { 0, false },	  { 65535, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char p[3] = { (char)(rows[i].code >> 8), (char)rows[i].code,
			      'x' };
		struct str text;
		unsigned code;

		assert_int_equal(ws_close_read((struct str){ p, 3 }, &code,
					       &text),
				 rows[i].ok);
		assert_int_equal(code, rows[i].code);
	}
}

/* RFC 6455, 1.3 */
static void the_key_is_answered_as_in_the_standard(void **state)
{
	struct wire_url url;
	struct ws_request r = { .url = &url,
				.key = "dGhlIHNhbXBsZSBub25jZQ==" };
	struct str answer =
		STR("HTTP/1.1 101 Switching Protocols\r\n"
		    "upgrade: WebSocket\r\nConnection: x,Upgrade\r\n"
		    "Sec-WebSocket-Accept: "
		    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nrest");
	struct ws_answer a;
	const char *why;

	(void)state;
	for (size_t n = 0; n < answer.len - 4; n++)
		assert_int_equal(ws_answer_read(str_sub(answer, 0, n), false,
						&r, &a, &why),
				 WS_ANSWER_MORE);
	assert_int_equal(ws_answer_read(answer, false, &r, &a, &why),
			 WS_ANSWER_OPEN);
	assert_int_equal(a.head.len, answer.len - 4);
	r.subprotocol = "chat";
	assert_int_equal(ws_answer_read(answer, false, &r, &a, &why),
			 WS_ANSWER_BAD);
}

static void a_request_says_what_it_must(void **state)
{
	static const char *const lines[] = { "Cookie: a=b",
					     "Sec-WebSocket-Key: evil",
					     "host: evil" };
	struct http_headers *h = http_headers_new(lines, 3);
	struct buf b = { 0 };
	struct wire_url url;
	struct ws_request r = { .url = &url,
				.key = "KEY",
				.subprotocol = "chat",
				.user_agent = "weir",
				.headers = h };

	(void)state;
	assert_null(wire_url_parse(STR("wss://Example.org:8443?q=1#f"), &url));
	ws_request_write(&b, &r);
	assert_string_equal(b.p, "GET /?q=1 HTTP/1.1\r\n"
				 "Host: example.org:8443\r\n"
				 "Upgrade: websocket\r\n"
				 "Connection: Upgrade\r\n"
				 "Sec-WebSocket-Key: KEY\r\n"
				 "Sec-WebSocket-Version: 13\r\n"
				 "Sec-WebSocket-Protocol: chat\r\n"
				 "Cookie: a=b\r\n"
				 "User-Agent: weir\r\n\r\n");
	buf_free(&b);
	http_headers_free(&h);
}

static void addresses_are_read(void **state)
{
	static const struct {
		const char *url, *host;
		unsigned port;
		bool tls;
		const char *target;
	} rows[] = {
		{ "ws://a", "a", 80, false, "/" },
		{ "WSS://A.Example/x?y#z", "a.example", 443, true, "/x?y" },
		{ "ws://a:80/", "a", 80, false, "/" },
		{ "ws://[::1]:9/p", "::1", 9, false, "/p" },
		{ "irc://irc.example", "irc.example", 6667, false, "/" },
		{ "ircs://irc.example", "irc.example", 6697, true, "/" },
		{ "ws://10.0.0.1", "10.0.0.1", 80, false, "/" },
	};
	static const char *const bad[] = {
		"",
		"a",
		"http://a",
		"ws://",
		"ws:///x",
		"ws://a:0",
		"ws://a:65536",
		"ws://a:x",
		"ws://a b",
		"ws://u:p@a",
		"ws://[::1",
		"ws://[::1]x",
		"ws://a\r\n",
		"ws://\xc3\xbc",
		"ws://a%2fb",
		"file:///etc",
	};
	struct wire_url u;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(wire_url_parse(str_from(rows[i].url), &u));
		assert_string_equal(u.host, rows[i].host);
		assert_int_equal(u.port, rows[i].port);
		assert_int_equal(u.tls, rows[i].tls);
		assert_true(str_is(u.target, rows[i].target));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!wire_url_parse(str_from(bad[i]), &u))
			fail_msg("%s is no URL", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_every_length_come_back),
		cmocka_unit_test(what_is_sent_is_masked),
		cmocka_unit_test(close_codes_are_those_that_may_be_sent),
		cmocka_unit_test(the_key_is_answered_as_in_the_standard),
		cmocka_unit_test(a_request_says_what_it_must),
		cmocka_unit_test(addresses_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
