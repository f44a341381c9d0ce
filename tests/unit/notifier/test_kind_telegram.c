#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

static void load(struct kinds_case *k)
{
	struct err e;

	if (kinds_load_secret(k,
			      "type = telegram\nchat = -100\n"
			      "base-url = http://a/\ntoken-file = FILE",
			      "12:s3cret", &e))
		fail_msg("%s", e.msg);
}

/* The text that Telegram is given for a title and a message. */
static char *text_of(struct kinds_case *k, const char *title,
		     const char *message)
{
	struct buf data = { 0 };
	struct json *root;
	struct err e;
	char *text;

	buf_puts(&data, "{\"type\":\"custom\",\"title\":");
	buf_json_str(&data, str_from(title));
	buf_puts(&data, ",\"message\":");
	buf_json_str(&data, str_from(message));
	buf_puts(&data, "}");
	if (kinds_compose(k, data.p, &e))
		fail_msg("%s", e.msg);
	root = json_parse(buf_str(&k->req.body), JSON_UNIQUE, &e);
	assert_non_null(root);
	assert_string_equal(json_string(json_member(root, "chat_id")), "-100");
	assert_string_equal(json_string(json_member(root, "parse_mode")),
			    "HTML");
	text = xstrdup(json_string(json_member(root, "text")));
	json_free(&root);
	buf_free(&data);
	return text;
}

static void it_gets_no_markup_but_ours(void **state)
{
	struct kinds_case k;
	char *text;

	(void)state;
	load(&k);
	text = text_of(&k, "<b>&", "a > b \"c\" </b>\n\xf0\x9f\x98\x80");
	assert_string_equal(k.req.url.p, "http://a/bot12:s3cret/sendMessage");
	assert_string_equal(text, "<b>&lt;b&gt;&amp;</b>\n"
				  "a &gt; b &quot;c&quot; &lt;/b&gt;\n"
				  "\xf0\x9f\x98\x80");
	free(text);
	kinds_free(&k);
}

static void long_texts_are_cut_between_characters(void **state)
{
	static const char *const parts[] = { "x", "<", "&", "\xc3\xa4",
					     "\xf0\x9f\x98\x80" };
	struct kinds_case k;

	(void)state;
	load(&k);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		for (size_t shift = 0; shift < 6; shift++) {
			struct buf message = { 0 };
			char *text;

			for (size_t n = 0; n < shift; n++)
				buf_putc(&message, '.');
			for (size_t n = shift; n < 4096; n++)
				buf_puts(&message, parts[i]);
			text = text_of(&k, "title", message.p);
			assert_true(str_is_utf8(str_from(text)));
			assert_true(
				str_ends(str_from(text), STR("\xe2\x80\xa6")));
			/* Short by less than the longest character. */
			assert_in_range(text_units(str_from(text), TEXT_UTF16),
					4096 - 4, 4096);
			free(text);
			buf_free(&message);
		}
	kinds_free(&k);
}

static void what_just_fits_is_whole(void **state)
{
	/* Less the title and what is around it. */
	enum { ROOM = 4096 - 9 };
	char message[ROOM + 2];
	struct kinds_case k;
	char *text;

	(void)state;
	load(&k);
	memset(message, 'x', sizeof(message));
	message[ROOM] = '\0';
	text = text_of(&k, "t", message);
	assert_int_equal(strlen(text), 4096);
	assert_true(str_ends(str_from(text), STR("xxx")));
	free(text);
	message[ROOM] = 'x';
	message[ROOM + 1] = '\0';
	text = text_of(&k, "t", message);
	assert_int_equal(text_units(str_from(text), TEXT_UTF16), 4096);
	assert_true(str_ends(str_from(text), STR("x\xe2\x80\xa6")));
	free(text);
	kinds_free(&k);
}

