#include "cmd/analyzer/window.h"

#include <string.h>

#include "cmd/analyzer/anomaly.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define HOUR INT64_C(3600000000)
#define DAY  (24 * HOUR)

/* Prices an hour apart, unless a time in hours stands before it: "3=12.50". */
static int64_t fill(struct series *s, const char *script)
{
	struct str rest = str_from(script), token;
	int64_t hour = -1;

	series_init(s, STR("EUR"));
	while (str_token(&rest, " ", &token)) {
		struct str price, at = str_cut(token, '=', &price);
		struct decimal d;
		uint64_t v;

		hour++;
		if (price.p) {
			assert_true(str_u64(at, &v));
			hour = (int64_t)v;
		} else {
			price = at;
		}
		if (str_is(price, "-")) {
			series_add(s, hour * HOUR, NULL);
			continue;
		}
		assert_true(decimal_parse(price, &d));
		series_add(s, hour * HOUR, &d);
	}
	return hour * HOUR;
}

static const char *window_text(const struct window *w, char *out, size_t size)
{
	char min[DECIMAL_TEXT_MAX], max[DECIMAL_TEXT_MAX];
	char mean[DECIMAL_TEXT_MAX], median[DECIMAL_TEXT_MAX];
	char change[DECIMAL_TEXT_MAX], percent[DECIMAL_TEXT_MAX] = "-";

	if (w->has_percent)
		decimal_format(w->change_percent, percent);
	snprintf(out, size, "%s %s %s %s %s %s %d", decimal_format(w->min, min),
		 decimal_format(w->max, max), decimal_format(w->mean, mean),
		 decimal_format(w->median, median),
		 decimal_format(w->change, change), percent, (int)w->n);
	return out;
}

static void windows_weigh_each_price_by_its_time(void **state)
{
	static const struct {
		const char *script;
		int64_t later_h;  /* asked so long after the last price */
		int64_t span_h;	  /* 0: all */
		const char *want; /* min max mean median change percent n */
	} cases[] = {
		{ "10", 0, 1, "10 10 10.00 10.00 0.00 0.00 1" },
		{ "10 20", 0, 24, "10 20 10.00 10.00 10.00 100.00 2" },
		{ "10 20", 3, 24, "10 20 17.50 20.00 10.00 100.00 2" },
		{ "10 20", 1, 24, "10 20 15.00 10.00 10.00 100.00 2" },
		/* the price that held at the start is in it, unseen before */
		{ "10 5=20", 1, 2, "10 20 15.00 10.00 10.00 100.00 1" },
		{ "10 5=20", 1, 1, "20 20 20.00 20.00 0.00 0.00 0" },
		{ "10 5=20", 9, 4, "20 20 20.00 20.00 0.00 0.00 0" },
		{ "10 5=20", 9, 0, "10 20 16.43 20.00 10.00 100.00 2" },
		/* what there was no price for does not count */
		{ "10 - 5=20", 1, 24, "10 20 15.00 10.00 10.00 100.00 2" },
		/* more digits in, more digits out */
		{ "0.001 0.002 0.004", 1, 24,
		  "0.001 0.004 0.002 0.002 0.003 300.00 3" },
		{ "0 5", 1, 24, "0 5 2.50 0.00 5.00 - 2" },
		{ "-4 -2", 1, 24, "-4 -2 -3.00 -4.00 2.00 -50.00 2" },
		{ "3 2 1", 0, 1, "1 2 2.00 2.00 -1.00 -50.00 1" },
	};
	struct series s;
	struct view v;
	struct window w;
	char got[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t now =
			fill(&s, cases[i].script) + cases[i].later_h * HOUR;

		view_init(&v, &s, now);
		assert_true(window_read(&v,
					cases[i].span_h ? cases[i].span_h * HOUR
							: WINDOW_ALL,
					&w));
		if (strcmp(window_text(&w, got, sizeof(got)), cases[i].want))
			fail_msg("%s, %d h: got %s, want %s", cases[i].script,
				 (int)cases[i].span_h, got, cases[i].want);
	}
}

static void without_a_price_there_is_no_window(void **state)
{
	struct series s;
	struct view v;
	struct window w;

	(void)state;
	view_init(&v, &s, fill(&s, ""));
	assert_false(window_read(&v, WINDOW_ALL, &w));
	view_init(&v, &s, fill(&s, "5 -"));
	assert_false(window_read(&v, WINDOW_ALL, &w));
}

