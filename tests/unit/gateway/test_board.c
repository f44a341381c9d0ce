/* What processes say of themselves, as JSON and as Prometheus text. */
#include "cmd/gateway/board.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void only_numbers_of_known_form_are_shown(void **state)
{
	static const struct {
		const char *topic, *data;
		bool want;
	} rows[] = {
		{ "$stats/store/1f", "{\"a_total\":1,\"b{c-d}\":-2.5}", true },
		{ "$stats/alerter/1f", " {} ", true },
		{ "$stats/store", "{}", false },
		{ "$stats//1f", "{}", false },
		{ "$stats/store/", "{}", false },
		{ "$stats/st\"ore/1f", "{}", false },
		{ "$stats/store/1\nf", "{}", false },
		{ "$head", "{}", false },
		{ "$stats/store/1f", "[]", false },
		{ "$stats/store/1f", "{", false },
		{ "$stats/store/1f", "{\"a\":\"1\"}", false },
		{ "$stats/store/1f", "{\"a b\":1}", false },
		{ "$stats/store/1f", "{\"a{b\":1}", false },
		{ "$stats/store/1f", "{\"a{\\\"}\":1}", true },
		{ "$stats/store/1f", "{\"a{}\":1}", false },
		{ "$stats/store/1f", "{\"a{\\n}\":1}", false },
		{ "$stats/store/1f", "{\"1a\":1}", false },
		{ "$stats/store/1f", "{\"a{b=c,d=e/f}\":1}", true },
		{ "$stats/store/1f", "{\"a{b=}\":1}", true },
		{ "$stats/store/1f", "{\"a{b=c,d}\":1}", false },
		{ "$stats/store/1f", "{\"a{b=c,b=d}\":1}", false },
		{ "$stats/store/1f", "{\"a{id=c}\":1}", false },
		{ "$stats/store/1f", "{\"a{le=1}\":1}", false },
		{ "$stats/store/1f", "{\"a{b c=1}\":1}", false },
		{ "$stats/store/1f",
		  "{\"a\":{\"le\":[0.1,1],\"n\":[0,2,2],\"sum\":0.5}}", true },
		{ "$stats/store/1f",
		  "{\"a\":{\"le\":[],\"n\":[2],\"sum\":0.5}}", true },
		{ "$stats/store/1f",
		  "{\"a\":{\"le\":[0.1,1],\"n\":[0,2],\"sum\":0.5}}", false },
		{ "$stats/store/1f",
		  "{\"a\":{\"le\":[1],\"n\":[2,1],\"sum\":0.5}}", false },
		{ "$stats/store/1f",
		  "{\"a\":{\"le\":[\"1\"],\"n\":[2,3],\"sum\":1}}", false },
		{ "$stats/store/1f", "{\"a\":{\"le\":[1],\"n\":[2,3]}}",
		  false },
		{ "$stats/store/1f", "{\"a\":{}}", false },
	};
	struct board *b = board_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (board_hear(b, str_from(rows[i].topic),
			       str_from(rows[i].data), 0) != rows[i].want)
			fail_msg("%s %s: want %d", rows[i].topic, rows[i].data,
				 rows[i].want);
	board_free(&b);
}

static void metrics_stand_together_by_name(void **state)
{
	struct board *b = board_new();
	struct buf out = { 0 };

	(void)state;
	board_hear(b, STR("$stats/store/b"), STR("{\"lag\":1,\"x_total\":2}"),
		   0);
	board_hear(b, STR("$stats/my-tool/a"), STR("{\"e{k}\":7,\"e\":1}"), 0);
	board_hear(b, STR("$stats/store/a"), STR("{\"x_total\":3}"), 0);
	board_hear(b, STR("$stats/store/old"), STR("{\"n\":9}"),
		   -STATS_STALE_MS - 1);
	board_print_metrics(b, 0, &out);
	assert_string_equal(
		out.p,
		"# HELP weir_my_tool_e Not described.\n"
		"# TYPE weir_my_tool_e gauge\n"
		"weir_my_tool_e{id=\"a\"} 1\n"
		"weir_my_tool_e{id=\"a\",kind=\"k\"} 7\n"
		"# HELP weir_store_lag Events in the journal that were not "
		"read yet.\n"
		"# TYPE weir_store_lag gauge\n"
		"weir_store_lag{id=\"b\"} 1\n"
		"# HELP weir_store_x_total Not described.\n"
		"# TYPE weir_store_x_total counter\n"
		"weir_store_x_total{id=\"a\"} 3\n"
		"weir_store_x_total{id=\"b\"} 2\n"
		"# HELP weir_up 1 while a process is heard of.\n"
		"# TYPE weir_up gauge\n"
		"weir_up{tool=\"store\",id=\"b\"} 1\n"
		"weir_up{tool=\"my-tool\",id=\"a\"} 1\n"
		"weir_up{tool=\"store\",id=\"a\"} 1\n"
		"weir_up{tool=\"store\",id=\"old\"} 0\n");
	buf_free(&out);
	board_free(&b);
}

