#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

#define KEYS                                                        \
	"type = sms\naccount = AC1\nto = +491\ntoken-file = FILE\n" \
	"base-url = http://h/\n"

static void load(struct kinds_case *k, const char *keys)
{
	struct err e;

	if (kinds_load_secret(k, keys, "s3cret", &e))
		fail_msg("%s", e.msg);
}

static void it_is_a_form_of_the_account(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, KEYS "from = +1555\n");
	assert_int_equal(
		kinds_compose(&k, KINDS_NOTE("\"a=b&c\"", "\"\\u00e4\\tx\""),
			      &e),
		0);
	assert_string_equal(k.req.url.p,
			    "http://h/2010-04-01/Accounts/AC1/Messages.json");
	/* AC1:s3cret */
	assert_string_equal(kinds_header(&k, "Authorization"),
			    "Basic QUMxOnMzY3JldA==");
	assert_string_equal(kinds_header(&k, "Content-Type"),
			    "application/x-www-form-urlencoded");
	assert_string_equal(k.req.body.p, "To=%2B491&From=%2B1555&Body="
					  "a%3Db%26c%0A%C3%A4%20x");
	kinds_free(&k);
	load(&k, KEYS "service = MG1\nkey = SK1\n");
	assert_int_equal(kinds_compose(&k, KINDS_NOTE("\"t\"", "\"m\""), &e),
			 0);
	/* SK1:s3cret */
	assert_string_equal(kinds_header(&k, "Authorization"),
			    "Basic U0sxOnMzY3JldA==");
	assert_string_equal(k.req.body.p, "To=%2B491&MessagingServiceSid=MG1&"
					  "Body=t%0Am");
	kinds_free(&k);
}

static void it_takes_no_more_parts_than_it_may(void **state)
{
	struct buf data = { .p = NULL };
	struct kinds_case k;
	struct err e;
	const char *body;

	(void)state;
	buf_puts(&data, "{\"type\":\"custom\",\"title\":\"t\",\"message\":\"");
	for (int i = 0; i < 4000; i++)
		buf_putc(&data, 'x');
	buf_puts(&data, "\"}");
	load(&k, KEYS "from = x\nsegments = 1\n");
	assert_int_equal(kinds_compose(&k, data.p, &e), 0);
	body = strstr(k.req.body.p, "Body=") + 5;
	/* The line break is three bytes of the form. */
	assert_int_equal(strlen(body), 160 + 2);
	assert_true(str_ends(str_from(body), STR("x...")));
	kinds_free(&k);
	load(&k, KEYS "from = x\n");
	assert_int_equal(kinds_compose(&k, data.p, &e), 0);
	body = strstr(k.req.body.p, "Body=") + 5;
	assert_int_equal(strlen(body), 3 * 153 + 2);
	kinds_free(&k);
	buf_free(&data);
}

static void its_answers_are_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 201,
		  "{\"sid\":\"SM1\",\"status\":\"queued\",\"error_code\":null}",
		  OUTCOME_SENT, "", "", "SM1", 0, false },
		{ 201,
		  "{\"sid\":\"SM1\",\"status\":\"failed\",\"error_code\":30003,"
		  "\"error_message\":\"Unreachable\"}",
		  OUTCOME_RETRY, "unreachable", "30003: Unreachable", "", 0,
		  false },
		{ 201,
		  "{\"sid\":\"SM1\",\"status\":\"undelivered\","
		  "\"error_code\":30007,\"error_message\":null}",
		  OUTCOME_FAILED, "rejected", "30007", "", 0, false },
		{ 200, "<html>", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "",
		  0, false },
		{ 200, "{}", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "", 0,
		  false },
		{ 401,
		  "{\"code\":20003,\"message\":\"Authenticate\","
		  "\"status\":401}",
		  OUTCOME_FAILED, "auth", "20003: Authenticate", "", 0, false },
		{ 400,
		  "{\"code\":21610,\"message\":\"Attempt to send to "
		  "unsubscribed recipient\",\"status\":400}",
		  OUTCOME_FAILED, "unsubscribed",
		  "21610: Attempt to send to unsubscribed recipient", "", 0,
		  false },
		{ 400, "{\"code\":21211,\"message\":\"Invalid 'To'\"}",
		  OUTCOME_FAILED, "rejected", "21211: Invalid 'To'", "", 0,
		  false },
		{ 400, "{\"code\":30001,\"message\":\"Queue overflow\"}",
		  OUTCOME_RETRY, "rate-limit", "30001: Queue overflow", "", 0,
		  false },
		{ 429, "{\"code\":20429,\"message\":\"Too Many Requests\"}",
		  OUTCOME_RETRY, "rate-limit", "20429: Too Many Requests", "",
		  0, false },
		{ 503, "upstream", OUTCOME_RETRY, "server-error", "upstream",
		  "", 0, false },
	};

	(void)state;
	kinds_check_answers("sms", t, ARRAY_LEN(t));
}

static void what_no_message_can_come_of_is_refused(void **state)
{
	static const struct kinds_refusal t[] = {
		{ KEYS, "s3cret", "from or service is needed" },
		{ KEYS "from = a\nservice = b", "s3cret",
		  ":8: channel x: service: from is there, too" },
		{ "type = sms\naccount = a\nfrom = b\nto = 0170\n"
		  "token-file = FILE",
		  "s3cret", ":5: channel x: to: a number such as" },
		{ "type = sms\naccount = a/b\nfrom = b\nto = +491\n"
		  "token-file = FILE",
		  "s3cret", ":3: channel x: account: letters and digits" },
		{ KEYS "from = a\nkey = a:b", "s3cret",
		  ":8: channel x: key: letters and digits" },
		{ KEYS "from = a\nsegments = 11", "s3cret",
		  ":8: channel x: segments" },
		{ KEYS "from = a\nlong = split", "s3cret",
		  ":8: channel x: long: not of type sms" },
		{ "type = sms\naccount = a\nfrom = b\nto = +491", "s3cret",
		  "token-file is needed" },
	};

	(void)state;
	kinds_check_refusals(t, ARRAY_LEN(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_a_form_of_the_account),
		cmocka_unit_test(it_takes_no_more_parts_than_it_may),
		cmocka_unit_test(its_answers_are_understood),
		cmocka_unit_test(what_no_message_can_come_of_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
