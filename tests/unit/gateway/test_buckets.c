/* A history summed up: exact, from the newest back. */
#include "cmd/gateway/buckets.h"

#include "common/clk.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

struct sample {
	const char *time, *value;
};

static void sums_to(const struct sample *s, size_t n, size_t limit,
		    const char *want)
{
	struct buckets b = { .span_us = 3600000000 };
	struct buf out = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct decimal d;
		int64_t us;

		assert_true(clk_parse(str_from(s[i].time), &us));
		assert_true(decimal_parse(str_from(s[i].value), &d));
		buckets_add(&b, us, d);
	}
	buckets_print(&b, limit, &out);
	assert_string_equal(out.p, want);
	buckets_free(&b);
	buf_free(&out);
}

static void first_min_max_last_of_each_span(void **state)
{
	static const struct sample s[] = {
		{ "2026-11-20T12:00:00Z", "10.50" },
		{ "2026-11-20T11:59:59.999999Z", "9" },
		{ "2026-11-20T11:30:00Z", "12.10" },
		{ "2026-11-20T11:20:00Z", "8.00" },
		{ "2026-11-20T11:00:00Z", "11" },
	};

	(void)state;
	sums_to(s, ARRAY_LEN(s), 10,
		"[{\"time\":\"2026-11-20T11:00:00.000000Z\",\"first\":\"11\","
		"\"min\":\"8.00\",\"max\":\"12.10\",\"last\":\"9\",\"count\":4}"
		","
		"{\"time\":\"2026-11-20T12:00:00.000000Z\",\"first\":\"10.50\","
		"\"min\":\"10.50\",\"max\":\"10.50\",\"last\":\"10.50\","
		"\"count\":1}]");
}

static void the_newest_are_kept_where_there_are_too_many(void **state)
{
	static const struct sample s[] = {
		{ "2026-11-20T12:00:00Z", "2" },
		{ "2026-11-20T10:00:00Z", "1" },
	};

	(void)state;
	sums_to(s, ARRAY_LEN(s), 1,
		"[{\"time\":\"2026-11-20T12:00:00.000000Z\",\"first\":\"2\","
		"\"min\":\"2\",\"max\":\"2\",\"last\":\"2\",\"count\":1}]");
	sums_to(s, 0, 1, "[]");
}

static void what_was_recorded_late_finds_its_span(void **state)
{
	static const struct sample s[] = {
		{ "2026-11-20T10:10:00Z", "3" },
		{ "2026-11-20T12:00:00Z", "2" },
		{ "2026-11-20T10:00:00Z", "1" },
	};

	(void)state;
	sums_to(s, ARRAY_LEN(s), 9,
		"[{\"time\":\"2026-11-20T10:00:00.000000Z\",\"first\":\"1\","
		"\"min\":\"1\",\"max\":\"3\",\"last\":\"3\",\"count\":2},"
		"{\"time\":\"2026-11-20T12:00:00.000000Z\",\"first\":\"2\","
		"\"min\":\"2\",\"max\":\"2\",\"last\":\"2\",\"count\":1}]");
}

static void spans_before_1970_start_below(void **state)
{
	static const struct sample s[] = { { "1969-12-31T23:30:00Z", "1" } };

	(void)state;
	sums_to(s, 1, 1,
		"[{\"time\":\"1969-12-31T23:00:00.000000Z\",\"first\":\"1\","
		"\"min\":\"1\",\"max\":\"1\",\"last\":\"1\",\"count\":1}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_min_max_last_of_each_span),
		cmocka_unit_test(the_newest_are_kept_where_there_are_too_many),
		cmocka_unit_test(what_was_recorded_late_finds_its_span),
		cmocka_unit_test(spans_before_1970_start_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
