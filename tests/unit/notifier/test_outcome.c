#include "cmd/notifier/outcome.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static void http_answers_and_failures_have_their_outcome(void **state)
{
	static const struct {
		enum http_result result;
		bool sent;
		int status;
		enum outcome_end end;
		const char *reason;
	} t[] = {
		{ HTTP_OK, true, 200, OUTCOME_SENT, "" },
		{ HTTP_OK, true, 204, OUTCOME_SENT, "" },
		{ HTTP_OK, true, 302, OUTCOME_FAILED, "rejected" },
		{ HTTP_OK, true, 400, OUTCOME_FAILED, "rejected" },
		{ HTTP_OK, true, 401, OUTCOME_FAILED, "auth" },
		{ HTTP_OK, true, 403, OUTCOME_FAILED, "auth" },
		{ HTTP_OK, true, 404, OUTCOME_FAILED, "rejected" },
		{ HTTP_OK, true, 408, OUTCOME_RETRY, "timeout" },
		{ HTTP_OK, true, 429, OUTCOME_RETRY, "rate-limit" },
		{ HTTP_OK, true, 500, OUTCOME_RETRY, "server-error" },
		{ HTTP_OK, true, 503, OUTCOME_RETRY, "server-error" },
		{ HTTP_TOO_LARGE, true, 200, OUTCOME_SENT, "" },
		{ HTTP_TOO_LARGE, true, 0, OUTCOME_UNKNOWN, "network" },
		{ HTTP_TIMEOUT, false, 0, OUTCOME_RETRY, "timeout" },
		{ HTTP_TIMEOUT, true, 0, OUTCOME_UNKNOWN, "timeout" },
		{ HTTP_TIMEOUT, true, 200, OUTCOME_UNKNOWN, "timeout" },
		{ HTTP_BROKEN, true, 0, OUTCOME_UNKNOWN, "network" },
		{ HTTP_BROKEN, false, 0, OUTCOME_RETRY, "network" },
		{ HTTP_NO_HOST, false, 0, OUTCOME_RETRY, "dns" },
		{ HTTP_NO_CONNECT, false, 0, OUTCOME_RETRY, "network" },
		{ HTTP_BAD_TLS, false, 0, OUTCOME_RETRY, "tls" },
		{ HTTP_REFUSED, false, 0, OUTCOME_FAILED, "rejected" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct outcome o =
			outcome_of_http(t[i].result, t[i].sent, t[i].status);

		if (o.end != t[i].end || strcmp(o.reason, t[i].reason) != 0)
			fail_msg("%s, sent %d, status %d: got %d %s",
				 http_result_name(t[i].result), t[i].sent,
				 t[i].status, o.end, o.reason);
	}
}

static void a_command_tells_by_its_exit_status(void **state)
{
	static const struct {
		int status, signal;
		bool timed_out;
		enum outcome_end end;
		const char *reason;
	} t[] = {
		{ 0, 0, false, OUTCOME_SENT, "" },
		{ 1, 0, false, OUTCOME_FAILED, "rejected" },
		{ 75, 0, false, OUTCOME_RETRY, "temporary" },
		{ 0, 11, false, OUTCOME_UNKNOWN, "signal" },
		{ 0, 9, true, OUTCOME_UNKNOWN, "timeout" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct outcome o = outcome_of_exit(t[i].status, t[i].signal,
						   t[i].timed_out);

		assert_int_equal(o.end, t[i].end);
		assert_string_equal(o.reason, t[i].reason);
	}
}

static void of_an_answer_one_printable_line_is_kept(void **state)
{
	char text[1000];
	struct outcome o;

	(void)state;
	outcome_set_receiver(&o, STR("  no\x1b[1m way \r\nmore\n"));
	assert_string_equal(o.receiver, "no?[1m way");
	outcome_set_receiver(&o, (struct str){ NULL, 0 });
	assert_string_equal(o.receiver, "");
	/* 200 bytes end within the 67th of these. */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "\xe2\x82\xac"[i % 3];
	outcome_set_receiver(&o, (struct str){ text, 999 });
	assert_int_equal(strlen(o.receiver), 198);
}

static void what_the_receiver_says_holds_no_secret(void **state)
{
#define URL "https://h/services/T0/B0/abcdefghijklmnopqrst"
	static const struct {
		const char *secret, *text, *want;
	} t[] = {
		{ "12:s3cret", "no bot 12:s3cret, 12:s3cret!",
		  "no bot ***, ***!" },
		{ "12:s3cret", "12:s3cre", "***" },
		{ "12:s3cret", "12:s3cr x", "12:s3cr x" },
		{ "12:s3cret", "12:", "12:" },
		{ "aab", "aaab", "a***" },
		{ URL, "Cannot POST /services/T0/B0/abcdefghijklmnopqrst",
		  "Cannot POST ***" },
		{ URL, "no URL: " URL ".", "no URL: ***." },
		{ URL, "token abcdefghijklmnopqrst of T0/B0",
		  "token *** of T0/B0" },
		{ "https://h", "not of h", "not of h" },
		{ "https://h/", "no / here", "no / here" },
		{ "", "text", "text" },
	};
	struct outcome o = { .end = OUTCOME_FAILED };
	char text[OUTCOME_RECEIVER_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		outcome_set_receiver(&o, str_from(t[i].text));
		outcome_hide(&o, str_from(t[i].secret));
		assert_string_equal(o.receiver, t[i].want);
	}
	/* Cut in its middle, and in the middle of what stands for it. */
	for (size_t n = 190; n <= 200; n++) {
		struct buf b = { .p = NULL };

		memset(text, 'x', n);
		text[n] = '\0';
		buf_addf(&b, "%s12:s3cret", text);
		outcome_set_receiver(&o, buf_str(&b));
		outcome_hide(&o, STR("12:s3cret"));
		assert_null(strstr(o.receiver, "12:s"));
		assert_true(strlen(o.receiver) <= OUTCOME_RECEIVER_MAX);
		buf_free(&b);
	}
}

static void a_mail_ends_by_what_the_server_said(void **state)
{
	static const struct {
		enum smtp_result result;
		bool sent;
		int code;
		const char *reply;
		enum outcome_end end;
		const char *reason, *receiver;
		int status;
	} t[] = {
		{ SMTP_OK, false, 250, "Ok q1", OUTCOME_SENT, "", "Ok q1",
		  250 },
		{ SMTP_REFUSED, false, 421, "4.3.2 no", OUTCOME_RETRY,
		  "server-error", "4.3.2 no", 421 },
		{ SMTP_REFUSED, false, 421, "4.7.0 no", OUTCOME_RETRY,
		  "rate-limit", "4.7.0 no", 421 },
		{ SMTP_REFUSED, false, 450, "4.7.1 no", OUTCOME_RETRY,
		  "rate-limit", "4.7.1 no", 450 },
		{ SMTP_REFUSED, false, 452, "", OUTCOME_RETRY, "server-error",
		  "why", 452 },
		{ SMTP_REFUSED, false, 530, "x", OUTCOME_FAILED, "auth", "x",
		  530 },
		{ SMTP_REFUSED, false, 550, "4.7.1", OUTCOME_FAILED, "rejected",
		  "4.7.1", 550 },
		{ SMTP_REFUSED, false, 554, "x", OUTCOME_FAILED, "rejected",
		  "x", 554 },
		{ SMTP_NO_AUTH, false, 454, "4.7.0 x", OUTCOME_RETRY,
		  "rate-limit", "4.7.0 x", 454 },
		{ SMTP_NO_AUTH, false, 504, "x", OUTCOME_FAILED, "auth", "x",
		  504 },
		{ SMTP_NO_AUTH, false, 0, "", OUTCOME_FAILED, "auth", "why",
		  -1 },
		{ SMTP_BROKEN, true, 354, "go", OUTCOME_UNKNOWN, "network",
		  "why", -1 },
		{ SMTP_BROKEN, false, 250, "ok", OUTCOME_RETRY, "network",
		  "why", -1 },
		{ SMTP_TIMEOUT, true, 354, "go", OUTCOME_UNKNOWN, "timeout",
		  "why", -1 },
		{ SMTP_TIMEOUT, false, 0, "", OUTCOME_RETRY, "timeout", "why",
		  -1 },
		{ SMTP_NO_HOST, false, 0, "", OUTCOME_RETRY, "dns", "why", -1 },
		{ SMTP_NO_CONNECT, false, 0, "", OUTCOME_RETRY, "network",
		  "why", -1 },
		{ SMTP_BAD_TLS, false, 220, "", OUTCOME_RETRY, "tls", "why",
		  -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct smtp_response r = {
			.result = t[i].result,
			.code = t[i].code,
			.sent = t[i].sent,
			.reply = str_from(t[i].reply),
			.reason = t[i].result == SMTP_OK ? "" : "why"
		};
		struct outcome o = outcome_of_smtp(&r);

		if (o.end != t[i].end || o.status != t[i].status ||
		    strcmp(o.reason, t[i].reason) != 0 ||
		    strcmp(o.receiver, t[i].receiver) != 0)
			fail_msg("%zu: %d %d %s %s", i, o.end, o.status,
				 o.reason, o.receiver);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_answers_and_failures_have_their_outcome),
		cmocka_unit_test(a_command_tells_by_its_exit_status),
		cmocka_unit_test(a_mail_ends_by_what_the_server_said),
		cmocka_unit_test(of_an_answer_one_printable_line_is_kept),
		cmocka_unit_test(what_the_receiver_says_holds_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