static void its_answer_is_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 429,
		  "{\"ok\":false,\"error_code\":429,\"description\":\"Too many"
		  "\",\"parameters\":{\"retry_after\":35}}",
		  OUTCOME_RETRY, "rate-limit", "Too many", "", 35000, false },
		{ 400, " {\"ok\":false,\"description\":\"Bad \\u0022chat\"} ",
		  OUTCOME_FAILED, "rejected", "Bad \"chat", "", 0, false },
		{ 429, "{\"ok\":false,\"parameters\":{\"retry_after\":-3}}",
		  OUTCOME_RETRY, "rate-limit", "", "", 0, false },
		{ 400, "{\"ok\":false,\"parameters\":[],\"description\":5}",
		  OUTCOME_FAILED, "rejected", "", "", 0, false },
		{ 400, "[]", OUTCOME_FAILED, "rejected", "[]", "", 0, false },
		{ 502, "<html>\nBad", OUTCOME_RETRY, "server-error", "<html>",
		  "", 0, false },
		{ 400, "", OUTCOME_FAILED, "rejected", "", "", 0, false },
		{ 200, "{\"ok\":true,\"result\":{\"message_id\":815}}",
		  OUTCOME_SENT, "", "", "815", 0, false },
		{ 200, "{\"ok\":true,\"result\":{\"message_id\":[]}}",
		  OUTCOME_SENT, "", "", "", 0, false },
		{ 200, "<html>Sign in", OUTCOME_FAILED, "rejected",
		  KINDS_FOREIGN, "", 0, false },
	};

	(void)state;
	kinds_check_answers("telegram", t, ARRAY_LEN(t));
}

/* What is after the text of a request for such a notification. */
static void check_buttons(struct kinds_case *k, const char *members,
			  struct str edit, const char *want)
{
	struct buf data = { .p = NULL };
	const char *after;
	struct err e;

	buf_addf(&data,
		 "{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\"%s}",
		 members);
	assert_int_equal(kinds_compose_part(k, data.p, 1, edit, &e), 0);
	after = strstr(k->req.body.p, "m\"") + 2;
	assert_string_equal(after, want);
	buf_free(&data);
}

static void an_alert_has_buttons_until_it_is_over(void **state)
{
#define PRESSES                                                     \
	"[{\"text\":\"Acknowledge\",\"callback_data\":\"ack:a1\"}," \
	"{\"text\":\"Silence for a day\",\"callback_data\":\"day:a1\"}]"
#define MARKUP(rows) ",\"reply_markup\":{\"inline_keyboard\":[" rows "]}}"
	const struct str none = { 0 }, old = STR("815");
	struct buf members = { .p = NULL };
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k);
	check_buttons(&k, ",\"alert\":\"a1\"", none, "}");
	kinds_free(&k);
	assert_int_equal(kinds_load_secret(&k,
					   "type = telegram\nchat = 1\n"
					   "buttons = yes\ntoken-file = FILE",
					   "12:s3cret", &e),
			 0);
	check_buttons(&k, "", none, "}");
	check_buttons(&k, ",\"data\":{\"link\":\"http://a.b/\"}", none, "}");
	check_buttons(&k, ",\"alert\":\"a1\"", none, MARKUP(PRESSES));
	check_buttons(&k, ",\"alert\":\"a1\"", old, MARKUP(PRESSES));
	check_buttons(&k,
		      ",\"alert\":\"a1\",\"data\":{\"link\":\"http://a.b/?\\"
		      "\"\"}",
		      none,
		      MARKUP(PRESSES ",[{\"text\":\"Open\",\"url\":\""
				     "http://a.b/?%22\"}]"));
	/* Telegram takes no such address, nor then the message. */
	check_buttons(&k,
		      ",\"alert\":\"a1\",\"data\":{\"link\":\"http://home/\"}",
		      none, MARKUP(PRESSES));
	check_buttons(&k, ",\"alert\":\"a1\",\"resolved\":true", none, "}");
	check_buttons(&k, ",\"alert\":\"a1\",\"resolved\":true", old,
		      MARKUP(""));
	/* One that goes not into the 64 bytes of a press. */
	buf_addf(&members, ",\"alert\":\"%061d\"", 1);
	check_buttons(&k, members.p, none, "}");
	/* An id of another service: there is nothing of ours to change. */
	check_buttons(&k, ",\"alert\":\"a1\"", STR("C1/2"), MARKUP(PRESSES));
	assert_non_null(strstr(k.req.url.p, "sendMessage"));
	buf_free(&members);
	kinds_free(&k);
}

