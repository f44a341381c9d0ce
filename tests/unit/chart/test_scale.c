/* Marks of axes: round, few, and around what is shown. */
#include "cmd/chart/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clk.h"

#include "tests/unit/cases.h"

/* "7500 8000 8500": what stands at the marks. */
static const char *texts(const struct scale *s, char out[512])
{
	out[0] = '\0';
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			strcat(out, " | ");
		strcat(out, s->mark[i].text);
	}
	return out;
}

static void amounts_have_round_marks_around_them(void **state)
{
	static const struct {
		double low, high;
		unsigned want;
		const char *marks;
	} t[] = {
		{ 7501.96, 10605.97, 8,
		  "7500 | 8000 | 8500 | 9000 | 9500 | 10000 | 10500 | 11000" },
		{ 0, 1, 5, "0.0 | 0.2 | 0.4 | 0.6 | 0.8 | 1.0" },
		{ 0.011, 0.0139, 4, "0.011 | 0.012 | 0.013 | 0.014" },
		{ 79.9, 79.9, 4, "74 | 76 | 78 | 80 | 82 | 84" },
		{ 0, 0, 2, "-1 | 0 | 1" },
		{ -3, 4, 4, "-4 | -2 | 0 | 2 | 4" },
		{ 1e9, 3e9, 4,
		  "1000000000 | 1500000000 | 2000000000 | 2500000000 | "
		  "3000000000" },
		{ 100, 200, 2, "100 | 150 | 200" },
	};
	char out[512];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct scale s;

		scale_amounts(&s, t[i].low, t[i].high, t[i].want);
		if (s.from > t[i].low || s.n > t[i].want + 2 ||
		    s.to < t[i].high || s.from >= s.to)
			fail_msg("%g … %g: axis %g … %g", t[i].low, t[i].high,
				 s.from, s.to);
		if (strcmp(texts(&s, out), t[i].marks) != 0)
			fail_msg("%g … %g: marks %s", t[i].low, t[i].high, out);
	}
}

/* Whatever prices there are, there is an axis. */
static void amounts_of_any_size_have_an_axis(void **state)
{
	(void)state;
	for (int low = -18; low < 30; low++) {
		for (int high = low; high < 30; high++) {
			struct scale s;
			double a = pow(10, low), b = 3 * pow(10, high);

			scale_amounts(&s, a, b, 6);
			if (!(s.from <= a * (1 + 1e-9) &&
			      s.to >= b * (1 - 1e-9)) ||
			    s.n < 2 || s.n > SCALE_MARKS_MAX)
				fail_msg("1e%d … 3e%d: %g … %g, %zu marks", low,
					 high, s.from, s.to, s.n);
		}
	}
}

static void times_are_round_where_the_clock_hangs(void **state)
{
	static const struct {
		const char *from, *to, *zone;
		unsigned want;
		const char *marks;
	} t[] = {
		{ "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", "UTC", 9,
		  "1 Nov | 06:00 | 12:00 | 18:00 | 2 Nov | 06:00 | 12:00 | "
		  "18:00 | 3 Nov" },
		{ "2026-08-20T07:30:00Z", "2026-11-22T00:00:00Z", "UTC", 7,
		  "Sep 2026 | Oct 2026 | Nov 2026" },
		/* Where clocks go back, midnights are 25 hours apart. */
		{ "2026-10-24T10:00:00Z", "2026-10-27T10:00:00Z",
		  "Europe/Berlin", 4, "25 Oct | 26 Oct | 27 Oct" },
		{ "2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z",
		  "Europe/Berlin", 3, "29 Mar | 03:00 | 06:00" },
		{ "2020-01-15T00:00:00Z", "2026-01-15T00:00:00Z", "UTC", 7,
		  "2021 | 2022 | 2023 | 2024 | 2025 | 2026" },
		{ "2026-11-01T10:00:30Z", "2026-11-01T10:03:10Z",
		  "Asia/Kathmandu", 4, "15:46 | 15:47 | 15:48" },
		{ "2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z", "UTC", 4,
		  "10:00" },
		{ "2026-11-04T10:00:00Z", "2026-12-02T10:00:00Z", "UTC", 5,
		  "9 Nov | 16 Nov | 23 Nov | 30 Nov" },
	};
	struct tz_cache zones = { 0 };
	char out[512];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct tz *z = tz_get(&zones, str_from(t[i].zone), NULL);
		int64_t from, to;
		struct scale s;

		assert_non_null(z);
		assert_true(clk_parse(str_from(t[i].from), &from));
		assert_true(clk_parse(str_from(t[i].to), &to));
		scale_times(&s, from / 1000000, to / 1000000, t[i].want, z);
		if (strcmp(texts(&s, out), t[i].marks) != 0)
			fail_msg("%s … %s %s: %s", t[i].from, t[i].to,
				 t[i].zone, out);
	}
	tz_cache_free(&zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_have_round_marks_around_them),
		cmocka_unit_test(amounts_of_any_size_have_an_axis),
		cmocka_unit_test(times_are_round_where_the_clock_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
