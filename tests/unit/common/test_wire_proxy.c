#include "common/wire_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/xmem.h"

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

static void answers_to_connect_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum wire_proxy_result want;
	} t[] = {
		{ "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n",
		  WIRE_PROXY_OPEN },
		{ "HTTP/1.0 200 \r\n\r\n", WIRE_PROXY_OPEN },
		{ "HTTP/1.1 407 No\r\n\r\n", WIRE_PROXY_FAILED },
		{ "HTTP/1.1 502 Bad\r\n\r\n", WIRE_PROXY_NO_ROUTE },
		{ "HTTP/1.1 404 Not\r\n\r\n", WIRE_PROXY_FAILED },
		{ "HTTP/1.1 abc\r\n\r\n", WIRE_PROXY_FAILED },
		{ "SSH-2.0-x\r\n\r\n", WIRE_PROXY_FAILED },
		{ "HTTP/1.1 200 half", WIRE_PROXY_MORE },
	};
	struct buf out = { 0 };
	struct wire_proxy p;
	const char *why;
	static char endless[WIRE_PROXY_HEAD_MAX + 1];
	size_t used;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_null(wire_proxy_init(&p, &http, "x", 1));
		wire_proxy_begin(&p, &out);
		assert_int_equal(feed(&p, str_from(t[i].text), &out, &why),
				 t[i].want);
	}
	memset(endless, 'x', sizeof(endless));
	assert_int_equal(
		wire_proxy_read(&p, (struct str){ endless, sizeof(endless) },
				&used, &out, &why),
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

static void what_is_no_socks_is_refused(void **state)
{
	const struct str t[] = {
		BYTES("\4\0"),	     BYTES("HTTP/1.1 400 x"), BYTES("\5\377"),
		BYTES("\5\2"),	     BYTES("\5\0\5\0\0\7\0"), BYTES("\5\0\5\7"),
		BYTES("\5\0\5\143"),
	};
	struct wire_proxy p;
	struct buf out = { 0 };
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_null(wire_proxy_init(&p, &socks, "x", 1));
		wire_proxy_begin(&p, &out);
		assert_int_equal(feed(&p, t[i], &out, &why), WIRE_PROXY_FAILED);
	}
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_say_where_a_proxy_is),
		cmocka_unit_test(connect_is_asked_for_with_credentials),
		cmocka_unit_test(answers_to_connect_are_told_apart),
		cmocka_unit_test(socks_is_greeted_and_asked),
		cmocka_unit_test(socks_takes_a_login_and_addresses),
		cmocka_unit_test(what_is_no_socks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