static void what_changes_is_edited(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\"}";
	static const struct {
		const char *description;
		enum outcome_end end;
		bool gone;
	} t[] = {
		{ "Bad Request: message is not modified: specified new message "
		  "content and reply markup are exactly the same",
		  OUTCOME_SENT, false },
		{ "Bad Request: message to edit not found", OUTCOME_RETRY,
		  true },
		{ "Bad Request: message can't be edited", OUTCOME_RETRY, true },
		{ "Bad Request: chat not found", OUTCOME_FAILED, false },
	};
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k);
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("815"), &e), 0);
	assert_string_equal(k.req.url.p,
			    "http://a/bot12:s3cret/editMessageText");
	assert_string_equal(k.req.body.p,
			    "{\"chat_id\":\"-100\",\"message_id\":815,"
			    "\"parse_mode\":\"HTML\",\"text\":"
			    "\"<b>t</b>\\nm\"}");
	kinds_free(&k);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf body = { .p = NULL };
		struct outcome o;

		buf_addf(&body, "{\"ok\":false,\"description\":\"%s\"}",
			 t[i].description);
		o = kinds_answer("telegram", 400, body.p);
		assert_int_equal(o.end, t[i].end);
		assert_int_equal(o.edit_gone, t[i].gone);
		buf_free(&body);
	}
}

static void long_texts_go_on_where_the_channel_says_so(void **state)
{
	struct buf data = { .p = NULL };
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load_secret(&k,
					   "type = telegram\nchat = 1\n"
					   "long = split\ntext = {{message}}\n"
					   "token-file = FILE",
					   "12:s3cret", &e),
			 0);
	buf_puts(&data, "{\"type\":\"custom\",\"title\":\"t\",\"message\":\"");
	for (int i = 0; i < 2046; i++)
		buf_puts(&data, "\xf0\x9f\x98\x80");
	buf_puts(&data, "abcdef\"}");
	assert_int_equal(kinds_compose(&k, data.p, &e), 1);
	assert_non_null(strstr(k.req.body.p, "abcd\"}"));
	assert_int_equal(
		kinds_compose_part(&k, data.p, 2, (struct str){ 0 }, &e), 0);
	assert_non_null(strstr(k.req.body.p, "\"text\":\"ef\"}"));
	/* What was one message is changed into one. */
	assert_int_equal(kinds_compose_part(&k, data.p, 1, STR("8"), &e), 0);
	assert_non_null(strstr(k.req.body.p, "abc\xe2\x80\xa6\"}"));
	kinds_free(&k);
	buf_free(&data);
}

static void what_is_no_token_is_refused_without_being_shown(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load_secret(&k,
					   "type = telegram\nchat = 1\n"
					   "token-file = FILE",
					   "12:s3cret/../x", &e),
			 -1);
	assert_non_null(strstr(e.msg, ":4: channel x: token-file"));
	assert_null(strstr(e.msg, "s3cret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_no_markup_but_ours),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(what_just_fits_is_whole),
		cmocka_unit_test(its_answer_is_understood),
		cmocka_unit_test(an_alert_has_buttons_until_it_is_over),
		cmocka_unit_test(what_changes_is_edited),
		cmocka_unit_test(long_texts_go_on_where_the_channel_says_so),
		cmocka_unit_test(
			what_is_no_token_is_refused_without_being_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
