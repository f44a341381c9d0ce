/* What is read from Telegram and from settings, and what is written to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bot/guest.h"
#include "cmd/bot/lookup.h"
#include "cmd/bot/reply.h"
#include "cmd/bot/update.h"

#include "tests/unit/cases.h"

static void commands_are_told_from_talk(void **state)
{
	static const struct {
		const char *text, *name, *args;
	} t[] = {
		{ "/price lamp", "price", "lamp" },
		{ "  /price@weir_bot   lamp 2  ", "price", "lamp 2" },
		{ "/watches", "watches", "" },
		{ "/", "", "" },
		{ "/search\nblue bike", "search", "blue bike" },
		{ "hello /price", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct str name, args;
		bool is = update_command(str_from(t[i].text), &name, &args);

		if (is != (t[i].name != NULL) ||
		    (is &&
		     (!str_is(name, t[i].name) || !str_is(args, t[i].args))))
			fail_msg("'%s': %d '%.*s' '%.*s'", t[i].text, is,
				 STR_ARG(name), STR_ARG(args));
	}
}

static void updates_are_read_whatever_is_in_them(void **state)
{
	static const struct {
		const char *json;
		int rc;
		enum update_kind kind;
		int64_t chat, from;
		const char *text, *about;
	} t[] = {
		{ "{\"update_id\":7,\"message\":{\"message_id\":1,\"from\":{"
		  "\"id\":5},\"chat\":{\"id\":-100123456789012,\"type\":"
		  "\"supergroup\"},\"text\":\"/x\"}}",
		  0, UPDATE_MESSAGE, -100123456789012, 5, "/x", "" },
		/* A photo without a text is a message without one. */
		{ "{\"update_id\":7,\"message\":{\"chat\":{\"id\":4},\"photo\":"
		  "[]}}",
		  0, UPDATE_MESSAGE, 4, 0, "", "" },
		{ "{\"update_id\":7,\"message\":{\"chat\":{\"id\":4},\"text\":"
		  "\"/ack\",\"reply_to_message\":{\"reply_markup\":{"
		  "\"inline_keyboard\":[[{\"url\":\"x\"}],[{\"callback_data\":"
		  "\"ack:1\"}]]}}}}",
		  0, UPDATE_MESSAGE, 4, 0, "/ack", "ack:1" },
		{ "{\"update_id\":7,\"callback_query\":{\"id\":\"9\",\"from\":"
		  "{\"id\":5},\"data\":\"ack:1\",\"message\":{\"chat\":{\"id\":"
		  "4}}}}",
		  0, UPDATE_BUTTON, 4, 5, "ack:1", "" },
		{ "{\"update_id\":7,\"callback_query\":{\"id\":\"9\"}}", 0,
		  UPDATE_OTHER, 0, 0, "", "" },
		{ "{\"update_id\":7,\"channel_post\":{}}", 0, UPDATE_OTHER, 0,
		  0, "", "" },
		{ "{\"update_id\":7,\"message\":\"text\"}", 0, UPDATE_OTHER, 0,
		  0, "", "" },
		{ "{\"message\":{\"chat\":{\"id\":4}}}", -1, UPDATE_OTHER, 0, 0,
		  "", "" },
		{ "{\"update_id\":-1}", -1, UPDATE_OTHER, 0, 0, "", "" },
		{ "[1]", -1, UPDATE_OTHER, 0, 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct err e;
		struct json *root = json_parse(str_from(t[i].json), 0, &e);
		struct update u;
		int rc;

		assert_non_null(root);
		rc = update_read(root, &u, &e);
		if (rc != t[i].rc || u.kind != t[i].kind ||
		    u.chat != t[i].chat || u.from != t[i].from ||
		    !str_is(u.text, t[i].text) || !str_is(u.about, t[i].about))
			fail_msg("%s: %d kind %d chat %lld from %lld '%.*s'",
				 t[i].json, rc, u.kind, (long long)u.chat,
				 (long long)u.from, STR_ARG(u.text));
		json_free(&root);
	}
}

static void a_person_goes_before_the_group(void **state)
{
	const char *lines[] = { "11 admin ana", "-5 reader", "12  editor" };
	const struct opt_list list = { .v = lines, .n = 3 };
	struct guests g;
	struct err e;

	(void)state;
	assert_int_equal(guests_parse(&list, &g, &e), 0);
	assert_int_equal(guests_find(&g, 11, -5)->role, ROLE_ADMIN);
	assert_int_equal(guests_find(&g, 99, -5)->role, ROLE_READER);
	assert_int_equal(guests_find(&g, 12, 12)->role, ROLE_EDITOR);
	assert_true(str_is(guests_find(&g, 12, 12)->user, "default"));
	assert_null(guests_find(&g, 99, 99));
	assert_null(guests_find(&g, 0, 0));
}

