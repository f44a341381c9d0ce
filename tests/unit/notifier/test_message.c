#include "cmd/notifier/message.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct event notification(const char *data)
{
	return (struct event){ .topic = STR("user.notification/ana"),
			       .source = STR("weir/alerter/1"),
			       .id = 7,
			       .time_us = 0,
			       .recorded_us = CLK_NONE,
			       .data = str_from(data) };
}

static void a_delivery_has_one_id_for_ever(void **state)
{
	struct event ev = notification("{}"), other = ev;
	char a[MESSAGE_ID_SIZE], b[MESSAGE_ID_SIZE];

	(void)state;
	message_id(&ev, STR("phone"), a);
	/* Receivers remember it: it must not change between versions. */
	assert_string_equal(a, "560f55976f894c54cf2d569610ebf34f");
	other.offset = 12;
	other.recorded_us = 99;
	message_id(&other, STR("phone"), b);
	assert_string_equal(a, b);
}

static void each_event_and_channel_has_its_own_id(void **state)
{
	struct event ev = notification("{}");
	struct event later = ev, elsewhere = ev, outside = ev;
	char id[5][MESSAGE_ID_SIZE];

	(void)state;
	later.id = 8;
	elsewhere.source = STR("weir/alerter/2");
	outside.id = 0;
	outside.idtext = STR("x7");
	message_id(&ev, STR("phone"), id[0]);
	message_id(&ev, STR("mail"), id[1]);
	message_id(&later, STR("phone"), id[2]);
	message_id(&elsewhere, STR("phone"), id[3]);
	message_id(&outside, STR("phone"), id[4]);
	for (size_t i = 0; i < ARRAY_LEN(id); i++)
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(id[i], id[k], 16);
			assert_memory_not_equal(id[i] + 16, id[k] + 16, 16);
		}
}

/* Read data as a notification and print it for a webhook or Telegram. */
static void print(const char *data, bool telegram, struct buf *b)
{
	struct event ev = notification(data);
	struct arena a = { 0 };
	struct message m;
	struct err e;

	if (message_read(&ev, &a, &m, &e))
		fail_msg("%s: %s", data, e.msg);
	if (telegram)
		message_telegram(&m, STR("-100"), b);
	else
		message_webhook(&m, STR("k1"), STR("ops"), b);
	arena_free(&a);
}

static void a_webhook_gets_all_members_and_ours_first(void **state)
{
	struct buf b = { 0 };

	(void)state;
	print("{\"type\":\"custom\",\"id\":\"mine\",\"title\":\"\\u00e4\","
	      "\"message\":\"m\",\"user\":\"eve\",\"more\":[1.50]}",
	      false, &b);
	assert_string_equal(
		b.p, "{\"id\":\"k1\",\"channel\":\"ops\",\"user\":\"ana\","
		     "\"event\":{\"source\":\"weir/alerter/1\",\"id\":\"7\","
		     "\"time\":\"1970-01-01T00:00:00.000000Z\"},"
		     "\"type\":\"custom\",\"title\":\"\\u00e4\","
		     "\"message\":\"m\",\"more\":[1.50]}");
	buf_free(&b);
}

/* The text that Telegram is given for a title and a message. */
static char *telegram_text(const char *title, const char *message)
{
	struct buf data = { 0 }, b = { 0 };
	struct json *root;
	struct err e;
	char *text;

	buf_puts(&data, "{\"type\":\"custom\",\"title\":");
	buf_json_str(&data, str_from(title));
	buf_puts(&data, ",\"message\":");
	buf_json_str(&data, str_from(message));
	buf_puts(&data, "}");
	print(data.p, true, &b);
	root = json_parse(buf_str(&b), JSON_UNIQUE, &e);
	assert_non_null(root);
	assert_string_equal(json_string(json_member(root, "chat_id")), "-100");
	assert_string_equal(json_string(json_member(root, "parse_mode")),
			    "HTML");
	text = xstrdup(json_string(json_member(root, "text")));
	json_free(&root);
	buf_free(&data);
	buf_free(&b);
	return text;
}

