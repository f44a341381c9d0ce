/* Who is there, at this gateway and at others; who is told of it, and when. */
#include "cmd/gateway/presence.h"

#include <string.h>

#include "common/xmem.h"

#include "cmd/gateway/names.h"

#include "tests/unit/cases.h"

#define NOBODY       \
	(struct str) \
	{            \
		0    \
	}

static void is_there(struct presence *p, const char *topic, const char *want)
{
	struct buf b = { 0 };

	presence_print(p, str_from(topic), &b);
	if (strcmp(b.p, want) != 0)
		fail_msg("%s: want %s", b.p, want);
	buf_free(&b);
}

static void tells(struct presence *p, int64_t now_ms, const char *want)
{
	struct buf b = { 0 };
	bool any = presence_tell(p, now_ms, &b);

	if (any != (want != NULL) || (any && strcmp(b.p, want) != 0))
		fail_msg("%s: want %s", any ? b.p : "nothing",
			 want ? want : "nothing");
	buf_free(&b);
}

static void users_count_for_each_connection_and_are_named_once(void **state)
{
	struct presence *p = presence_new();

	(void)state;
	is_there(p, "a",
		 "{\"topic\":\"a\",\"count\":0,\"users\":[],"
		 "\"anonymous\":0}");
	presence_join(p, STR("a"), STR("bob"));
	presence_join(p, STR("a"), STR("ann"));
	presence_join(p, STR("a"), STR("bob"));
	presence_join(p, STR("a"), NOBODY);
	presence_join(p, STR("a/"), STR("carl"));
	is_there(p, "a",
		 "{\"topic\":\"a\",\"count\":4,\"users\":[\"ann\","
		 "\"bob\"],\"anonymous\":1}");
	presence_leave(p, STR("a"), STR("bob"));
	presence_leave(p, STR("a"), NOBODY);
	presence_leave(p, STR("a"), NOBODY); /* was never there */
	is_there(p, "a",
		 "{\"topic\":\"a\",\"count\":2,\"users\":[\"ann\","
		 "\"bob\"],\"anonymous\":0}");
	presence_leave(p, STR("a"), STR("bob"));
	presence_leave(p, STR("a"), STR("ann"));
	presence_leave(p, STR("a/"), STR("carl"));
	assert_int_equal(presence_count(p).topics, 0);
	presence_free(&p);
	assert_null(p);
}

static void what_changed_is_told_once_and_all_again_in_time(void **state)
{
	struct presence *p = presence_new();

	(void)state;
	tells(p, 0, NULL);
	presence_join(p, STR("a"), STR("ann"));
	presence_join(p, STR("b"), NOBODY);
	presence_leave(p, STR("b"), NOBODY); /* nobody has heard of it */
	tells(p, 0,
	      "{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":0,"
	      "\"users\":[\"ann\"]}]}");
	tells(p, 1, NULL);
	tells(p, PRESENCE_REFRESH_MS - 1, NULL);
	tells(p, PRESENCE_REFRESH_MS,
	      "{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":0,"
	      "\"users\":[\"ann\"]}]}");
	presence_leave(p, STR("a"), STR("ann"));
	tells(p, PRESENCE_REFRESH_MS,
	      "{\"topics\":[{\"topic\":\"a\",\"count\":0,\"anonymous\":0,"
	      "\"users\":[]}]}");
	assert_int_equal(presence_count(p).topics, 0);
	tells(p, 9 * PRESENCE_REFRESH_MS, NULL);
	presence_free(&p);
}

static void much_is_told_in_several_messages(void **state)
{
	struct presence *p = presence_new();
	struct presence *other = presence_new();
	struct buf b = { 0 };
	char topic[16];
	size_t messages = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(topic, sizeof(topic), "t/%d", i);
		presence_join(p, str_from(topic), STR("ann"));
	}
	while (presence_tell(p, 0, &b)) {
		assert_true(b.len < PRESENCE_MESSAGE_MAX + 1024);
		assert_true(presence_hear(other, STR("x"), buf_str(&b), 0));
		messages++;
	}
	assert_in_range(messages, 2, 20);
	assert_int_equal(presence_count(other).topics, 5000);
	buf_free(&b);
	presence_free(&p);
	presence_free(&other);
}

