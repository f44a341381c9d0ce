#include "cmd/scraper/chat_decode.h"

#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "cases.h"

static struct str member(const struct json *c, const char *name)
{
	return str_from(case_text(c, name));
}

static struct chat_rules *rules_of(const struct json *c, struct err *e)
{
	const struct json *chat = json_member(c, "chat");
	const struct type_chat how = {
		.messages = member(chat, "messages"),
		.id = member(chat, "id"),
		.username = member(chat, "username"),
		.message = member(chat, "message"),
		.sent = member(chat, "sent"),
		.only = member(chat, "only"),
		.ended = member(chat, "ended"),
		.since = member(chat, "since"),
	};

	return chat_rules_new(&how, e);
}

static bool is_as_wanted(const struct chat_message *m, const struct json *want)
{
	char sent[CLK_TEXT_SIZE] = "";

	if (m->sent_us != CLK_NONE)
		clk_format(m->sent_us, sent);
	if (str_eq(m->id, member(want, "id")) &&
	    str_eq(m->username, member(want, "username")) &&
	    str_eq(m->text, member(want, "message")) &&
	    str_eq(str_from(sent), member(want, "sent")))
		return true;
	print_error("have id %.*s, username %.*s, message %.*s, sent %s\n",
		    STR_ARG(m->id), STR_ARG(m->username), STR_ARG(m->text),
		    sent);
	return false;
}

static bool check_found(const struct json *c, const struct chat_found *f)
{
	const struct json *want = json_member(c, "want");

	if (f->n != json_count(want)) {
		print_error("%zu messages\n", f->n);
		return false;
	}
	for (size_t i = 0; i < f->n; i++)
		if (!is_as_wanted(&f->v[i], json_at(want, i)))
			return false;
	return f->ended == json_true(json_member(c, "ended")) &&
	       str_eq(f->cursor, member(c, "cursor"));
}

static bool check_case(const struct json *c)
{
	const char *form = case_text(c, "form");
	bool bad = json_true(json_member(c, "error")), good = false;
	struct arena a = { 0 };
	struct chat_found f;
	struct err e;
	struct chat_rules *r = rules_of(c, &e);

	if (!r)
		return bad && e.code == EX_CONFIG;
	if (chat_decode(r,
			!strcmp(form, "irc")	? CHAT_IRC
			: !strcmp(form, "json") ? CHAT_JSON
						: CHAT_JSON_OR_TEXT,
			member(c, "in"), &a, &f, &e))
		good = bad && e.code == EX_DATAERR;
	else
		good = !bad && check_found(c, &f);
	arena_free(&a);
	chat_rules_free(&r);
	return good;
}

#define READS(name, at_least)                                                \
	static void reads_##name(void **state)                               \
	{                                                                    \
		(void)state;                                                 \
		cases_run("tests/fixtures/chat/" #name ".jsonl", (at_least), \
			  check_case);                                       \
	}

READS(irc, 20)
READS(auto, 20)
READS(youtube, 3)
READS(pusher, 5)
READS(bridge, 5)
READS(text, 5)
READS(paths, 10)

static void times_have_many_forms(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* CLK_NONE: none */
	} cases[] = {
		{ "1795208400", 1795208400000000 },
		{ "1795208400.5", 1795208400500000 },
		{ "1795208400.1234567", 1795208400123456 },
		{ "1795208400123", 1795208400123000 },
		{ "1795208400123456", 1795208400123456 },
		{ "1795208400123456789", 1795208400123456 },
		{ "2026-11-20T21:00:00Z", 1795208400000000 },
		{ "2026-11-20T22:00:00+01:00", 1795208400000000 },
		{ "Fri, 20 Nov 2026 21:00:00 GMT", 1795208400000000 },
		{ "1970-01-01T00:00:00Z", CLK_NONE },
		{ "9999999999999999999", CLK_NONE },
		{ "4102444800", CLK_NONE }, /* 2100 */
		{ "12", CLK_NONE },
		{ "1795208400.", 1795208400000000 },
		{ "1795208400.x", CLK_NONE },
		{ "", CLK_NONE },
		{ "now", CLK_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t us;

		if (!chat_time(str_from(cases[i].text), &us))
			us = CLK_NONE;
		if (us != cases[i].us)
			fail_msg("%s: %lld", cases[i].text, (long long)us);
	}
}

static void no_more_than_the_limit_is_taken(void **state)
{
	struct json *none = json_parse(STR("{}"), 0, NULL);
	struct chat_rules *r = rules_of(none, NULL);
	struct arena a = { 0 };
	struct chat_found f;
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i <= CHAT_FOUND_MAX; i++)
		buf_puts(&b, i ? ",{\"user\":\"a\",\"text\":\"b\"}"
			       : "[{\"user\":\"a\",\"text\":\"b\"}");
	assert_int_equal(chat_decode(r, CHAT_JSON, buf_str(&b), &a, &f, NULL),
			 -1);
	buf_putc(&b, ']');
	assert_int_equal(chat_decode(r, CHAT_JSON, buf_str(&b), &a, &f, NULL),
			 0);
	assert_int_equal(f.n, CHAT_FOUND_MAX);
	assert_true(f.cut);
	buf_free(&b);
	arena_free(&a);
	chat_rules_free(&r);
	json_free(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_irc),
		cmocka_unit_test(reads_auto),
		cmocka_unit_test(reads_youtube),
		cmocka_unit_test(reads_pusher),
		cmocka_unit_test(reads_bridge),
		cmocka_unit_test(reads_text),
		cmocka_unit_test(reads_paths),
		cmocka_unit_test(times_have_many_forms),
		cmocka_unit_test(no_more_than_the_limit_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
