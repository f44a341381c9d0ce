/*
 * Whose failure the end of a transfer was. test_http.c has real ends; here is
 * what no server in a test does at will.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>

#include "common/http_end.h"
#include "common/xmem.h"

#define PLAIN "http://proxy:3128"
#define TLS   "https://proxy:3129"
#define SOCKS "socks5h://proxy:1080"

struct end_case {
	struct http_end end;
	enum http_result result;
};

static void judge(const struct end_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum http_result r = http_end_result(&c[i].end);

		if (r != c[i].result)
			fail_msg("case %zu (code %d): %s, want %s", i,
				 c[i].end.code, http_result_name(r),
				 http_result_name(c[i].result));
	}
}

static void without_a_proxy_the_host_has_failed(void **state)
{
	static const struct end_case cases[] = {
		{ { .code = CURLE_OK, .status = 500, .sent = true }, HTTP_OK },
		/* No proxy of ours has said this. */
		{ { .code = CURLE_OK, .status = 407, .sent = true }, HTTP_OK },
		{ { .code = CURLE_OPERATION_TIMEDOUT }, HTTP_TIMEOUT },
		{ { .code = CURLE_COULDNT_RESOLVE_HOST }, HTTP_NO_HOST },
		{ { .code = CURLE_COULDNT_CONNECT }, HTTP_NO_CONNECT },
		{ { .code = CURLE_PEER_FAILED_VERIFICATION }, HTTP_BAD_TLS },
		{ { .code = CURLE_URL_MALFORMAT }, HTTP_REFUSED },
		{ { .code = CURLE_UNSUPPORTED_PROTOCOL }, HTTP_REFUSED },
		{ { .code = CURLE_UNSUPPORTED_PROTOCOL, .sent = true },
		  HTTP_BROKEN },
		/* Where a redirect led. */
		{ { .code = CURLE_UNSUPPORTED_PROTOCOL,
		    .sent = true,
		    .status = 302 },
		  HTTP_REFUSED },
		{ { .code = CURLE_TOO_MANY_REDIRECTS }, HTTP_REDIRECTS },
		{ { .code = CURLE_WRITE_ERROR, .too_large = true },
		  HTTP_TOO_LARGE },
		{ { .code = CURLE_OUT_OF_MEMORY }, HTTP_TOO_LARGE },
		{ { .code = CURLE_PARTIAL_FILE, .sent = true }, HTTP_BROKEN },
		{ { .code = CURLE_COULDNT_CONNECT, .refused = "private" },
		  HTTP_REFUSED },
	};

	(void)state;
	judge(cases, ARRAY_LEN(cases));
}

static void a_proxy_that_does_not_serve_us_is_told_from_its_way(void **state)
{
	static const struct end_case cases[] = {
		{ { .code = CURLE_COULDNT_CONNECT,
		    .refused = "private",
		    .proxy = PLAIN },
		  HTTP_PROXY },
		{ { .code = CURLE_COULDNT_CONNECT, .proxy = PLAIN },
		  HTTP_PROXY },
		{ { .code = CURLE_COULDNT_RESOLVE_PROXY, .proxy = PLAIN },
		  HTTP_PROXY },
		{ { .code = CURLE_OPERATION_TIMEDOUT, .proxy = SOCKS },
		  HTTP_PROXY },
		{ { .code = CURLE_OPERATION_TIMEDOUT,
		    .proxy = SOCKS,
		    .reached = true },
		  HTTP_NO_ROUTE },
		{ { .code = CURLE_RECV_ERROR, .proxy = PLAIN, .tunnel = 407 },
		  HTTP_PROXY },
		{ { .code = CURLE_RECV_ERROR, .proxy = PLAIN, .tunnel = 503 },
		  HTTP_NO_ROUTE },
		{ { .code = CURLE_PROXY,
		    .proxy = SOCKS,
		    .socks = CURLPX_USER_REJECTED },
		  HTTP_PROXY },
		{ { .code = CURLE_PROXY,
		    .proxy = SOCKS,
		    .socks = CURLPX_REPLY_HOST_UNREACHABLE },
		  HTTP_NO_ROUTE },
		{ { .code = CURLE_PROXY,
		    .proxy = SOCKS,
		    .socks = CURLPX_RESOLVE_HOST },
		  HTTP_NO_HOST },
		/* Its own certificate; behind SOCKS there is only the host's. */
		{ { .code = CURLE_PEER_FAILED_VERIFICATION, .proxy = TLS },
		  HTTP_PROXY },
		{ { .code = CURLE_PEER_FAILED_VERIFICATION, .proxy = SOCKS },
		  HTTP_BAD_TLS },
	};

	(void)state;
	judge(cases, ARRAY_LEN(cases));
}

