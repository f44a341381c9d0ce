#include "common/cron.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct tz_cache zones;

/* Local time of z without its offset, as "2026-03-29T02:30:00". */
static void print_local(const struct tz *z, int64_t us, char *out, size_t size)
{
	char text[CLK_TEXT_SIZE];
	int64_t utc_s = us / 1000000;
	int64_t local_s = utc_s + tz_span_at(z, utc_s).offset_s;

	clk_format(local_s * 1000000, text);
	snprintf(out, size, "%.19s", text);
}

struct sample {
	const char *expr, *zone;
	const char *after;   /* RFC 3339 */
	const char *want[4]; /* local times, in turn; "-": none */
};

static void judge(const struct sample *s)
{
	const struct tz *z = tz_get(&zones, str_from(s->zone), NULL);
	struct cron c;
	struct err e;
	int64_t t;

	assert_non_null(z);
	if (cron_parse(str_from(s->expr), &c, &e))
		fail_msg("%s", e.msg);
	assert_true(clk_parse(str_from(s->after), &t));
	for (size_t i = 0; i < ARRAY_LEN(s->want) && s->want[i]; i++) {
		char got[CLK_TEXT_SIZE] = "-";

		t = cron_next(&c, z, t);
		if (t != CLK_NONE)
			print_local(z, t, got, sizeof(got));
		if (strcmp(got, s->want[i]) != 0)
			fail_msg("%s after %s, time %zu: want %s, got %s",
				 s->expr, s->after, i, s->want[i], got);
		if (t == CLK_NONE)
			break;
	}
}

static void judge_all(const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		judge(&s[i]);
}