static void prices_that_share_no_scale_are_left_alone(void **state)
{
	struct series s;
	struct view v;
	struct window w;
	struct anomaly a;

	(void)state;
	view_init(&v, &s,
		  fill(&s, "0.000000000000000001 "
			   "999999999999999999999999999999"));
	assert_false(window_read(&v, WINDOW_ALL, &w));
	anomaly_judge(&v, decimal_from_int(7), &a);
	assert_false(a.has_z);
}

static void an_unusual_price_is_named(void **state)
{
	static const struct {
		const char *before, *price, *want;
	} cases[] = {
#define CALM "100 101 99 100 102 98 24=100 48=101 72=100"
		{ CALM, "100", "z" },
		{ CALM, "103", "z" },
		{ CALM, "110", "z high" },
		{ CALM, "130", "z high jump" },
		{ CALM, "97", "z all-time-low" },
		{ CALM, "90", "z low all-time-low" },
		{ CALM, "80", "z low all-time-low jump" },
		/* too little is known for a z-score */
		{ "100 101 102", "50", "all-time-low jump" },
		{ "100 101", "50", "jump" },
		{ "100 101", "81", "" },
		{ "100 101 102 103 104 105 106 107", "50",
		  "all-time-low jump" },
		{ "", "50", "" },
		{ "0 0 0", "50", "" },
		/* twice the same is no news, however odd */
		{ CALM " 73=50", "50", "z" },
		/* a price that never moved: the floor, not a spread of 0 */
		{ "100 100 100 100 100 100 100 100 48=100", "100.50", "z" },
		{ "100 100 100 100 100 100 100 100 48=100", "104", "z high" },
	};
	struct series s;
	struct view v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct anomaly a;
		struct decimal d;
		char got[80];

		view_init(&v, &s, fill(&s, cases[i].before) + HOUR);
		assert_true(decimal_parse(str_from(cases[i].price), &d));
		anomaly_judge(&v, d, &a);
		snprintf(got, sizeof(got), "%s%s%s%s%s", a.has_z ? " z" : "",
			 a.low ? " low" : "", a.high ? " high" : "",
			 a.all_time_low ? " all-time-low" : "",
			 a.jump ? " jump" : "");
		if (strcmp(got[0] ? got + 1 : got, cases[i].want) != 0)
			fail_msg("%s after %s: got%s, want %s", cases[i].price,
				 cases[i].before, got, cases[i].want);
	}
}

static void the_z_score_is_robust(void **state)
{
	struct series s;
	struct view v;
	struct anomaly a;
	char out[DECIMAL_TEXT_MAX];

	(void)state;
	/* One wild price for an hour among days: median 100, MAD 1. */
	view_init(&v, &s,
		  fill(&s, "100 20=101 40=100 60=99 80=100 100=101 120=5000 "
			   "121=99 140=100") +
			  HOUR);
	anomaly_judge(&v, decimal_from_int(104), &a);
	assert_true(a.has_z);
	assert_string_equal(decimal_format(a.median, out), "100.00");
	assert_string_equal(decimal_format(a.z, out), "2.70");
}

static void a_trend_is_told_by_the_median_slope(void **state)
{
	static const struct {
		const char *script, *name, *slope;
	} cases[] = {
		{ "100 24=110 48=120 72=130", "rising", "8.4931" },
		{ "100 24=90 48=80 72=70", "falling", "-8.4931" },
		{ "100 24=100 48=100 72=100", "steady", "0.0000" },
		{ "100 24=100 48=900 49=100 72=100", "steady", "0.0000" },
		{ "100 24=100.10 48=99.90 72=100", "steady", NULL },
		{ "100 101", NULL, NULL },
		{ "100", NULL, NULL },
	};
	struct series s;
	struct view v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trend t = { .name = NULL };
		char out[DECIMAL_TEXT_MAX];
		bool got;

		view_init(&v, &s, fill(&s, cases[i].script) + HOUR);
		got = trend_read(&v, &t);
		assert_int_equal(got, cases[i].name != NULL);
		if (got)
			assert_string_equal(t.name, cases[i].name);
		if (cases[i].slope && decimal_round(t.slope, 4, &t.slope) &&
		    strcmp(decimal_format(t.slope, out), cases[i].slope) != 0)
			fail_msg("%s: %s", cases[i].script, out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_weigh_each_price_by_its_time),
		cmocka_unit_test(without_a_price_there_is_no_window),
		cmocka_unit_test(prices_that_share_no_scale_are_left_alone),
		cmocka_unit_test(an_unusual_price_is_named),
		cmocka_unit_test(the_z_score_is_robust),
		cmocka_unit_test(a_trend_is_told_by_the_median_slope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
