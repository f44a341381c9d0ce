/* Windows of the week in zones that move their clocks in odd ways. */
#include "common/hours.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct tz_cache zones;

static const struct tz *zone(const char *name)
{
	const struct tz *z = tz_get(&zones, str_from(name), NULL);

	assert_non_null(z);
	return z;
}

static struct hours parse(const char *window)
{
	struct str s = str_from(window);
	struct hours h;
	struct err e;

	if (hours_parse(&s, 1, &h, &e))
		fail_msg("%s", e.msg);
	return h;
}

static int64_t time_us(const char *text)
{
	int64_t us;

	assert_true(clk_parse(str_from(text), &us));
	return us;
}

static bool judge(const struct json *c, void *ctx)
{
	const struct tz *z = zone(json_string(json_member(c, "tz")));
	int64_t at = time_us(json_string(json_member(c, "at")));
	const char *want = json_string(json_member(c, "open"));
	struct str windows[8];
	char got[CLK_TEXT_SIZE];
	struct hours h;
	struct err e;
	size_t n = 0;
	int64_t open;

	(void)ctx;
	json_each (w, json_member(c, "windows"))
		windows[n++] = str_from(json_string(w));
	if (hours_parse(windows, n, &h, &e))
		fail_msg("%s", e.msg);
	open = hours_open(&h, z, at);
	if (open != time_us(want))
		fail_msg("%s at %s: want %s, got %s",
			 json_string(json_at(json_member(c, "windows"), 0)),
			 json_string(json_member(c, "at")), want,
			 clk_format(open, got));
	assert_int_equal(hours_are_open(&h, z, at), open == at);
	assert_true(hours_are_open(&h, z, open));
	return true;
}

static void it_opens_when_the_clock_on_the_wall_says_so(void **state)
{
	(void)state;
	if (tz_has_files())
		assert_true(cases_run("tests/fixtures/hours", "hours.jsonl",
				      judge, NULL)
				    .n > 50);
}

/* Minute by minute through a year: open means that the clock shows it. */
static void every_minute_of_a_year_agrees_with_the_clock(void **state)
{
	static const char *const names[] = {
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
		"Asia/Kathmandu", "Africa/Casablanca"
	};
	const int64_t minute = INT64_C(60) * 1000000;
	const struct hours h = parse("Sat-Sun 23:30-02:31");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names) && tz_has_files(); i++) {
		const struct tz *z = zone(names[i]);
		int64_t at = time_us("2025-01-01T00:00:00Z"), next = at;

		for (int k = 0; k < 366 * 24 * 60; k++, at += minute) {
			int64_t local = at / 1000000 +
					tz_span_at(z, at / 1000000).offset_s;
			/* days since a Monday, and minutes of the day */
			int day = (int)((local / 86400 + 3) % 7);
			int m = (int)(local % 86400 / 60);
			bool open = (day >= 5 && m >= 23 * 60 + 30) ||
				    ((day == 6 || day == 0) && m < 2 * 60 + 31);

			assert_int_equal(hours_are_open(&h, z, at), open);
			if (at >= next)
				next = hours_open(&h, z, at);
			assert_int_equal(next == at, open);
			if (open)
				next = at + minute;
		}
	}
}

static void fractions_of_a_second_are_kept_and_rounded_up(void **state)
{
	const struct hours h = parse("08:00-09:00");
	const struct tz *z = zone("UTC");
	int64_t eight = time_us("2026-11-27T08:00:00Z");

	(void)state;
	assert_int_equal(hours_open(&h, z, eight - 1), eight);
	assert_int_equal(hours_open(&h, z, eight + 1), eight + 1);
	assert_int_equal(hours_open(&h, z, -1), INT64_C(8) * 3600 * 1000000);
}

static void windows_that_touch_are_one(void **state)
{
	const struct str v[] = { STR("Mon 10:00-12:00"), STR("Mon 11:00-13:00"),
				 STR("Mon 13:00-14:00"), STR("Sun 22:00-01:00"),
				 STR("Mon 00:30-02:00") };
	struct hours h;
	struct err e;

	(void)state;
	assert_int_equal(hours_parse(v, ARRAY_LEN(v), &h, &e), 0);
	assert_int_equal(h.n, 3);
	assert_int_equal(h.v[0].from, 0);
	assert_int_equal(h.v[0].to, 2 * 60);
	assert_int_equal(h.v[1].from, 10 * 60);
	assert_int_equal(h.v[1].to, 14 * 60);
	assert_int_equal(h.v[2].to, 7 * 24 * 60);
}

