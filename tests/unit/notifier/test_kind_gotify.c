#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

static void it_gets_plain_text(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"<b>\",\"message\":\"*m*\","
		"\"priority\":\"high\",\"data\":{\"link\":\"http://a/\"}}";
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load_secret(&k,
					   "type = gotify\n"
					   "base-url = http://h/g/\n"
					   "token-file = FILE",
					   "As3cret", &e),
			 0);
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(k.req.url.p, "http://h/g/message");
	assert_string_equal(kinds_header(&k, "X-Gotify-Key"), "As3cret");
	assert_string_equal(k.req.body.p,
			    "{\"title\":\"<b>\",\"message\":\"*m*\","
			    "\"priority\":8,\"extras\":{\"client::display\":{"
			    "\"contentType\":\"text/plain\"},"
			    "\"client::notification\":{\"click\":{\"url\":"
			    "\"http://a/\"}}}}");
	assert_int_equal(kinds_compose(&k, KINDS_NOTE("\"t\"", "\"m\""), &e),
			 0);
	assert_non_null(strstr(k.req.body.p, "\"priority\":5,"));
	assert_null(strstr(k.req.body.p, "click"));
	kinds_free(&k);
}

static void its_answers_are_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 200, "{\"id\":25,\"appid\":5}", OUTCOME_SENT, "", "", "25", 0,
		  false },
		{ 200, "{\"id\":\"25\"}", OUTCOME_FAILED, "rejected",
		  KINDS_FOREIGN, "", 0, false },
		{ 200, "<html>", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "",
		  0, false },
		{ 401,
		  "{\"error\":\"Unauthorized\",\"errorCode\":401,"
		  "\"errorDescription\":\"you need to provide a token\"}",
		  OUTCOME_FAILED, "auth", "you need to provide a token", "", 0,
		  false },
		{ 400,
		  "{\"error\":\"Bad Request\",\"errorCode\":400,"
		  "\"errorDescription\":\"Field 'message' is required\"}",
		  OUTCOME_FAILED, "rejected", "Field 'message' is required", "",
		  0, false },
		{ 404, "404 page not found", OUTCOME_FAILED, "rejected",
		  "404 page not found", "", 0, false },
		{ 500, "", OUTCOME_RETRY, "server-error", "", "", 0, false },
	};

	(void)state;
	kinds_check_answers("gotify", t, ARRAY_LEN(t));
}

static void what_is_missing_is_told(void **state)
{
	static const struct kinds_refusal t[] = {
		{ "type = gotify\nbase-url = http://h/", "s3cret",
		  "token-file is needed" },
		{ "type = gotify\ntoken-file = FILE", "s3cret",
		  "base-url is needed" },
		{ "type = gotify\nbase-url = gotify://h\ntoken-file = FILE",
		  "s3cret", ":3: channel x: base-url: no http or https URL" },
	};

	(void)state;
	kinds_check_refusals(t, ARRAY_LEN(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_plain_text),
		cmocka_unit_test(its_answers_are_understood),
		cmocka_unit_test(what_is_missing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