static void labels_are_named_and_escaped(void **state)
{
	struct board *b = board_new();
	struct buf out = { 0 };

	(void)state;
	board_hear(b, STR("$stats/t/a"),
		   STR("{\"n{x=1,y=a b}\":2,\"n{\\\"\\\\}\":3}"), 0);
	board_print_metrics(b, 0, &out);
	assert_non_null(
		strstr(out.p, "weir_t_n{id=\"a\",x=\"1\",y=\"a b\"} 2\n"));
	assert_non_null(
		strstr(out.p, "weir_t_n{id=\"a\",kind=\"\\\"\\\\\"} 3\n"));
	buf_free(&out);
	board_free(&b);
}

static void histograms_have_buckets_sum_and_count(void **state)
{
	struct board *b = board_new();
	struct buf out = { 0 };

	(void)state;
	board_hear(b, STR("$stats/store/a"),
		   STR("{\"commit_seconds\":{\"le\":[0.1,1],\"n\":[1,2,4],"
		       "\"sum\":9.5}}"),
		   0);
	/* Of another version, which has a number of this name. */
	board_hear(b, STR("$stats/store/b"), STR("{\"commit_seconds\":1}"), 0);
	board_print_metrics(b, 0, &out);
	assert_non_null(strstr(
		out.p,
		"# HELP weir_store_commit_seconds Time to write and sync a "
		"batch.\n"
		"# TYPE weir_store_commit_seconds histogram\n"
		"weir_store_commit_seconds_bucket{id=\"a\",le=\"0.1\"} 1\n"
		"weir_store_commit_seconds_bucket{id=\"a\",le=\"1\"} 2\n"
		"weir_store_commit_seconds_bucket{id=\"a\",le=\"+Inf\"} 4\n"
		"weir_store_commit_seconds_sum{id=\"a\"} 9.5\n"
		"weir_store_commit_seconds_count{id=\"a\"} 4\n"
		"# HELP weir_up"));
	buf_free(&out);
	board_free(&b);
}

static void the_newest_word_of_a_tool_counts(void **state)
{
	struct board *b = board_new();

	(void)state;
	assert_int_equal(board_heard_ms(b, STR("store")), -1);
	board_hear(b, STR("$stats/store/a"), STR("{}"), 5);
	board_hear(b, STR("$stats/store/b"), STR("{}"), 3);
	assert_int_equal(board_heard_ms(b, STR("store")), 5);
	board_hear(b, STR("$stats/store/b"), STR("{}"), 9);
	assert_int_equal(board_heard_ms(b, STR("store")), 9);
	board_forget(b, 5 + BOARD_FORGET_MS);
	assert_int_equal(board_heard_ms(b, STR("store")), 9);
	board_forget(b, 10 + BOARD_FORGET_MS);
	assert_int_equal(board_heard_ms(b, STR("store")), -1);
	board_free(&b);
}

static void a_process_says_itself_that_it_is_not_ready(void **state)
{
	struct board *b = board_new();

	(void)state;
	board_hear(b, STR("$stats/store/a"),
		   STR("{\"not_ready{disk-full}\":0}"), 0);
	assert_null(board_not_ready(b, STR("store"), 0).p);
	board_hear(b, STR("$stats/store/a"),
		   STR("{\"n\":1,\"not_ready{disk-full}\":1}"), 0);
	assert_true(str_is(board_not_ready(b, STR("store"), 0), "disk-full"));
	assert_null(board_not_ready(b, STR("store"), STATS_STALE_MS + 1).p);
	assert_null(board_not_ready(b, STR("alerter"), 0).p);
	board_free(&b);
}

static void too_many_processes_are_not_kept(void **state)
{
	struct board *b = board_new();
	char topic[32];

	(void)state;
	for (int i = 0; i <= BOARD_MAX; i++) {
		snprintf(topic, sizeof(topic), "$stats/t/%d", i);
		assert_int_equal(board_hear(b, str_from(topic), STR("{}"), 0),
				 i < BOARD_MAX);
	}
	board_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_numbers_of_known_form_are_shown),
		cmocka_unit_test(metrics_stand_together_by_name),
		cmocka_unit_test(labels_are_named_and_escaped),
		cmocka_unit_test(histograms_have_buckets_sum_and_count),
		cmocka_unit_test(the_newest_word_of_a_tool_counts),
		cmocka_unit_test(a_process_says_itself_that_it_is_not_ready),
		cmocka_unit_test(too_many_processes_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
