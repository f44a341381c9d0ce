/* How an answer is named. */
#include "cmd/scraper/classify.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static const int64_t NOW = INT64_C(1795000000) * 1000000; /* 11:06:40 GMT */

struct row {
	int status;
	const char *body, *retry_after;
	enum outcome want;
	int64_t retry_ms;
};

static struct verdict judge(struct answer a)
{
	struct verdict v;

	if (!a.reason)
		a.reason = "why";
	classify(&a, NOW, &v);
	return v;
}

static void statuses_have_their_names(void **state)
{
	static const struct row t[] = {
		{ 200, "<p>hello", NULL, OUTCOME_FOUND, 0 },
		{ 200, "", NULL, OUTCOME_EMPTY, 0 },
		{ 200, " \n\t", NULL, OUTCOME_EMPTY, 0 },
		{ 204, "", NULL, OUTCOME_EMPTY, 0 },
		{ 206, "part", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 302, "", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 400, "no", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 401, "no", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 403, "no", NULL, OUTCOME_BLOCKED, 0 },
		{ 404, "no", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 404, "captcha", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 429, "slow", NULL, OUTCOME_RATE_LIMITED, 0 },
		{ 429, "slow", "120", OUTCOME_RATE_LIMITED, 120000 },
		{ 500, "oops", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 500, "oops", "5", OUTCOME_HTTP_ERROR, 5000 },
		{ 503, "oops", NULL, OUTCOME_HTTP_ERROR, 0 },
		{ 503, "oops", "30", OUTCOME_RATE_LIMITED, 30000 },
		/* a block page behind any of these */
		{ 429, "Please solve the CAPTCHA", "9", OUTCOME_BLOCKED, 9000 },
		{ 503, "DDoS protection by X", NULL, OUTCOME_BLOCKED, 0 },
		{ 200, "<title>Just a moment...</title>", NULL, OUTCOME_BLOCKED,
		  0 },
		{ 202, "<script>window.gokuProps = {}", NULL, OUTCOME_BLOCKED,
		  0 },
		{ 202, "accepted, no captcha", NULL, OUTCOME_FOUND, 0 },
		/* an ordinary page may talk of such things */
		{ 200, "Our new captcha; access denied; unusual traffic", NULL,
		  OUTCOME_FOUND, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct verdict v = judge((struct answer){
			.status = t[i].status,
			.body = str_from(t[i].body),
			.retry_after = str_from(t[i].retry_after) });

		if (v.outcome != t[i].want || v.retry_ms != t[i].retry_ms)
			fail_msg("row %zu: %d: %s, %lld ms (%s)", i,
				 t[i].status, outcome_name(v.outcome),
				 (long long)v.retry_ms, v.reason);
		/* Whatever is no success says why. */
		assert_int_equal(v.reason[0] == '\0',
				 v.outcome == OUTCOME_FOUND);
	}
}

static void failures_have_their_names(void **state)
{
	static const struct {
		enum http_result result;
		enum outcome want;
	} t[] = {
		{ HTTP_TIMEOUT, OUTCOME_TIMEOUT },
		{ HTTP_NO_HOST, OUTCOME_UNREACHABLE },
		{ HTTP_NO_CONNECT, OUTCOME_UNREACHABLE },
		{ HTTP_PROXY, OUTCOME_UNREACHABLE },
		{ HTTP_NO_ROUTE, OUTCOME_UNREACHABLE },
		{ HTTP_BAD_TLS, OUTCOME_UNREACHABLE },
		{ HTTP_BROKEN, OUTCOME_UNREACHABLE },
		{ HTTP_REFUSED, OUTCOME_REFUSED },
		{ HTTP_TOO_LARGE, OUTCOME_REFUSED },
		{ HTTP_REDIRECTS, OUTCOME_HTTP_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		/* The status of an answer that then broke does not count. */
		struct verdict v = judge((struct answer){ .result = t[i].result,
							  .status = 200 });

		assert_int_equal(v.outcome, t[i].want);
		assert_true(v.reason[0] != '\0');
	}
}

static void not_modified_counts_only_if_we_asked(void **state)
{
	struct answer a = { .status = 304, .conditional = true };

	(void)state;
	assert_int_equal(judge(a).outcome, OUTCOME_UNCHANGED);
	a.conditional = false;
	assert_int_equal(judge(a).outcome, OUTCOME_HTTP_ERROR);
}

static void headers_of_gatekeepers_are_known(void **state)
{
	struct answer a = { .status = 200, .body = STR("<p>hi") };

	(void)state;
	a.cf_mitigated = STR("challenge");
	assert_int_equal(judge(a).outcome, OUTCOME_BLOCKED);
	assert_non_null(strstr(judge(a).reason, "Cloudflare"));
	a.cf_mitigated = (struct str){ 0 };
	a.waf_action = STR("captcha");
	assert_int_equal(judge(a).outcome, OUTCOME_BLOCKED);
}

static void a_mark_in_a_large_page_is_content(void **state)
{
	size_t len = CLASSIFY_PAGE_MAX + 1;
	char *page = malloc(len);
	static const char mark[] = "<title>Just a moment...</title>";
	struct answer a = { .status = 200, .body = { page, len } };

	(void)state;
	memset(page, 'x', len);
	memcpy(page, mark, sizeof(mark) - 1);
	assert_int_equal(judge(a).outcome, OUTCOME_FOUND);
	a.status = 503;
	assert_int_equal(judge(a).outcome, OUTCOME_BLOCKED);
	free(page);
}

static void retry_after_takes_seconds_and_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t want_ms;
	} t[] = {
		{ "0", 0 },
		{ " 7 ", 7000 },
		{ "99999999999", CLASSIFY_RETRY_MAX_MS },
		{ "99999999999999999999999", 0 },
		{ "-5", 0 },
		{ "soon", 0 },
		{ "", 0 },
		{ "Wed, 18 Nov 2026 11:08:00 GMT", 80000 },
		{ "Wed, 18 Nov 2026 11:00:00 GMT", 0 }, /* past */
		{ "Wed, 18 Nov 2036 11:08:00 GMT", CLASSIFY_RETRY_MAX_MS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct verdict v = judge((struct answer){
			.status = 429, .retry_after = str_from(t[i].text) });

		if (v.retry_ms != t[i].want_ms)
			fail_msg("'%s': %lld", t[i].text,
				 (long long)v.retry_ms);
	}
}

static struct str header(const struct json *c, const char *name)
{
	const struct json *all = json_member(c, "headers");
	const struct json *one = all ? json_member(all, name) : NULL;

	return one ? str_from(json_string(one)) : (struct str){ 0 };
}

static bool judge_page(const struct json *c, void *ctx)
{
	const struct json *pad = json_member(c, "pad");
	const char *who = json_string(json_member(c, "who"));
	const char *want = json_string(json_member(c, "want"));
	struct buf page = { 0 };
	struct verdict v;
	struct answer a = {
		.status = (int)strtol(json_number(json_member(c, "status")),
				      NULL, 10),
		.server = header(c, "server"),
		.cf_mitigated = header(c, "cf-mitigated"),
		.waf_action = header(c, "x-amzn-waf-action"),
		.kasada = header(c, "x-kpsdk-ct"),
		.datadome = header(c, "x-datadome"),
	};

	(void)ctx;
	if (a.status / 100 == 2) /* as answer_from() has it */
		a.server = a.kasada = a.datadome = (struct str){ 0 };
	buf_add_str(&page, cases_str(c, "body"));
	for (long n = pad ? strtol(json_number(pad), NULL, 10) : 0; n > 0; n--)
		buf_putc(&page, ' ');
	if (pad)
		buf_putc(&page, '.');
	a.body = buf_str(&page);
	v = judge(a);
	if (strcmp(outcome_name(v.outcome), want) != 0 ||
	    (who && !strstr(v.reason, who)))
		fail_msg("%s: want %s %s, got %s (%s)",
			 json_string(json_member(c, "why")), want,
			 who ? who : "", outcome_name(v.outcome), v.reason);
	buf_free(&page);
	return true;
}

static void pages_that_block_are_known_and_others_are_not(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/classify", "classify.jsonl",
			      judge_page, NULL)
			    .n > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_have_their_names),
		cmocka_unit_test(failures_have_their_names),
		cmocka_unit_test(not_modified_counts_only_if_we_asked),
		cmocka_unit_test(headers_of_gatekeepers_are_known),
		cmocka_unit_test(pages_that_block_are_known_and_others_are_not),
		cmocka_unit_test(a_mark_in_a_large_page_is_content),
		cmocka_unit_test(retry_after_takes_seconds_and_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
