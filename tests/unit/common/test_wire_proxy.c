#include "common/wire_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const struct http_proxy http = { .url = "http://proxy:3128" };
static const struct http_proxy socks = { .url = "socks5h://[::1]:1080" };
static const struct http_proxy known = { .url = "socks5://10.0.0.1",
					 .user = "ann",
					 .password = "pw" };

#define BYTES(s) ((struct str){ s, sizeof(s) - 1 })

static void said(struct buf *out, struct str want)
{
	assert_int_equal(out->len, want.len);
	assert_memory_equal(out->p, want.p, want.len);
	buf_reset(out);
}

/* The answer byte by byte: nothing is decided before it is all there. */
static enum wire_proxy_result feed(struct wire_proxy *p, struct str in,
				   struct buf *out, const char **why_r)
{
	enum wire_proxy_result r = WIRE_PROXY_MORE;
	size_t used, at = 0;

	for (size_t n = 1; at + n <= in.len && r == WIRE_PROXY_MORE;) {
		r = wire_proxy_read(p, (struct str){ in.p + at, n }, &used, out,
				    why_r);
		at += used;
		n = used ? 1 : n + 1;
	}
	return r;
}

static void urls_say_where_a_proxy_is(void **state)
{
	static const struct {
		const char *url, *host;
		unsigned port;
		bool tls, socks;
	} t[] = {
		{ "http://a:1", "a", 1, false, false },
		{ "https://a.b", "a.b", 443, true, false },
		{ "socks5://127.0.0.1:9/", "127.0.0.1", 9, false, true },
		{ "socks5h://[2001:db8::1]:77", "2001:db8::1", 77, false,
		  true },
		{ "socks5h://[::1]", "::1", 1080, false, true },
		{ "ftp://a:1", NULL, 0, false, false },
		{ "http://a:0", NULL, 0, false, false },
		{ "http://a:70000", NULL, 0, false, false },
		{ "http://", NULL, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct http_proxy conf = { .url = t[i].url };
		struct wire_proxy p;
		const char *why = wire_proxy_init(&p, &conf, "x", 1);

		assert_true(!why == !!t[i].host);
		if (why)
			continue;
		assert_string_equal(p.host, t[i].host);
		assert_int_equal(p.port, t[i].port);
		assert_int_equal(p.tls, t[i].tls);
		assert_int_equal(p.socks, t[i].socks);
	}
}

static void connect_is_asked_for_with_credentials(void **state)
{
	const struct http_proxy conf = { .url = "http://p:1",
					 .user = "ann",
					 .password = "p:w" };
	struct wire_proxy p;
	struct buf out = { 0 };

	(void)state;
	assert_null(wire_proxy_init(&p, &conf, "2001:db8::1", 443));
	wire_proxy_begin(&p, &out);
	said(&out, STR("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n"
		       "Host: [2001:db8::1]:443\r\n"
		       "Proxy-Authorization: Basic YW5uOnA6dw==\r\n\r\n"));
	buf_free(&out);
}

static size_t from_hex(struct str hex, char *out)
{
	for (size_t i = 0; i + 1 < hex.len; i += 2) {
		char two[] = { hex.p[i], hex.p[i + 1], '\0' };

		out[i / 2] = (char)strtoul(two, NULL, 16);
	}
	return hex.len / 2;
}

static enum wire_proxy_result answered(const struct http_proxy *conf,
				       struct str in, bool at_once)
{
	struct wire_proxy p;
	struct buf out = { 0 };
	enum wire_proxy_result r = WIRE_PROXY_MORE;
	const char *why;
	size_t used;

	assert_null(wire_proxy_init(&p, conf, "x", 1));
	wire_proxy_begin(&p, &out);
	if (!at_once)
		r = feed(&p, in, &out, &why);
	else
		do {
			r = wire_proxy_read(&p, in, &used, &out, &why);
			in = str_sub(in, used, in.len);
		} while (r == WIRE_PROXY_MORE && used);
	buf_free(&out);
	return r;
}

static bool judge(const struct json *c, void *ctx)
{
	static const char *const names[] = { "more", "open", "failed",
					     "no-route" };
	struct str proxy = cases_str(c, "proxy");
	struct str in = cases_str(c, "answer");
	const struct http_proxy *conf = str_is(proxy, "login")	 ? &known
					: str_is(proxy, "socks") ? &socks
								 : &http;
	char bytes[256];

	(void)ctx;
	if (!in.p)
		in = (struct str){ bytes,
				   from_hex(cases_str(c, "bytes"), bytes) };
	for (int at_once = 0; at_once < 2; at_once++) {
		const char *got = names[answered(conf, in, at_once)];

		if (!str_is(cases_str(c, "want"), got)) {
			print_message("# got %s\n", got);
			return false;
		}
	}
	return true;
}

static void answers_are_told_apart_in_any_pieces(void **state)
{
	struct cases_count count =
		cases_run("tests/fixtures/wire", "proxy.jsonl", judge, NULL);

	(void)state;
	assert_true(count.n > 20);
	assert_int_equal(count.good, count.n);
}

static void an_answer_to_connect_has_an_end(void **state)
{
	static char endless[WIRE_PROXY_HEAD_MAX + 5];
	struct str in = { endless, sizeof(endless) };
	struct buf out = { 0 };
	struct wire_proxy p;
	const char *why;
	size_t used;

	(void)state;
	assert_null(wire_proxy_init(&p, &http, "x", 1));
	memset(endless, 'x', sizeof(endless));
	memcpy(endless, "HTTP/1.1 200 ", 13);
	assert_int_equal(wire_proxy_read(&p, in, &used, &out, &why),
			 WIRE_PROXY_FAILED);
	/* Also where the end, behind the limit, came in the same piece. */
	memcpy(endless + sizeof(endless) - 4, "\r\n\r\n", 4);
	assert_int_equal(wire_proxy_read(&p, in, &used, &out, &why),
			 WIRE_PROXY_FAILED);
	/* What comes behind it is the host's. */
	assert_int_equal(wire_proxy_read(&p, STR("HTTP/1.1 200 \r\n\r\nhi"),
					 &used, &out, &why),
			 WIRE_PROXY_OPEN);
	assert_int_equal(used, 17);
	buf_free(&out);
}

static void socks_is_greeted_and_asked(void **state)
{
	struct wire_proxy p;
	struct buf out = { 0 };
	const char *why;

	(void)state;
	assert_null(wire_proxy_init(&p, &socks, "chat.example", 258));
	wire_proxy_begin(&p, &out);
	said(&out, BYTES("\5\1\0"));
	assert_int_equal(feed(&p, BYTES("\5\0"), &out, &why), WIRE_PROXY_MORE);
	said(&out, BYTES("\5\1\0\3\14chat.example\1\2"));
	assert_int_equal(feed(&p, BYTES("\5\0\0\1\0\0\0\0\0\0"), &out, &why),
			 WIRE_PROXY_OPEN);
	/* Whatever form its own address has. */
	assert_int_equal(feed(&p, BYTES("\5\0\0\3\2ab\0\0"), &out, &why),
			 WIRE_PROXY_OPEN);
	buf_free(&out);
}

static void socks_takes_a_login_and_addresses(void **state)
{
	struct wire_proxy p;
	struct buf out = { 0 };
	const char *why;

	(void)state;
	assert_null(wire_proxy_init(&p, &known, "192.0.2.7", 80));
	wire_proxy_begin(&p, &out);
	said(&out, BYTES("\5\2\0\2"));
	assert_int_equal(feed(&p, BYTES("\5\2"), &out, &why), WIRE_PROXY_MORE);
	said(&out, BYTES("\1\3ann\2pw"));
	assert_int_equal(feed(&p, BYTES("\1\0"), &out, &why), WIRE_PROXY_MORE);
	said(&out, BYTES("\5\1\0\1\300\0\2\7\0\120"));
	assert_int_equal(feed(&p, BYTES("\5\5"), &out, &why),
			 WIRE_PROXY_NO_ROUTE);
	assert_string_equal(why, "connection refused");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_say_where_a_proxy_is),
		cmocka_unit_test(connect_is_asked_for_with_credentials),
		cmocka_unit_test(answers_are_told_apart_in_any_pieces),
		cmocka_unit_test(an_answer_to_connect_has_an_end),
		cmocka_unit_test(socks_is_greeted_and_asked),
		cmocka_unit_test(socks_takes_a_login_and_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