static struct str printed(const struct reply *r, struct buf *b)
{
	buf_reset(b);
	reply_print(r, b);
	return buf_str(b);
}

static void what_comes_from_outside_is_no_markup(void **state)
{
	struct reply r = { .n_buttons = 0 };
	struct buf b = { 0 };
	char data[REPLY_DATA_MAX + 2];

	(void)state;
	reply_puts(&r, "<b>");
	reply_text(&r, STR("<script>&\"</b>"));
	reply_puts(&r, "</b>");
	assert_true(str_starts(
		printed(&r, &b),
		STR("\"text\":\"<b>&lt;script&gt;&amp;\\\"&lt;/b&gt;</b>\"")));
	memset(data, 'x', sizeof(data));
	data[REPLY_DATA_MAX + 1] = '\0';
	assert_false(reply_button(&r, STR("a"), str_from(data)));
	data[REPLY_DATA_MAX] = '\0';
	assert_true(reply_button(&r, STR("a"), str_from(data)));
	for (int i = 1; i < REPLY_BUTTONS_MAX; i++)
		assert_true(reply_button(&r, STR("b\""), STR("d")));
	assert_false(reply_button(&r, STR("b"), STR("d")));
	assert_true(str_find(printed(&r, &b), STR("\"b\\\"\"")) != (size_t)-1);
	reply_free(&r);
	buf_free(&b);
}

/* No line is cut, and so no tag and no entity. */
static void a_text_that_is_too_long_ends_with_a_line(void **state)
{
	struct reply r = { .n_buttons = 0 };
	struct buf b = { 0 };
	struct str out;
	struct json *root;
	struct err e;
	const char *text;

	(void)state;
	for (int i = 0; i < 300; i++)
		reply_puts(&r, "\n<b>&amp;&amp;&amp;&amp;</b>");
	buf_putc(&b, '{');
	reply_print(&r, &b);
	buf_putc(&b, '}');
	out = buf_str(&b);
	root = json_parse(out, JSON_STRICT, &e);
	assert_non_null(root);
	text = json_string(json_member(root, "text"));
	assert_true(strlen(text) <= REPLY_TEXT_MAX + 4);
	assert_string_equal(text + strlen(text) - 8, "</b>\n…");
	json_free(&root);
	reply_free(&r);
	buf_free(&b);
}

static void a_query_is_encoded_into_the_address(void **state)
{
	struct buf b = { 0 };

	(void)state;
	lookup_watch("{\"url\":\"http://x/?q={query}&r={query}\"}",
		     STR("a b/\"ü"), &b);
	assert_true(str_is(buf_str(&b),
			   "{\"url\":\"http://x/?q=a%20b%2F%22%C3%BC&r=a%20b%"
			   "2F%22%C3%BC\"}"));
	buf_free(&b);
}

static void finds_are_what_has_a_title_and_a_link(void **state)
{
	struct buf b = { 0 };
	size_t n;

	(void)state;
	n = lookup_finds(
		STR("weir-scraper: info: ready\n"
		    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s/-\","
		    "\"type\":\"listing.new\",\"subject\":\"x\",\"time\":"
		    "\"2026-11-20T21:00:00Z\",\"data\":{\"watch\":\"w\","
		    "\"source\":\"x\",\"id\":\"1\",\"title\":\"A\",\"link\":"
		    "\"http://x/1\",\"price\":\"5\",\"currency\":\"EUR\"}}\n"
		    "{\"specversion\":\"1.0\",\"id\":\"2\",\"source\":\"s/-\","
		    "\"type\":\"listing.new\",\"subject\":\"x\",\"time\":"
		    "\"2026-11-20T21:00:00Z\",\"data\":{\"watch\":\"w\","
		    "\"source\":\"x\",\"id\":\"2\",\"title\":\"no link\"}}\n"
		    "{\"broken"),
		&b);
	assert_int_equal(n, 1);
	assert_true(str_is(buf_str(&b),
			   "[{\"url\":\"http://x/1\",\"title\":\"A\",\"price\":"
			   "\"5\",\"currency\":\"EUR\"}]"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_told_from_talk),
		cmocka_unit_test(updates_are_read_whatever_is_in_them),
		cmocka_unit_test(a_person_goes_before_the_group),
		cmocka_unit_test(what_comes_from_outside_is_no_markup),
		cmocka_unit_test(a_text_that_is_too_long_ends_with_a_line),
		cmocka_unit_test(a_query_is_encoded_into_the_address),
		cmocka_unit_test(finds_are_what_has_a_title_and_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