static void what_came_through_is_the_hosts(void **state)
{
	static const struct end_case cases[] = {
		/* Only where the proxy speaks for itself is a 407 its own. */
		{ { .code = CURLE_OK, .status = 407, .proxy = PLAIN },
		  HTTP_PROXY },
		{ { .code = CURLE_OK,
		    .status = 407,
		    .proxy = PLAIN,
		    .https = true,
		    .tunnel = 200 },
		  HTTP_OK },
		{ { .code = CURLE_OK, .status = 407, .proxy = SOCKS },
		  HTTP_OK },
		{ { .code = CURLE_OK, .status = 503, .proxy = PLAIN },
		  HTTP_OK },
		{ { .code = CURLE_RECV_ERROR, .proxy = PLAIN, .sent = true },
		  HTTP_BROKEN },
		{ { .code = CURLE_PEER_FAILED_VERIFICATION,
		    .proxy = TLS,
		    .tunnel = 200 },
		  HTTP_BAD_TLS },
		{ { .code = CURLE_WRITE_ERROR,
		    .proxy = PLAIN,
		    .too_large = true },
		  HTTP_TOO_LARGE },
		{ { .code = CURLE_URL_MALFORMAT, .proxy = TLS }, HTTP_REFUSED },
	};

	(void)state;
	judge(cases, ARRAY_LEN(cases));
}

static void the_reason_is_one_printable_line(void **state)
{
	static const struct {
		struct http_end end;
		const char *reason;
	} cases[] = {
		{ { .code = CURLE_OK, .status = 200, .error = "" }, "" },
		{ { .code = CURLE_OK,
		    .status = 407,
		    .proxy = PLAIN,
		    .error = "" },
		  "the proxy wants other credentials (407)" },
		{ { .code = CURLE_COULDNT_CONNECT,
		    .refused = "a private one",
		    .error = "" },
		  "address is a private one" },
		{ { .code = CURLE_COULDNT_CONNECT,
		    .refused = "a private one",
		    .proxy = PLAIN,
		    .error = "" },
		  "the proxy's address is a private one" },
		{ { .code = CURLE_WRITE_ERROR,
		    .too_large = true,
		    .max_bytes = 1000,
		    .error = "Failed writing received data" },
		  "body of more than 1000 bytes" },
		{ { .code = CURLE_WRITE_ERROR,
		    .too_large = true,
		    .header_bytes = HTTP_HEADERS_MAX + 1,
		    .error = "" },
		  "headers of more than 262144 bytes" },
		{ { .code = CURLE_WRITE_ERROR,
		    .too_large = true,
		    .header_lines = HTTP_HEADER_LINES_MAX + 1,
		    .error = "" },
		  "more than 1000 headers" },
		{ { .code = CURLE_RECV_ERROR, .error = "it\nsaid \x1b[2J" },
		  "it?said ?[2J" },
		{ { .code = CURLE_GOT_NOTHING, .error = "" },
		  "Server returned nothing (no headers, no data)" },
	};
	char text[CURL_ERROR_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
			http_end_reason(&cases[i].end,
					http_end_result(&cases[i].end), text,
					sizeof(text)),
			cases[i].reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_proxy_the_host_has_failed),
		cmocka_unit_test(
			a_proxy_that_does_not_serve_us_is_told_from_its_way),
		cmocka_unit_test(what_came_through_is_the_hosts),
		cmocka_unit_test(the_reason_is_one_printable_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
