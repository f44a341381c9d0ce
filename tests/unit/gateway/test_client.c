/* weir.v1: what clients say, and what they are told. */
#include "cmd/gateway/client.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{ "", "bad-json" },
		{ "x", "bad-json" },
		{ "{\"ping\":1", "bad-json" },
		{ "{\"ping\":1}{}", "bad-json" },
		{ "{\"ping\":1,\"ping\":2}", "bad-json" },
		{ "{\"subscribe\":[\"a\\u0000b\"]}", "bad-json" },
		{ "{\"ping\":\"\xff\"}", "bad-json" },
		{ "[]", "bad-message" },
		{ "1", "bad-message" },
		{ "{}", "bad-message" },
		{ "{\"hello\":1}", "bad-message" },
		{ "{\"ping\":1,\"more\":2}", "bad-message" },
		{ "{\"ping\":1,\"subscribe\":[\"a.b\"]}", "bad-message" },
		{ "{\"since\":\"9b1c04e7:1\"}", "bad-message" },
		{ "{\"ping\":1,\"since\":\"9b1c04e7:1\"}", "bad-message" },
		{ "{\"unsubscribe\":[\"a.b\"],\"last\":true}", "bad-message" },
		{ "{\"subscribe\":[\"a.b\"],\"last\":1}", "bad-message" },
		{ "{\"subscribe\":[\"a.b\"],\"presence\":1}", "bad-message" },
		{ "{\"ping\":1,\"presence\":true}", "bad-message" },
		{ "{\"subscribe\":\"a\"}", "bad-pattern" },
		{ "{\"subscribe\":[]}", "bad-pattern" },
		{ "{\"subscribe\":[1]}", "bad-pattern" },
		{ "{\"subscribe\":[\"a b\"]}", "bad-pattern" },
		{ "{\"subscribe\":[\"$head\"]}", "bad-pattern" },
		{ "{\"subscribe\":[\"a.b\"],\"since\":1}", "bad-position" },
		{ "{\"subscribe\":[\"a.b\"],\"since\":\"1\"}", "bad-position" },
		{ "{\"subscribe\":[\"a.b\"],\"since\":\"90\"}",
		  "bad-position" },
		{ "{\"subscribe\":[\"a.b\"],\"since\":\"soon\"}",
		  "bad-position" },
		{ "{\"subscribe\":[\"a.b\"],\"since\":null}", "bad-position" },
		{ "{\"subscribe\":[\"a.b\"],\"filter\":1}", "bad-filter" },
		{ "{\"ping\":1,\"filter\":\"v == 1\"}", "bad-message" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct client_command cmd;
		struct client_error e = { 0 };
		struct arena a = { 0 };

		if (client_parse(str_from(rows[i].text), &a, &cmd, &e))
			fail_msg("%s: taken", rows[i].text);
		if (strcmp(e.code, rows[i].code) != 0 || !*e.message)
			fail_msg("%s: want %s, got %s (%s)", rows[i].text,
				 rows[i].code, e.code, e.message);
		arena_free(&a);
	}
}

static void subscribe_carries_patterns_position_and_last(void **state)
{
	struct client_command cmd;
	struct client_error e;
	struct arena a = { 0 };

	(void)state;
	assert_true(client_parse(
		STR(" {\"last\":true,\"subscribe\":[\"price.update/\",\"\","
		    "\"caf\\u00e9.x\"],\"since\":\"9b1c04e7:88213\","
		    "\"filter\":\"a == \\\"b\\\"\"}\n"),
		&a, &cmd, &e));
	assert_int_equal(cmd.verb, CLIENT_SUBSCRIBE);
	assert_int_equal(cmd.n, 3);
	assert_true(str_is(cmd.pattern[0], "price.update/"));
	assert_true(str_is(cmd.pattern[1], ""));
	assert_true(str_is(cmd.pattern[2], "caf\xc3\xa9.x"));
	assert_true(cmd.last);
	assert_true(str_is(cmd.since, "9b1c04e7:88213"));
	assert_true(str_is(cmd.filter, "a == \"b\""));
	arena_free(&a);
}

