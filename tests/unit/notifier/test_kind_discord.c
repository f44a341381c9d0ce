#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

static void load(struct kinds_case *k, const char *url)
{
	struct err e;

	if (kinds_load_secret(k, "type = discord\nurl-file = FILE", url, &e))
		fail_msg("%s", e.msg);
}

static void it_mentions_nobody_and_asks_for_the_id(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, "https://h/api/webhooks/1/s3cret");
	assert_int_equal(
		kinds_compose(&k, KINDS_NOTE("\"@everyone <@1>\"", "\"*m*\""),
			      &e),
		0);
	assert_null(k.req.method);
	assert_string_equal(k.req.url.p,
			    "https://h/api/webhooks/1/s3cret?wait=true");
	assert_string_equal(
		k.req.body.p,
		"{\"allowed_mentions\":{\"parse\":[]},\"flags\":4,\"content\":"
		"\"**@everyone \\\\<@1\\\\>**\\n\\\\*m\\\\*\"}");
	kinds_free(&k);
}

static void a_change_is_a_patch_of_the_message(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\","
		"\"priority\":\"low\",\"data\":{\"link\":\"http://a/_b\"}}";
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, "https://h/api/webhooks/1/s3cret?thread_id=5");
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(
		k.req.url.p,
		"https://h/api/webhooks/1/s3cret?wait=true&thread_id=5");
	assert_non_null(strstr(k.req.body.p, "\"flags\":4100,"));
	assert_non_null(strstr(k.req.body.p, "m\\n<http://a/_b>\"}"));
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("77"), &e), 0);
	assert_string_equal(k.req.method, "PATCH");
	assert_string_equal(
		k.req.url.p,
		"https://h/api/webhooks/1/s3cret/messages/77?thread_id=5");
	assert_non_null(strstr(k.req.body.p, "\"flags\":4,"));
	/* An id of another service: there is nothing of ours to change. */
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("../1"), &e), 0);
	assert_null(k.req.method);
	kinds_free(&k);
}

static void the_link_takes_no_room_from_the_text(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, "https://h/");
	for (size_t n = 1960; n < 2000; n++) {
		struct buf data = { .p = NULL };
		struct json *root;
		struct str text;

		buf_puts(&data, "{\"type\":\"custom\",\"title\":\"t\","
				"\"data\":{\"link\":\"http://a.example/\"},"
				"\"message\":\"");
		for (size_t i = 0; i < n; i++)
			buf_putc(&data, 'x');
		buf_puts(&data, "\"}");
		assert_int_equal(kinds_compose(&k, data.p, &e), 0);
		root = json_parse(buf_str(&k.req.body), JSON_UNIQUE, &e);
		text = json_content(json_member(root, "content"));
		assert_in_range(text.len, 1966, 2004);
		assert_in_range(text_units(text, TEXT_UTF16), 1966, 2000);
		assert_int_equal(str_ends(text, STR("\n<http://a.example/>")),
				 n + 6 + 20 <= 2000);
		json_free(&root);
		buf_free(&data);
	}
	kinds_free(&k);
}

static void its_answers_are_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 200, "{\"id\":\"1088\",\"type\":0}", OUTCOME_SENT, "", "",
		  "1088", 0, false },
		{ 204, "", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "", 0,
		  false },
		{ 200, "{\"id\":\"../1\"}", OUTCOME_FAILED, "rejected",
		  KINDS_FOREIGN, "", 0, false },
		{ 429,
		  "{\"message\":\"You are being rate limited.\","
		  "\"retry_after\":64.5701,\"global\":false}",
		  OUTCOME_RETRY, "rate-limit", "You are being rate limited.",
		  "", 64571, false },
		{ 429, "{\"retry_after\":1e400}", OUTCOME_RETRY, "rate-limit",
		  "", "", 0, false },
		{ 429, "{\"retry_after\":1e20}", OUTCOME_RETRY, "rate-limit",
		  "", "", INT64_C(31622400000), false },
		{ 429, "{\"retry_after\":\"1\"}", OUTCOME_RETRY, "rate-limit",
		  "", "", 0, false },
		{ 401, "{\"message\":\"Invalid Webhook Token\",\"code\":50027}",
		  OUTCOME_FAILED, "auth", "Invalid Webhook Token", "", 0,
		  false },
		{ 404, "{\"message\":\"Unknown Webhook\",\"code\":10015}",
		  OUTCOME_FAILED, "rejected", "Unknown Webhook", "", 0, false },
		{ 404, "{\"message\":\"Unknown Message\",\"code\":10008}",
		  OUTCOME_RETRY, "rejected", "Unknown Message", "", 0, true },
		{ 429, "error code: 1015", OUTCOME_RETRY, "rate-limit",
		  "error code: 1015", "", 0, false },
		{ 502, "<html>", OUTCOME_RETRY, "server-error", "<html>", "", 0,
		  false },
	};

	(void)state;
	kinds_check_answers("discord", t, ARRAY_LEN(t));
}

static void what_is_no_address_is_refused(void **state)
{
	static const struct kinds_refusal t[] = {
		{ "type = discord", "s3cret", "url-file is needed" },
		{ "type = discord\nurl-file = FILE", "s3cret",
		  ":3: channel x: url-file: no http or https URL" },
		{ "type = discord\nurl = http://a/", "s3cret",
		  ":3: channel x: url: not of type discord" },
	};

	(void)state;
	kinds_check_refusals(t, ARRAY_LEN(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_mentions_nobody_and_asks_for_the_id),
		cmocka_unit_test(a_change_is_a_patch_of_the_message),
		cmocka_unit_test(the_link_takes_no_room_from_the_text),
		cmocka_unit_test(its_answers_are_understood),
		cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
