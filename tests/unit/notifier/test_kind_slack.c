#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

static void load(struct kinds_case *k, const char *keys, const char *secret)
{
	struct err e;

	if (kinds_load_secret(k, keys, secret, &e))
		fail_msg("%s", e.msg);
}

static void a_webhook_gets_the_text_alone(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, "type = slack\nurl-file = FILE", "https://h/services/T/B/s3");
	/* It cannot be told to change anything. */
	assert_int_equal(kinds_compose_part(&k, KINDS_NOTE("\"t\"", "\"m\""), 1,
					    STR("C1/1.2"), &e),
			 0);
	assert_string_equal(k.req.url.p, "https://h/services/T/B/s3");
	assert_string_equal(k.req.body.p,
			    "{\"unfurl_links\":false,\"unfurl_media\":false,"
			    "\"text\":\"*t*\\nm\"}");
	assert_null(kinds_header(&k, "Authorization"));
	kinds_free(&k);
}

static void a_bot_says_where_and_which(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\","
		"\"data\":{\"link\":\"http://a/?b&c\"}}";
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k,
	     "type = slack\nchannel = #a\nbase-url = http://h/api/\n"
	     "token-file = FILE",
	     "xoxb-s3cret");
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(k.req.url.p, "http://h/api/chat.postMessage");
	assert_string_equal(kinds_header(&k, "Authorization"),
			    "Bearer xoxb-s3cret");
	assert_string_equal(
		k.req.body.p,
		"{\"channel\":\"#a\",\"unfurl_links\":false,"
		"\"unfurl_media\":false,\"text\":\"*t*\\nm\\nhttp://a/"
		"?b&amp;c\"}");
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("C1/1.2"), &e), 0);
	assert_string_equal(k.req.url.p, "http://h/api/chat.update");
	assert_non_null(
		strstr(k.req.body.p, "{\"channel\":\"C1\",\"ts\":\"1.2\","));
	/* An id of another service: there is nothing of ours to change. */
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("815"), &e), 0);
	assert_string_equal(k.req.url.p, "http://h/api/chat.postMessage");
	kinds_free(&k);
}

static void others_words_mention_and_link_nobody(void **state)
{
	static const struct {
		const char *data, *want;
	} t[] = {
		{ KINDS_NOTE("\"<!channel> <@U1>\"",
			     "\"<http://evil|bank> & co\""),
		  "*&lt;!channel&gt; &lt;@U1&gt;*\\n"
		  "&lt;http://evil|bank&gt; &amp; co" },
		{ KINDS_NOTE("\"<script>\"", "\"&lt;\""),
		  "*&lt;script&gt;*\\n&amp;lt;" },
		{ KINDS_NOTE("\"a\\nb\"", "\"\\u202eabc\\u0007\""),
		  "*a\\nb*\\n\xe2\x80\xae"
		  "abc" },
	};
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, "type = slack\nurl-file = FILE", "http://h/");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(kinds_compose(&k, t[i].data, &e), 0);
		if (!strstr(k.req.body.p, t[i].want))
			fail_msg("%s", k.req.body.p);
	}
	kinds_free(&k);
}

static void its_answers_are_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 200, "ok", OUTCOME_SENT, "", "", "", 0, false },
		{ 403, "invalid_token", OUTCOME_FAILED, "auth", "invalid_token",
		  "", 0, false },
		{ 404, "no_service\n", OUTCOME_FAILED, "rejected", "no_service",
		  "", 0, false },
		{ 500, "rollup_error", OUTCOME_RETRY, "server-error",
		  "rollup_error", "", 0, false },
		{ 200, "<html>Sign in", OUTCOME_FAILED, "rejected",
		  KINDS_FOREIGN, "", 0, false },
		{ 200, "{}", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "", 0,
		  false },
		{ 200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"15.0002\"}",
		  OUTCOME_SENT, "", "", "C1/15.0002", 0, false },
		{ 200, "{\"ok\":true,\"ts\":7}", OUTCOME_SENT, "", "", "", 0,
		  false },
		{ 200, "{\"ok\":false,\"error\":\"invalid_auth\"}",
		  OUTCOME_FAILED, "auth", "invalid_auth", "", 0, false },
		{ 200, "{\"ok\":false,\"error\":\"channel_not_found\"}",
		  OUTCOME_FAILED, "rejected", "channel_not_found", "", 0,
		  false },
		{ 200, "{\"ok\":false,\"error\":\"fatal_error\"}",
		  OUTCOME_RETRY, "server-error", "fatal_error", "", 0, false },
		{ 200, "{\"ok\":false,\"error\":\"ratelimited\"}",
		  OUTCOME_RETRY, "rate-limit", "ratelimited", "", 0, false },
		{ 429, "{\"ok\":false,\"error\":\"ratelimited\"}",
		  OUTCOME_RETRY, "rate-limit", "ratelimited", "", 0, false },
		{ 200, "{\"ok\":false,\"error\":\"message_not_found\"}",
		  OUTCOME_RETRY, "rejected", "message_not_found", "", 0, true },
		{ 200, "{\"ok\":\"true\"}", OUTCOME_FAILED, "rejected", "", "",
		  0, false },
	};

	(void)state;
	kinds_check_answers("slack", t, ARRAY_LEN(t));
}

static void what_does_not_fit_together_is_refused(void **state)
{
	static const struct kinds_refusal t[] = {
		{ "type = slack\nchannel = C1\nurl-file = FILE", "s3cret",
		  ":3: channel x: channel: a webhook has its own" },
		{ "type = slack\nbase-url = http://a/\nurl-file = FILE",
		  "s3cret", ":3: channel x: base-url: only for a bot" },
		{ "type = slack\nurl-file = FILE", "s3cret",
		  ":3: channel x: url-file: no http or https URL" },
		{ "type = slack\ntoken-file = FILE", "s3cret",
		  ":2: channel x: channel is needed" },
		{ "type = slack\nchannel = C1\nbase-url = a\n"
		  "token-file = FILE",
		  "s3cret", ":4: channel x: base-url: no http or https URL" },
		{ "type = slack\ntoken-file = FILE\nurl = http://a/", "s3cret",
		  ":4: channel x: url: not of type slack" },
		{ "type = slack\nchannel = C1", "s3cret",
		  "url-file or token-file is needed" },
	};

	(void)state;
	kinds_check_refusals(t, ARRAY_LEN(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_webhook_gets_the_text_alone),
		cmocka_unit_test(a_bot_says_where_and_which),
		cmocka_unit_test(others_words_mention_and_link_nobody),
		cmocka_unit_test(its_answers_are_understood),
		cmocka_unit_test(what_does_not_fit_together_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