static void too_many_patterns_are_refused(void **state)
{
	struct client_command cmd;
	struct client_error e;
	struct arena a = { 0 };
	struct buf b = { 0 };

	(void)state;
	for (int n = PATTERNS_MAX; n <= PATTERNS_MAX + 1; n++) {
		buf_reset(&b);
		buf_puts(&b, "{\"subscribe\":[");
		for (int i = 0; i < n; i++)
			buf_addf(&b, "%s\"t.n/%d\"", i ? "," : "", i);
		buf_puts(&b, "]}");
		assert_int_equal(client_parse(buf_str(&b), &a, &cmd, &e),
				 n == PATTERNS_MAX);
	}
	assert_string_equal(e.code, "too-many-subscriptions");
	buf_free(&b);
	arena_free(&a);
}

static void a_ping_may_be_any_small_value(void **state)
{
	static const char *const values[] = { "1", "null", "\"x\"", "[1,2]",
					      "{\"a\":{}}" };
	struct client_command cmd;
	struct client_error e;
	struct arena a = { 0 };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct buf want = { 0 };

		buf_reset(&b);
		buf_addf(&b, "{\"ping\":%s}", values[i]);
		assert_true(client_parse(buf_str(&b), &a, &cmd, &e));
		assert_int_equal(cmd.verb, CLIENT_PING);
		buf_addf(&want, "{\"pong\":%s,\"position\":\"0000000a:7\"}",
			 values[i]);
		client_print_pong(cmd.ping, (struct position){ 10, 7 }, &b);
		assert_string_equal(b.p + strlen("{\"ping\":}") +
					    strlen(values[i]),
				    want.p);
		buf_free(&want);
	}
	buf_reset(&b);
	buf_puts(&b, "{\"ping\":\"");
	for (int i = 0; i < CLIENT_PING_MAX; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\"}");
	assert_false(client_parse(buf_str(&b), &a, &cmd, &e));
	assert_string_equal(e.code, "too-large");
	buf_free(&b);
	arena_free(&a);
}

static void replies_are_json_on_one_line(void **state)
{
	struct patterns p = { 0 };
	struct filters *all = filters_new();
	struct filter *f = filters_get(all, STR("a==\"b\""), NULL);
	struct buf b = { 0 };

	(void)state;
	patterns_add(&p, STR("b/"));
	patterns_add(&p, STR("a\"."));
	client_print_subscribed(&p, (struct position){ 0x9b1c04e7, 5 }, false,
				&b);
	assert_string_equal(b.p, "{\"subscribed\":[\"a\\\".\",\"b/\"],"
				 "\"position\":\"9b1c04e7:5\","
				 "\"recovered\":false}");
	buf_reset(&b);
	patterns_add_filtered(&p, STR("b/"), f);
	client_print_subscribed(&p, (struct position){ 0x9b1c04e7, 5 }, true,
				&b);
	assert_string_equal(b.p,
			    "{\"subscribed\":[\"a\\\".\",\"b/\"],"
			    "\"filters\":{\"b/\":\"a == \\\"b\\\"\"},"
			    "\"position\":\"9b1c04e7:5\",\"recovered\":true}");
	buf_reset(&b);
	client_print_pong(STR("1"), (struct position){ 0, 0 }, &b);
	assert_string_equal(b.p, "{\"pong\":1,\"position\":null}");
	buf_reset(&b);
	client_print_error("bad-json", "a \"b\"\n", &b);
	assert_string_equal(b.p, "{\"error\":{\"code\":\"bad-json\","
				 "\"message\":\"a \\\"b\\\"\\n\"}}");
	patterns_free(&p);
	filter_drop(&f);
	filters_free(&all);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(subscribe_carries_patterns_position_and_last),
		cmocka_unit_test(too_many_patterns_are_refused),
		cmocka_unit_test(a_ping_may_be_any_small_value),
		cmocka_unit_test(replies_are_json_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