static void the_next_time_is_strictly_later(void **state)
{
	const struct sample s[] = {
		{ "* * * * *",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-01T00:01:00", "2026-01-01T00:02:00" } },
		{ "* * * * *",
		  "UTC",
		  "2026-01-01T00:00:59.999999Z",
		  { "2026-01-01T00:01:00" } },
		{ "0 0 1 1 *",
		  "UTC",
		  "1969-12-31T23:59:59.999999Z",
		  { "1970-01-01T00:00:00" } },
		{ "0 0 1 1 *",
		  "UTC",
		  "1970-01-01T00:00:00Z",
		  { "1971-01-01T00:00:00" } },
		{ "59 23 31 12 *",
		  "UTC",
		  "1960-01-01T00:00:00Z",
		  { "1960-12-31T23:59:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

static void fields_take_lists_ranges_steps_and_names(void **state)
{
	const struct sample s[] = {
		{ "5/20 * * * *",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-01T00:05:00", "2026-01-01T00:25:00",
		    "2026-01-01T00:45:00", "2026-01-01T01:05:00" } },
		{ "10-14/3,50 4 * * *",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-01T04:10:00", "2026-01-01T04:13:00",
		    "2026-01-01T04:50:00", "2026-01-02T04:10:00" } },
		{ "0 22-2/2 * * *",
		  "UTC",
		  "2026-01-01T12:00:00Z",
		  { "2026-01-01T22:00:00", "2026-01-02T00:00:00",
		    "2026-01-02T02:00:00", "2026-01-02T22:00:00" } },
		{ "0 0 1 nov-FEB *",
		  "UTC",
		  "2026-02-01T00:00:00Z",
		  { "2026-11-01T00:00:00", "2026-12-01T00:00:00",
		    "2027-01-01T00:00:00", "2027-02-01T00:00:00" } },
		{ "0 0 ? * sat-Sun",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-03T00:00:00", "2026-01-04T00:00:00",
		    "2026-01-10T00:00:00" } },
		{ "0 0 * * 7",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-04T00:00:00" } },
		{ "0 0 * * 5-7",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-02T00:00:00", "2026-01-03T00:00:00",
		    "2026-01-04T00:00:00", "2026-01-09T00:00:00" } },
		{ "0 0 * * 0-7",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-02T00:00:00", "2026-01-03T00:00:00" } },
		{ "0 0 * * 7/3",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-03T00:00:00", "2026-01-04T00:00:00",
		    "2026-01-07T00:00:00" } },
		{ "@Hourly",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-01T01:00:00" } },
		{ " @weekly ",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-04T00:00:00" } },
		{ "@annually",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2027-01-01T00:00:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

static void either_day_field_matches_when_both_are_given(void **state)
{
	const struct sample s[] = {
		{ "0 0 13 * fri",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-02T00:00:00", "2026-01-09T00:00:00",
		    "2026-01-13T00:00:00", "2026-01-16T00:00:00" } },
		{ "0 0 13 * ?",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-13T00:00:00", "2026-02-13T00:00:00" } },
		{ "0 0 * * fri",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-02T00:00:00", "2026-01-09T00:00:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

static void days_are_counted_from_the_end_and_to_working_days(void **state)
{
	const struct sample s[] = {
		{ "0 0 L * *",
		  "UTC",
		  "2028-01-31T12:00:00Z",
		  { "2028-02-29T00:00:00", "2028-03-31T00:00:00" } },
		{ "0 0 L-2 2 *",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-02-26T00:00:00" } },
		{ "0 0 29-L 2,3 *",
		  "UTC",
		  "2026-02-01T00:00:00Z",
		  { "2026-03-29T00:00:00", "2026-03-30T00:00:00",
		    "2026-03-31T00:00:00", "2027-03-29T00:00:00" } },
		/* 1 August 2026 is a Saturday, 31 May 2026 a Sunday. */
		{ "0 0 1W * *",
		  "UTC",
		  "2026-07-30T00:00:00Z",
		  { "2026-08-03T00:00:00", "2026-09-01T00:00:00" } },
		{ "0 0 31W 5,6,7 *",
		  "UTC",
		  "2026-05-01T00:00:00Z",
		  { "2026-05-29T00:00:00", "2026-07-31T00:00:00" } },
		{ "0 0 15w 8 *",
		  "UTC",
		  "2026-08-01T00:00:00Z",
		  { "2026-08-14T00:00:00" } },
		{ "0 0 LW * *",
		  "UTC",
		  "2026-05-01T00:00:00Z",
		  { "2026-05-29T00:00:00", "2026-06-30T00:00:00" } },
		{ "0 0 * * fri#2",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-09T00:00:00", "2026-02-13T00:00:00" } },
		{ "0 0 * * 0#5",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-03-29T00:00:00", "2026-05-31T00:00:00" } },
		{ "0 0 * * friL",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-30T00:00:00", "2026-02-27T00:00:00" } },
		{ "0 0 * * L1",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-26T00:00:00" } },
		{ "0 0 * * L",
		  "UTC",
		  "2026-01-01T00:00:00Z",
		  { "2026-01-03T00:00:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

static void rare_dates_come(void **state)
{
	const struct sample s[] = {
		{ "0 0 29 2 *",
		  "UTC",
		  "2096-03-01T00:00:00Z",
		  { "2104-02-29T00:00:00" } },
		{ "0 0 * 2 mon#5",
		  "UTC",
		  "2072-03-01T00:00:00Z",
		  { "2112-02-29T00:00:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

/* Paris skips 02:00 to 03:00 on 2026-03-29, Lord Howe half an hour. */
static void a_skipped_time_runs_as_much_later(void **state)
{
	const struct sample s[] = {
		{ "0 2 * * *",
		  "Europe/Paris",
		  "2026-03-28T12:00:00Z",
		  { "2026-03-29T03:00:00", "2026-03-30T02:00:00" } },
		{ "0,30 2 * * *",
		  "Europe/Paris",
		  "2026-03-28T12:00:00Z",
		  { "2026-03-29T03:00:00", "2026-03-29T03:30:00",
		    "2026-03-30T02:00:00" } },
		{ "30 2,3 * * *",
		  "Europe/Paris",
		  "2026-03-28T12:00:00Z",
		  { "2026-03-29T03:30:00", "2026-03-30T02:30:00" } },
		{ "30 * * * *",
		  "Europe/Paris",
		  "2026-03-29T00:00:00Z",
		  { "2026-03-29T01:30:00", "2026-03-29T03:30:00" } },
		{ "10 2 * * *",
		  "Australia/Lord_Howe",
		  "2026-10-03T00:00:00Z",
		  { "2026-10-04T02:40:00", "2026-10-05T02:10:00" } },
		{ "0 0 * * *",
		  "America/Sao_Paulo",
		  "2018-11-03T12:00:00Z",
		  { "2018-11-04T01:00:00", "2018-11-05T00:00:00" } },
		/* Samoa had no 30 December 2011 at all. */
		{ "0 12 * * *",
		  "Pacific/Apia",
		  "2011-12-29T00:00:00Z",
		  { "2011-12-29T12:00:00", "2011-12-31T12:00:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

/* Paris shows 02:00 to 03:00 twice on 2026-10-25. */
static void a_doubled_time_runs_once_but_real_hours_all(void **state)
{
	const struct sample s[] = {
		{ "30 2 * * *",
		  "Europe/Paris",
		  "2026-10-24T12:00:00Z",
		  { "2026-10-25T02:30:00", "2026-10-26T02:30:00" } },
		{ "30 2 * * *",
		  "Europe/Paris",
		  "2026-10-25T01:00:00Z",
		  { "2026-10-26T02:30:00" } },
		{ "0 2,3 * * *",
		  "Europe/Paris",
		  "2026-10-24T12:00:00Z",
		  { "2026-10-25T02:00:00", "2026-10-25T03:00:00" } },
		{ "30 * * * *",
		  "Europe/Paris",
		  "2026-10-25T00:00:00Z",
		  { "2026-10-25T02:30:00", "2026-10-25T02:30:00",
		    "2026-10-25T03:30:00" } },
		{ "*/30 */1 * * *",
		  "Europe/Paris",
		  "2026-10-25T00:10:00Z",
		  { "2026-10-25T02:30:00", "2026-10-25T02:00:00",
		    "2026-10-25T02:30:00", "2026-10-25T03:00:00" } },
	};

	(void)state;
	judge_all(s, ARRAY_LEN(s));
}

/* Each of the year's days has its run, in the years of the file and after. */
static void no_day_is_lost_or_doubled(void **state)
{
	static const char *const names[] = { "Europe/Dublin", "America/Havana",
					     "Asia/Tehran", "Africa/Cairo",
					     "America/Nuuk" };
	const int years[] = { 1975, 2024, 2026, 2050, 2200 };
	struct cron c;

	(void)state;
	assert_int_equal(cron_parse(STR("30 0,1,2,3 * * *"), &c, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(years); i++) {
		const struct tz *z =
			tz_get(&zones, str_from(names[i % 5]), NULL);
		int year = years[i / 5], runs = 0;
		int64_t jan1 = clk_days(year, 1, 1) * 86400 + 43200;
		int64_t days = clk_days(year + 1, 1, 1) - clk_days(year, 1, 1);
		int64_t t = tz_to_utc(z, jan1) * 1000000;
		int64_t end = tz_to_utc(z, jan1 + days * 86400) * 1000000;

		for (;;) {
			int64_t next = cron_next(&c, z, t);

			assert_true(next > t);
			if (next > end)
				break;
			runs++;
			t = next;
		}
		/* Where 02:30 moves onto 03:30 the two are one. */
		if (runs > days * 4 || runs < days * 4 - 1)
			fail_msg("%s %d: %d runs", names[i % 5], year, runs);
	}
}

static void what_is_not_cron_is_named(void **state)
{
	static const char *const bad[] = {
		"",
		"* * * *",
		"* * * * * *",
		"60 * * * *",
		"* 24 * * *",
		"* * 0 * *",
		"* * 32 * *",
		"* * * 13 *",
		"* * * 0 *",
		"* * * * 8",
		"-1 * * * *",
		"1- * * * *",
		"*/0 * * * *",
		"*/61 * * * *",
		"1/ * * * *",
		"1,,2 * * * *",
		", * * * *",
		"? * * * *",
		"* * ?,1 * *",
		"* * * jam *",
		"jan * * * *",
		"* * L/2 * *",
		"* * * * 1#0",
		"* * * * 1#6",
		"* * 1W2 * *",
		"* * 0W * *",
		"* * * * friLx",
		"@every 5m",
		"@reboot",
		"1_0 * * * *",
		"1\r2 * * * *",
		"0 0 30 2 *",
		"0 0 31 4,6,9,11 *",
		"0 0 30W feb ?",
		"* * * * *\n1",
		"99999999999999999999999 * * * *",
	};
	struct cron c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };

		if (cron_parse(str_from(bad[i]), &c, &e) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.code, EX_CONFIG);
	}
}

/* RFC 3339, or the same without a zone (UTC), or with "-0500". */
static bool read_time(struct str s, int64_t *us_r)
{
	char text[40];

	if (clk_parse(s, us_r))
		return true;
	snprintf(text, sizeof(text), "%.*sZ", STR_ARG(s));
	if (clk_parse(str_from(text), us_r))
		return true;
	if (s.len < 5)
		return false;
	snprintf(text, sizeof(text), "%.*s:%.2s", (int)s.len - 2, s.p,
		 s.p + s.len - 2);
	return clk_parse(str_from(text), us_r);
}

static bool judge_next(const struct json *c, const struct cron *cron)
{
	const struct json *after = json_member(c, "after");
	struct str from = cases_str(c, "after");
	const char *zone = json_string(json_member(after, "tz"));
	int64_t t, want = CLK_NONE;

	if (zone)
		from = cases_str(after, "t");
	else if (str_ends(from, STR("+0530")))
		zone = "Asia/Kolkata";
	read_time(cases_str(c, "expected"), &want);
	return read_time(from, &t) &&
	       cron_next(cron, tz_get(&zones, str_from(zone), NULL), t) == want;
}

static bool judge_sequence(const struct json *c, const struct cron *cron)
{
	const struct tz *z = tz_get(&zones, cases_str(c, "tz"), NULL);
	int64_t t, want;

	if (!read_time(cases_str(c, "start"), &t))
		return false;
	json_each (step, json_member(c, "steps")) {
		if (strcmp(json_string(json_at(step, 0)), "next") != 0)
			break; /* looking back is nothing that weir does */
		t = cron_next(cron, z, t);
		if (!read_time(str_from(json_string(json_at(step, 1))),
			       &want) ||
		    t != want)
			return false;
	}
	return true;
}

/* Five fields, and nothing that other programs have as an option. */
static bool applies(const struct json *c)
{
	struct str expr = cases_str(c, "expr"), field;
	const struct json *fields = json_member(c, "fields");
	const struct json *opts = json_member(c, "opts");
	const struct json *day_or = json_member(c, "day_or");
	size_t n = 0;

	if (fields && strcmp(json_number(fields), "5") != 0)
		return false;
	if (json_true(json_member(opts, "expand_from_start_time")) ||
	    (day_or && !json_true(day_or)) || json_member(c, "min"))
		return false;
	if (expr.len && expr.p[0] == '@')
		return true;
	while (str_token(&expr, " ", &field))
		n++;
	return n == 5;
}

static bool judge_expression(const struct json *c, void *ctx)
{
	struct str kind = cases_str(c, "kind");
	struct cron cron;
	size_t *applied = ctx;
	int64_t at;
	bool good;

	if (!applies(c))
		return true;
	++*applied;
	good = cron_parse(cases_str(c, "expr"), &cron, NULL) == 0;
	if (str_is(kind, "invalid"))
		return !good;
	if (!good) /* what never comes is nothing to wait for */
		return str_is(kind, "next") &&
		       !read_time(cases_str(c, "expected"), &at);
	if (str_is(kind, "next"))
		return judge_next(c, &cron);
	if (str_is(kind, "sequence"))
		return judge_sequence(c, &cron);
	assert_true(read_time(cases_str(c, "at"), &at));
	return (cron_next(&cron, tz_get(&zones, STR("UTC"), NULL), at - 1) ==
		at) == json_true(json_member(c, "expected"));
}

static void agrees_with_other_implementations(void **state)
{
	size_t applied = 0;
	struct cases_count count = cases_run(cases_dir(), "cron.jsonl",
					     judge_expression, &applied);
	size_t bad = count.n - count.good;

	(void)state;
	print_message("# cron: %zu of %zu\n", applied - bad, applied);
	assert_true(bad * 10 <= applied);
}

static int free_zones(void **state)
{
	(void)state;
	tz_cache_free(&zones);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_time_is_strictly_later),
		cmocka_unit_test(fields_take_lists_ranges_steps_and_names),
		cmocka_unit_test(either_day_field_matches_when_both_are_given),
		cmocka_unit_test(
			days_are_counted_from_the_end_and_to_working_days),
		cmocka_unit_test(rare_dates_come),
		cmocka_unit_test(a_skipped_time_runs_as_much_later),
		cmocka_unit_test(a_doubled_time_runs_once_but_real_hours_all),
		cmocka_unit_test(no_day_is_lost_or_doubled),
		cmocka_unit_test(what_is_not_cron_is_named),
		cmocka_unit_test(agrees_with_other_implementations),
	};

	return cmocka_run_group_tests(tests, NULL, free_zones);
}