static size_t utf16_units(const char *text)
{
	struct str s = str_from(text);
	size_t units = 0;

	while (s.len) {
		uint32_t cp;

		s = str_sub(s, utf8_decode(s, &cp), s.len);
		units += cp > 0xffff ? 2 : 1;
	}
	return units;
}

static void telegram_gets_no_markup_but_ours(void **state)
{
	char *text =
		telegram_text("<b>&", "a > b \"c\" </b>\n\xf0\x9f\x98\x80");

	(void)state;
	assert_string_equal(text, "<b>&lt;b&gt;&amp;</b>\n"
				  "a &gt; b \"c\" &lt;/b&gt;\n"
				  "\xf0\x9f\x98\x80");
	free(text);
}

static void telegram_texts_are_cut_between_characters(void **state)
{
	static const char *const parts[] = { "x", "<", "&", "\xc3\xa4",
					     "\xf0\x9f\x98\x80" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		for (size_t shift = 0; shift < 6; shift++) {
			struct buf message = { 0 };
			char *text;

			for (size_t k = 0; k < shift; k++)
				buf_putc(&message, '.');
			for (size_t k = shift; k < 4096; k++)
				buf_puts(&message, parts[i]);
			text = telegram_text("title", message.p);
			assert_true(str_is_utf8(str_from(text)));
			assert_true(
				str_ends(str_from(text), STR("\xe2\x80\xa6")));
			/* Short by less than the longest character. */
			assert_in_range(utf16_units(text),
					TELEGRAM_TEXT_MAX - 4,
					TELEGRAM_TEXT_MAX);
			free(text);
			buf_free(&message);
		}
}

static void a_telegram_text_that_just_fits_is_whole(void **state)
{
	/* Less the marks around the title and the room for an ellipsis. */
	enum { ROOM = TELEGRAM_TEXT_MAX - 8 - 1 - 1 };
	char message[ROOM + 1];
	char *text;

	(void)state;
	memset(message, 'x', ROOM);
	message[ROOM] = '\0';
	text = telegram_text("t", message);
	assert_int_equal(strlen(text), TELEGRAM_TEXT_MAX - 1);
	assert_true(str_ends(str_from(text), STR("xxx")));
	free(text);
}

static void telegrams_answer_is_understood(void **state)
{
	static const struct {
		const char *body, *description;
		int64_t wait_ms;
	} t[] = {
		{ "{\"ok\":false,\"error_code\":429,\"description\":\"Too many"
		  "\",\"parameters\":{\"retry_after\":35}}",
		  "Too many", 35000 },
		{ " {\"description\":\"Bad \\u0022chat\\u0022\"} ",
		  "Bad \"chat\"", 0 },
		{ "{\"parameters\":{\"retry_after\":-3}}", "", 0 },
		{ "{\"parameters\":[],\"description\":5}", "", 0 },
		{ "[]", "", 0 },
		{ "<html>", "", 0 },
		{ "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct arena a = { 0 };
		struct str description;
		int64_t wait_ms;

		message_telegram_answer(str_from(t[i].body), &a, &description,
					&wait_ms);
		assert_true(str_eq(description, str_from(t[i].description)));
		assert_int_equal(wait_ms, t[i].wait_ms);
		arena_free(&a);
	}
}

static void what_is_no_notification_is_refused(void **state)
{
	static const char *const bad[] = { "null", "[]", "{}", "{\"type\":1}",
					   "{\"type\":\"custom\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct event ev = notification(bad[i]);
		struct arena a = { 0 };
		struct message m;
		struct err e = { 0 };

		assert_int_equal(message_read(&ev, &a, &m, &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivery_has_one_id_for_ever),
		cmocka_unit_test(each_event_and_channel_has_its_own_id),
		cmocka_unit_test(a_webhook_gets_all_members_and_ours_first),
		cmocka_unit_test(telegram_gets_no_markup_but_ours),
		cmocka_unit_test(telegram_texts_are_cut_between_characters),
		cmocka_unit_test(a_telegram_text_that_just_fits_is_whole),
		cmocka_unit_test(telegrams_answer_is_understood),
		cmocka_unit_test(what_is_no_notification_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
