/* For how long an answer stays fresh: tests/fixtures/lifetime. */
#include "cmd/scraper/lifetime.h"

#include "common/clk.h"

#include "tests/unit/cases.h"

/* Absent is not empty. */
static struct str member(const struct json *c, const char *name)
{
	const struct json *m = json_member(c, name);

	return m ? str_from(json_string(m)) : (struct str){ 0 };
}

static bool judge(const struct json *c, void *ctx)
{
	const struct lifetime l = { .cache_control = member(c, "cc"),
				    .expires = member(c, "expires"),
				    .date = member(c, "date"),
				    .age = member(c, "age"),
				    .vary = member(c, "vary") };
	const char *want_s = json_number(json_member(c, "want_s"));
	int64_t now_us, want, got;

	(void)ctx;
	assert_true(clk_parse(STR("2026-11-27T12:00:00Z"), &now_us));
	assert_non_null(want_s);
	want = strtoll(want_s, NULL, 10);
	got = lifetime_ms(&l, now_us);
	if (got != want * 1000)
		fail_msg("%s: want %lld s, got %lld ms",
			 json_string(json_member(c, "why")), (long long)want,
			 (long long)got);
	return true;
}

static void an_answer_is_fresh_as_long_as_it_says(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/lifetime", "lifetime.jsonl",
			      judge, NULL)
			    .n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_fresh_as_long_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