static void others_are_added_and_forgotten(void **state)
{
	static const char both[] = "{\"topic\":\"a\",\"count\":4,\"users\":["
				   "\"ann\",\"bob\"],\"anonymous\":2}";
	struct presence *p = presence_new();

	(void)state;
	presence_join(p, STR("a"), STR("ann"));
	assert_true(presence_hear(
		p, STR("x"),
		STR("{\"topics\":[{\"topic\":\"a\",\"count\":2,\"anonymous\":1,"
		    "\"users\":[\"bob\"]},{\"topic\":\"c\",\"count\":1,"
		    "\"anonymous\":1,\"users\":[]}]}"),
		0));
	assert_true(presence_hear(
		p, STR("y"),
		STR("{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":1,"
		    "\"users\":[]}]}"),
		9));
	is_there(p, "a", both);
	/* Said again is not added; what is empty is gone. */
	assert_true(presence_hear(
		p, STR("x"),
		STR("{\"topics\":[{\"topic\":\"a\",\"count\":2,\"anonymous\":1,"
		    "\"users\":[\"bob\"]},{\"topic\":\"c\",\"count\":0,"
		    "\"anonymous\":0,\"users\":[]}]}"),
		5));
	is_there(p, "a", both);
	assert_int_equal(presence_count(p).topics, 1);
	presence_expire(p, 5 + PRESENCE_FORGET_MS);
	is_there(p, "a", both);
	presence_expire(p, 6 + PRESENCE_FORGET_MS);
	is_there(p, "a",
		 "{\"topic\":\"a\",\"count\":2,\"users\":[\"ann\"],"
		 "\"anonymous\":1}");
	assert_int_equal(presence_count(p).gateways, 1);
	presence_expire(p, 10 + PRESENCE_FORGET_MS);
	is_there(p, "a",
		 "{\"topic\":\"a\",\"count\":1,\"users\":[\"ann\"],"
		 "\"anonymous\":0}");
	assert_int_equal(presence_count(p).gateways, 0);
	presence_free(&p);
}

static void what_is_no_message_is_not_heard(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"topics\":{}}",
		"{\"topics\":[1]}",
		"{\"topics\":[{\"topic\":1,\"count\":1,\"anonymous\":1,"
		"\"users\":[]}]}",
		"{\"topics\":[{\"topic\":\"a b\",\"count\":1,\"anonymous\":1,"
		"\"users\":[]}]}",
		"{\"topics\":[{\"topic\":\"a\",\"count\":-1,\"anonymous\":1,"
		"\"users\":[]}]}",
		"{\"topics\":[{\"topic\":\"a\",\"count\":99999999999,"
		"\"anonymous\":1,\"users\":[]}]}",
		"{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":0,"
		"\"users\":[1]}]}",
		"{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":0,"
		"\"users\":[\"a/b\"]}]}",
		"{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":0}]}",
	};
	struct presence *p = presence_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (presence_hear(p, STR("x"), str_from(bad[i]), 0))
			fail_msg("%s", bad[i]);
	assert_false(presence_hear(p, STR(""), STR("{\"topics\":[]}"), 0));
	assert_true(presence_hear(p, STR("x"), STR("{\"topics\":[]}"), 0));
	assert_int_equal(presence_count(p).topics, 0);
	assert_int_equal(presence_count(p).gateways, 0);
	presence_free(&p);
}

