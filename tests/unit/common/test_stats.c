#include "common/stats.h"

#include "tests/unit/cases.h"

static void prints_as(const struct stats *s, const char *want)
{
	struct buf b = { 0 };

	stats_print(s, &b);
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static void counters_add_up_and_gauges_are_set(void **state)
{
	struct stats *s = stats_new();

	(void)state;
	prints_as(s, "{}");
	assert_int_equal(stats_get(s, "n_total", NULL), 0);
	stats_add(s, "n_total", NULL, 2);
	stats_add(s, "n_total", NULL, 3);
	stats_set(s, "depth", NULL, 7);
	stats_set(s, "depth", NULL, -1);
	assert_int_equal(stats_get(s, "n_total", NULL), 5);
	assert_int_equal(stats_get(s, "depth", NULL), -1);
	prints_as(s, "{\"n_total\":5,\"depth\":-1}");
	stats_free(&s);
	assert_null(s);
}

static void each_label_is_a_figure_of_its_own(void **state)
{
	const char a[] = "blocked", same[] = "blocked";
	struct stats *s = stats_new();

	(void)state;
	stats_add(s, "outcome", a, 1);
	stats_add(s, "outcome", "timeout", 1);
	stats_add(s, "outcome", same, 1); /* by its text, not its place */
	stats_add(s, "outcome", NULL, 9);
	assert_int_equal(stats_get(s, "outcome", "blocked"), 2);
	assert_int_equal(stats_get(s, "outcome", "other"), 0);
	prints_as(s, "{\"outcome{blocked}\":2,\"outcome{timeout}\":1,"
		     "\"outcome\":9}");
	stats_free(&s);
}

static void what_is_asked_for_is_not_made(void **state)
{
	struct stats *s = stats_new();

	(void)state;
	assert_int_equal(stats_get(s, "n", "x"), 0);
	prints_as(s, "{}");
	stats_free(&s);
}

static void beyond_the_limit_nothing_is_kept(void **state)
{
	static char label[STATS_MAX + 1][8];
	struct stats *s = stats_new();

	(void)state;
	for (int i = 0; i <= STATS_MAX; i++) {
		snprintf(label[i], sizeof(label[i]), "%d", i);
		stats_add(s, "n", label[i], 1);
	}
	assert_int_equal(stats_get(s, "n", label[STATS_MAX - 1]), 1);
	assert_int_equal(stats_get(s, "n", label[STATS_MAX]), 0);
	stats_add(s, "n", label[0], 1);
	assert_int_equal(stats_get(s, "n", label[0]), 2);
	stats_free(&s);
}

static void times_are_counted_at_most_so_long(void **state)
{
	struct stats *s = stats_new();
	struct stats_times *t = stats_times(s, "took_seconds", NULL);

	(void)state;
	stats_add(s, "n", NULL, 1);
	stats_took(t, -5); /* a clock that was set back */
	stats_took(t, 100);
	stats_took(t, 101);
	stats_took(t, 30000000);
	stats_took(t, 31000000);
	assert_ptr_equal(stats_times(s, "took_seconds", NULL), t);
	prints_as(s,
		  "{\"n\":1,\"took_seconds\":{\"le\":[0.0001,0.00025,0.0005,"
		  "0.001,0.0025,0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10,"
		  "30],\"n\":[2,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,4,5],"
		  "\"sum\":61.000201}}");
	stats_free(&s);
}

static void too_many_histograms_are_not_kept(void **state)
{
	static char label[STATS_TIMES_MAX][8];
	struct stats *s = stats_new();

	(void)state;
	for (int i = 0; i < STATS_TIMES_MAX; i++) {
		snprintf(label[i], sizeof(label[i]), "%d", i);
		assert_non_null(stats_times(s, "t_seconds", label[i]));
	}
	assert_null(stats_times(s, "t_seconds", "more"));
	stats_took(NULL, 1);
	stats_free(&s);
}

static void labels_are_escaped(void **state)
{
	struct stats *s = stats_new();

	(void)state;
	stats_add(s, "n", "a\"b\\c", 1);
	prints_as(s, "{\"n{a\\\"b\\\\c}\":1}");
	stats_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_counted_at_most_so_long),
		cmocka_unit_test(too_many_histograms_are_not_kept),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(counters_add_up_and_gauges_are_set),
		cmocka_unit_test(each_label_is_a_figure_of_its_own),
		cmocka_unit_test(what_is_asked_for_is_not_made),
		cmocka_unit_test(beyond_the_limit_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
