/* Who may talk to the gateway: Host, Origin, token, content type. */
#include "cmd/gateway/guard.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const char *const names[] = { "weir.example", "Box.local" };

static void names_have_neither_scheme_nor_port(void **state)
{
	static const char *const good[] = { "weir.example", "box", "192.0.2.1",
					    "[2001:db8::1]" };
	static const char *const bad[] = { "",
					   "http://weir.example",
					   "weir.example:80",
					   "weir.example/",
					   "2001:db8::1",
					   "[2001:db8::1]:80",
					   "a b",
					   "me@box" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(guard_is_host(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(guard_is_host(bad[i]));
}

static void only_loopback_and_configured_hosts_are_served(void **state)
{
	static const struct {
		const char *host;
		bool want;
	} rows[] = {
		{ "localhost", true },
		{ "LOCALHOST:8080", true },
		{ "127.0.0.1", true },
		{ "127.0.0.1:1", true },
		{ "127.0.0.1:65535", true },
		{ "[::1]", true },
		{ "[::1]:8080", true },
		{ "weir.example", true },
		{ "WEIR.example:443", true },
		{ "box.local", true },
		{ "", false },
		{ NULL, false },
		{ ":8080", false },
		{ "localhost:", false },
		{ "localhost:0", false },
		{ "localhost:65536", false },
		{ "localhost:80x", false },
		{ "localhost:8080:8080", false },
		{ "localhost.", false },
		{ "localhost.evil.example", false },
		{ "evil.example", false },
		{ "evil.example#localhost", false },
		{ "user@localhost", false },
		{ "127.0.0.1.evil.example", false },
		{ "127.0.0.2", false },
		{ "0.0.0.0", false },
		{ "::1", false },
		{ "[::1", false },
		{ "[::1]x", false },
		{ "[::2]", false },
		{ "weir.example.evil", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (guard_host(str_from(rows[i].host), names,
			       ARRAY_LEN(names)) != rows[i].want)
			fail_msg("Host '%s': want %d", rows[i].host,
				 rows[i].want);
}

static void an_origin_must_name_the_host(void **state)
{
	static const struct {
		const char *origin, *scheme, *host;
		bool want;
	} rows[] = {
		{ NULL, NULL, "localhost:8080", true },
		{ "http://localhost:8080", NULL, "localhost:8080", true },
		{ "https://weir.example", NULL, "weir.example", true },
		{ "http://LOCALHOST:8080", NULL, "localhost:8080", true },
		{ "http://localhost", NULL, "localhost:8080", false },
		{ "http://localhost:8081", NULL, "localhost:8080", false },
		{ "http://127.0.0.1:8080", NULL, "localhost:8080", false },
		{ "http://evil.example", NULL, "localhost:8080", false },
		{ "http://localhost:8080.evil.example", NULL, "localhost:8080",
		  false },
		{ "null", NULL, "localhost:8080", false },
		{ "", NULL, "localhost:8080", false },
		{ "file://localhost:8080", NULL, "localhost:8080", false },
		{ "chrome-extension://abc", NULL, "abc", false },
		{ "http://", NULL, "", false },
		/* where it is known how we are reached */
		{ NULL, "https", "weir.example", true },
		{ "https://weir.example", "https", "weir.example", true },
		{ "http://weir.example", "https", "weir.example", false },
		{ "http://weir.example", "http", "weir.example", true },
		{ "https://weir.example", "http", "weir.example", false },
		{ "https://evil.example", "https", "weir.example", false },
		/* a port that need not be said */
		{ "https://weir.example", "https", "weir.example:443", true },
		{ "https://weir.example", NULL, "weir.example:443", true },
		{ "http://weir.example", NULL, "weir.example:80", true },
		{ "http://[::1]", NULL, "[::1]:80", true },
		{ "http://weir.example", NULL, "weir.example:443", false },
		{ "https://weir.example", NULL, "weir.example:80", false },
		{ "https://weir.example", NULL, "weir.example:8443", false },
		{ "https://", NULL, ":443", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (guard_origin(str_from(rows[i].origin),
				 str_from(rows[i].scheme),
				 str_from(rows[i].host)) != rows[i].want)
			fail_msg("Origin '%s' at '%s': want %d", rows[i].origin,
				 rows[i].host, rows[i].want);
}

static bool carries(const char *header, const char *token)
{
	struct buf b = { 0 };
	bool same =
		guard_same(guard_token(str_from(header), &b), str_from(token));

	buf_free(&b);
	return same;
}

static void a_token_comes_as_bearer_or_as_password(void **state)
{
	static const struct {
		const char *header;
		bool want;
	} rows[] = {
		{ "Bearer 0123456789abcdef", true },
		{ "bearer   0123456789abcdef ", true },
		{ "Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVm", true },
		{ "Basic OjAxMjM0NTY3ODlhYmNkZWY=", true },
		{ NULL, false },
		{ "", false },
		{ "Bearer", false },
		{ "Bearer ", false },
		{ "Bearer 0123456789abcdeF", false },
		{ "Bearer 0123456789abcde", false },
		{ "Bearer 0123456789abcdef0", false },
		{ "0123456789abcdef", false },
		{ "Digest 0123456789abcdef", false },
		{ "Basic 0123456789abcdef", false },
		{ "Basic MDEyMzQ1Njc4OWFiY2RlZg==", false }, /* no colon */
		{ "Basic dXNlcjowMTIzNDU2Nzg5YWJjZGV", false },
		{ "Basic ====", false },
		{ "Basic !!!!", false },
	};
	char token[] = "0123456789abcdef";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (carries(rows[i].header, token) != rows[i].want)
			fail_msg("Authorization '%s': want %d", rows[i].header,
				 rows[i].want);
	assert_false(carries("Bearer ", ""));
}

static void only_loopback_addresses_are_loopback(void **state)
{
	(void)state;
	assert_true(guard_is_loopback("127.0.0.1"));
	assert_true(guard_is_loopback("127.8.9.1"));
	assert_true(guard_is_loopback("::1"));
	assert_false(guard_is_loopback("0.0.0.0"));
	assert_false(guard_is_loopback("::"));
	assert_false(guard_is_loopback("192.168.0.1"));
	assert_false(guard_is_loopback("::ffff:127.0.0.1"));
	assert_false(guard_is_loopback("localhost"));
}

static void a_body_is_what_its_type_says(void **state)
{
	static const struct {
		const char *type;
		enum guard_body want;
	} cases[] = {
		{ "application/json", GUARD_BODY_JSON },
		{ "Application/JSON; charset=utf-8", GUARD_BODY_JSON },
		{ "application/cloudevents+json", GUARD_BODY_CLOUDEVENT },
		{ "Application/CloudEvents+JSON ; Charset=\"UTF-8\"",
		  GUARD_BODY_CLOUDEVENT },
		{ "application/cloudevents-batch+json; charset=utf-8",
		  GUARD_BODY_CLOUDEVENT_BATCH },
		{ "application/cloudevents-batch+json;x=y",
		  GUARD_BODY_CLOUDEVENT_BATCH },
		{ "application/cloudevents+json; charset=utf-16",
		  GUARD_BODY_OTHER },
		{ "application/cloudevents+json; charset", GUARD_BODY_OTHER },
		{ "application/cloudevents+xml", GUARD_BODY_OTHER },
		{ "application/cloudevents", GUARD_BODY_OTHER },
		{ "text/plain", GUARD_BODY_OTHER },
		{ "application/jsonx", GUARD_BODY_OTHER },
		{ "text/plain; application/json", GUARD_BODY_OTHER },
		{ "application/x-www-form-urlencoded", GUARD_BODY_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (guard_body(str_from(cases[i].type)) != cases[i].want)
			fail_msg("%s", cases[i].type);
	assert_int_equal(guard_body((struct str){ 0 }), GUARD_BODY_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_neither_scheme_nor_port),
		cmocka_unit_test(only_loopback_and_configured_hosts_are_served),
		cmocka_unit_test(an_origin_must_name_the_host),
		cmocka_unit_test(a_token_comes_as_bearer_or_as_password),
		cmocka_unit_test(only_loopback_addresses_are_loopback),
		cmocka_unit_test(a_body_is_what_its_type_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