static void limits_hold(void **state)
{
	struct presence *p = presence_new();
	struct buf b = { 0 };
	char text[96];

	(void)state;
	for (int i = 0; i <= NAMES_MAX; i++) {
		snprintf(text, sizeof(text), "u%d", i);
		presence_join(p, STR("a"), str_from(text));
	}
	presence_print(p, STR("a"), &b);
	assert_non_null(strstr(b.p, "\"count\":1001,"));
	assert_null(strstr(b.p, "\"u1000\""));
	for (int i = 0; i <= NAMES_MAX; i++) {
		snprintf(text, sizeof(text), "u%d", i);
		presence_leave(p, STR("a"), str_from(text));
	}
	assert_int_equal(presence_count(p).topics, 0);
	for (int i = 0; i < PRESENCE_TOPICS_MAX + 2; i++) {
		snprintf(text, sizeof(text), "t/%d", i);
		presence_join(p, str_from(text), NOBODY);
	}
	assert_int_equal(presence_count(p).topics, PRESENCE_TOPICS_MAX);
	assert_int_equal(presence_count(p).untracked, 2);
	buf_reset(&b);
	assert_false(presence_watch(p, STR("more"), &b, &b));
	for (int i = 0; i < PRESENCE_GATEWAYS_MAX + 1; i++) {
		snprintf(text, sizeof(text), "g%d", i);
		assert_int_equal(
			presence_hear(p, str_from(text),
				      STR("{\"topics\":[{\"topic\":\"t/0\","
					  "\"count\":1,\"anonymous\":1,"
					  "\"users\":[]}]}"),
				      0),
			i < PRESENCE_GATEWAYS_MAX);
	}
	buf_free(&b);
	presence_free(&p);
}

static struct buf heard;

static void hear(void *watcher, struct str message)
{
	buf_addf(&heard, "%s %.*s\n", (const char *)watcher, STR_ARG(message));
}

static void changed(struct presence *p, const char *want)
{
	buf_reset(&heard);
	buf_puts(&heard, "");
	presence_changes(p, hear);
	assert_string_equal(heard.len ? heard.p : "", want);
}

static void those_who_watch_are_told_what_changed(void **state)
{
	struct presence *p = presence_new();
	char one[] = "one", two[] = "two";
	struct buf b = { 0 };

	(void)state;
	presence_join(p, STR("a"), STR("ann"));
	assert_true(presence_watch(p, STR("a"), one, &b));
	assert_string_equal(b.p,
			    "{\"presence\":{\"topic\":\"a\",\"count\":1,"
			    "\"all\":true,\"joined\":[\"ann\"],\"left\":[]}}");
	buf_reset(&b);
	assert_true(presence_watch(p, STR("a"), one, &b)); /* again */
	assert_int_equal(b.len, 0);
	changed(p, "");
	presence_join(p, STR("a"), STR("bob"));
	presence_join(p, STR("a"), STR("carl"));
	presence_leave(p, STR("a"), STR("ann"));
	/* Whoever comes now is told what the others were. */
	assert_true(presence_watch(p, STR("a"), two, &b));
	assert_string_equal(b.p,
			    "{\"presence\":{\"topic\":\"a\",\"count\":1,"
			    "\"all\":true,\"joined\":[\"ann\"],\"left\":[]}}");
	changed(p, "one {\"presence\":{\"topic\":\"a\",\"count\":2,\"joined\":["
		   "\"bob\",\"carl\"],\"left\":[\"ann\"]}}\n"
		   "two {\"presence\":{\"topic\":\"a\",\"count\":2,\"joined\":["
		   "\"bob\",\"carl\"],\"left\":[\"ann\"]}}\n");
	changed(p, "");
	/* Came and went in between. */
	presence_join(p, STR("a"), STR("dora"));
	presence_leave(p, STR("a"), STR("dora"));
	changed(p, "");
	presence_unwatch(p, STR("a"), one);
	presence_unwatch(p, STR("a"), one);
	assert_true(presence_hear(
		p, STR("x"),
		STR("{\"topics\":[{\"topic\":\"a\",\"count\":1,\"anonymous\":1,"
		    "\"users\":[]}]}"),
		0));
	changed(p, "two {\"presence\":{\"topic\":\"a\",\"count\":3,\"joined\":["
		   "],\"left\":[]}}\n");
	presence_unwatch(p, STR("a"), two);
	buf_free(&b);
	buf_free(&heard);
	presence_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			users_count_for_each_connection_and_are_named_once),
		cmocka_unit_test(
			what_changed_is_told_once_and_all_again_in_time),
		cmocka_unit_test(much_is_told_in_several_messages),
		cmocka_unit_test(others_are_added_and_forgotten),
		cmocka_unit_test(what_is_no_message_is_not_heard),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(those_who_watch_are_told_what_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
