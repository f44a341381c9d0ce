/* Lines of IRC and their parts, and what a session says. */
#include "cases.h"

#include <string.h>

#include "cmd/scraper/irc.h"
#include "cmd/scraper/irc_session.h"
#include "common/xmem.h"

static bool same(const struct json *c, const char *name, struct str got)
{
	const struct json *want = json_member(c, name);

	return !want || str_eq(got, str_from(json_string(want)));
}

static bool check_line(const struct json *c, const struct json *want,
		       struct str line)
{
	struct irc_message m;

	if (!irc_parse(line, &m))
		return json_string(want) &&
		       str_is(str_from(json_string(want)), "bad");
	if (json_count(want) != m.n + 1 ||
	    !str_eq(m.command, str_from(json_string(json_at(want, 0)))))
		return false;
	for (size_t i = 0; i < m.n; i++)
		if (!str_eq(m.param[i],
			    str_from(json_string(json_at(want, i + 1)))))
			return false;
	return same(c, "source", m.source) && same(c, "nick", m.nick) &&
	       same(c, "tags", m.tags);
}

/* With `extra` bytes more each time, as they come: the same lines. */
static bool check(const struct json *c)
{
	const struct json *want = json_member(c, "want");
	struct str in = str_from(case_text(c, "in")), line;
	size_t n = 0, at = 0, used;

	for (size_t end = 1; end <= in.len; end++) {
		while (irc_next(str_sub(in, at, end), &line, &used) ==
		       IRC_LINE) {
			if (!check_line(c, json_at(want, n++), line))
				return false;
			at += used;
		}
		at += used;
	}
	return n == json_count(want);
}

static void lines_are_taken_apart(void **state)
{
	(void)state;
	cases_run("tests/fixtures/stream/irc.jsonl", 18, check);
}

static void a_line_has_a_limit(void **state)
{
	char line[IRC_LINE_MAX + 2];
	struct str got;
	size_t used;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[IRC_LINE_MAX] = '\n';
	assert_int_equal(irc_next((struct str){ line, IRC_LINE_MAX + 1 }, &got,
				  &used),
			 IRC_LINE);
	assert_int_equal(got.len, IRC_LINE_MAX);
	line[IRC_LINE_MAX] = 'x';
	assert_int_equal(irc_next((struct str){ line, IRC_LINE_MAX + 1 }, &got,
				  &used),
			 IRC_BIG);
}

/* ---- sessions: "< line" comes, "> line" is said to it ---- */

static const char *const rooms[] = { "#a", "#b" };

static void play(const struct irc_conf *conf, const char *const *lines,
		 size_t n, struct irc_session *s, struct irc_verdict *v)
{
	struct buf out = { 0 }, want = { 0 };

	assert_null(irc_begin(s, conf, &out));
	buf_reset(&out);
	for (size_t i = 0; i < n; i++) {
		if (lines[i][0] == '<') {
			irc_line(s, str_from(lines[i] + 2), &out, v);
			continue;
		}
		buf_addf(&want, "%s\r\n", lines[i] + 2);
	}
	assert_string_equal(out.p ? out.p : "", want.p ? want.p : "");
	buf_free(&out);
	buf_free(&want);
}

static void a_nick_in_use_gets_digits(void **state)
{
	const struct irc_conf conf = { .nick = "me",
				       .channels = rooms,
				       .n_channels = 2 };
	const char *const lines[] = {
		"< :s 433 * me :Nickname is already in use",
		"> NICK me1",
		"< :s 433 * me1 :Nickname is already in use",
		"> NICK me2",
		"< :s 001 me2 :Welcome",
		"> JOIN #a,#b",
		"< :s 473 me2 #a :Invite only",
		"< :me2!x@y JOIN #B",
	};
	struct irc_session s;
	struct irc_verdict v;

	(void)state;
	play(&conf, lines, ARRAY_LEN(lines), &s, &v);
	assert_false(v.over);
	assert_int_equal(s.state, IRC_JOINED);
	irc_session_free(&s);
}

static void a_session_ends_where_no_channel_lets_us_in(void **state)
{
	const struct irc_conf conf = { .nick = "me",
				       .channels = rooms,
				       .n_channels = 2 };
	const char *const lines[] = {
		"< :s 001 me :Welcome",
		"> JOIN #a,#b",
		"< :s 473 me #a :Invite only",
		"< @msg-id=msg_channel_suspended :s NOTICE #b :Suspended",
	};
	struct irc_session s;
	struct irc_verdict v;

	(void)state;
	play(&conf, lines, ARRAY_LEN(lines), &s, &v);
	assert_true(v.over);
	assert_int_equal(v.outcome, OUTCOME_BLOCKED);
	assert_string_equal(v.reason, "#b: Suspended");
	irc_session_free(&s);
}

static void a_server_without_capabilities_is_not_waited_for(void **state)
{
	const struct irc_conf conf = { .nick = "me",
				       .channels = rooms,
				       .n_channels = 1 };
	const char *const lines[] = {
		"< :s 421 * CAP :Unknown command",
		"< :s CAP * LS :sasl",
		"> CAP END",
		"< :s CAP * LS :server-time", /* twice: once is enough */
		"< :s 001 me :Welcome",
		"> JOIN #a",
	};
	struct irc_session s;
	struct irc_verdict v;

	(void)state;
	play(&conf, lines, ARRAY_LEN(lines), &s, &v);
	irc_session_free(&s);
}

static void channels_are_joined_a_few_at_a_time(void **state)
{
	const char *many[IRC_JOIN_MAX * 2 + 1];
	const struct irc_conf conf = { .channels = many,
				       .n_channels = ARRAY_LEN(many) };
	struct buf out = { 0 };
	struct irc_session s;
	struct irc_verdict v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = "#x";
	assert_null(irc_begin(&s, &conf, &out));
	assert_false(irc_join_more(&s, &out)); /* not yet */
	irc_line(&s, STR(":s 001 me :Welcome"), &out, &v);
	assert_int_equal(s.asked, IRC_JOIN_MAX);
	assert_true(irc_join_more(&s, &out));
	assert_false(irc_join_more(&s, &out));
	assert_int_equal(s.asked, ARRAY_LEN(many));
	buf_free(&out);
	irc_session_free(&s);
}

static void what_would_break_a_line_is_refused(void **state)
{
	const char *bad[] = { "#a b", "#a\r\nQUIT", "#a,#b", "" };
	struct buf out = { 0 };
	struct irc_session s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct irc_conf conf = { .channels = &bad[i], .n_channels = 1 };

		assert_non_null(irc_begin(&s, &conf, &out));
		conf = (struct irc_conf){ .nick = bad[i],
					  .channels = rooms,
					  .n_channels = 1 };
		assert_non_null(irc_begin(&s, &conf, &out));
	}
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(a_line_has_a_limit),
		cmocka_unit_test(a_nick_in_use_gets_digits),
		cmocka_unit_test(a_session_ends_where_no_channel_lets_us_in),
		cmocka_unit_test(
			a_server_without_capabilities_is_not_waited_for),
		cmocka_unit_test(channels_are_joined_a_few_at_a_time),
		cmocka_unit_test(what_would_break_a_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