static void all_other_hours_are_the_inverse(void **state)
{
	static const char *const windows[] = { "22:00-07:00", "Mon", "Sun",
					       "Sat,Sun 12:00-13:00",
					       "Sun 23:00-01:00" };
	struct hours h, inverse, again;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		h = parse(windows[i]);
		assert_true(hours_invert(&h, &inverse));
		for (int64_t m = 0; m < 7 * 24 * 60; m++)
			assert_int_not_equal(
				hours_are_open(&h, zone("UTC"), m * 60000000),
				hours_are_open(&inverse, zone("UTC"),
					       m * 60000000));
		assert_true(hours_invert(&inverse, &again));
		assert_int_equal(again.n, h.n);
		assert_memory_equal(again.v, h.v, h.n * sizeof(h.v[0]));
	}
	h = parse("Mon-Sun");
	assert_false(hours_invert(&h, &inverse));
	assert_int_equal(inverse.n, 0);
}

static void what_is_no_window_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   " ",
					   "Mo",
					   "Mon-",
					   "Mon,,Tue",
					   "Mon-Fri-Sat",
					   "8-20",
					   "08:00",
					   "08:00-",
					   "08:00-08:00",
					   "24:00-08:00",
					   "08:00-24:01",
					   "08:60-09:00",
					   "08:0-09:00",
					   "008:00-09:00",
					   "-8:00-09:00",
					   "08:00-09:00,",
					   "Mon 08:00-09:00 Tue",
					   "08:00-09:00 Mon",
					   "08:00 - 09:00" };
	struct str many[HOURS_SPANS_MAX + 1];
	struct hours h;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct str s = str_from(bad[i]);

		if (hours_parse(&s, 1, &h, &e) != -1)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(e.code, EX_CONFIG);
	}
	assert_int_equal(hours_parse(NULL, 0, &h, &e), -1);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = STR("Mon 08:00-09:00");
	assert_int_equal(hours_parse(many, HOURS_SPANS_MAX, &h, &e), 0);
	assert_int_equal(h.n, 1);
	assert_int_equal(hours_parse(many, ARRAY_LEN(many), &h, &e), -1);
	assert_non_null(strstr(e.msg, "too many"));
}

static void a_schedule_and_windows_both_hold(void **state)
{
	static const struct {
		const char *cron, *window, *zone, *after, *want;
	} t[] = {
		{ "*/30 * * * *", "Mon-Fri 08:00-09:00", "UTC",
		  "2026-11-27T08:00:00Z", "2026-11-27T08:30:00Z" },
		{ "*/30 * * * *", "Mon-Fri 08:00-09:00", "UTC",
		  "2026-11-27T08:30:00Z", "2026-11-30T08:00:00Z" },
		{ "0 12 * * *", "Sat", "Europe/Berlin", "2026-11-27T12:00:00Z",
		  "2026-11-28T11:00:00Z" },
		/* 02:30 is skipped on the 29th: cron's 03:30 is no window. */
		{ "30 2 * * *", "02:00-03:00", "Europe/Berlin",
		  "2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z" },
		{ "0 12 * * *", "08:00-09:00", "UTC", "2026-11-27T12:00:00Z",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t) && tz_has_files(); i++) {
		struct hours h = parse(t[i].window);
		struct cron c;
		struct err e;

		assert_int_equal(cron_parse(str_from(t[i].cron), &c, &e), 0);
		assert_int_equal(hours_cron(&h, &c, zone(t[i].zone),
					    time_us(t[i].after)),
				 t[i].want ? time_us(t[i].want) : CLK_NONE);
	}
}

static int end_zones(void **state)
{
	(void)state;
	tz_cache_free(&zones);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_when_the_clock_on_the_wall_says_so),
		cmocka_unit_test(every_minute_of_a_year_agrees_with_the_clock),
		cmocka_unit_test(fractions_of_a_second_are_kept_and_rounded_up),
		cmocka_unit_test(windows_that_touch_are_one),
		cmocka_unit_test(all_other_hours_are_the_inverse),
		cmocka_unit_test(what_is_no_window_is_refused),
		cmocka_unit_test(a_schedule_and_windows_both_hold),
	};

	return cmocka_run_group_tests(tests, NULL, end_zones);
}
