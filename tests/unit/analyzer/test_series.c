#include "cmd/analyzer/series.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define MINUTE INT64_C(60000000)

static struct decimal dec(const char *text)
{
	struct decimal d;

	assert_true(decimal_parse(str_from(text), &d));
	return d;
}

static void add(struct series *s, int64_t minute, const char *price)
{
	struct decimal d;

	if (price)
		d = dec(price);
	series_add(s, minute * MINUTE, price ? &d : NULL);
}

static void is(struct decimal got, const char *want)
{
	char out[DECIMAL_TEXT_MAX];

	assert_string_equal(decimal_format(got, out), want);
}

static void the_same_price_again_only_counts(void **state)
{
	struct series s;

	(void)state;
	series_init(&s, STR("EUR"));
	add(&s, 0, "5.00");
	add(&s, 1, "5");
	add(&s, 2, "6");
	assert_int_equal(s.n, 2);
	assert_int_equal(s.seg[0].count, 2);
	assert_int_equal(s.count, 3);
	is(*series_price(&s), "6");
	is(s.low, "5.00");
	is(s.high, "6");
	is(s.first, "5.00");
}

static void no_price_is_a_gap_and_never_a_value(void **state)
{
	struct series s;

	(void)state;
	series_init(&s, STR("EUR"));
	add(&s, 0, NULL);
	assert_int_equal(s.n, 0);
	assert_null(series_price(&s));
	add(&s, 1, "5");
	add(&s, 2, NULL);
	add(&s, 3, NULL);
	assert_int_equal(s.n, 2);
	assert_null(series_price(&s));
	add(&s, 4, "5");
	assert_int_equal(s.n, 3);
	assert_int_equal(s.count, 2);
	is(s.low, "5");
}

static void time_never_runs_backwards(void **state)
{
	struct series s;

	(void)state;
	series_init(&s, STR("EUR"));
	add(&s, 10, "5");
	add(&s, 3, "6");
	assert_int_equal(s.seg[1].start_us, 10 * MINUTE);
	assert_int_equal(series_end(&s, 1, 12 * MINUTE), 12 * MINUTE);
}

/* A wild walk of n prices, and what must be true of all of them. */
struct walk {
	struct series s;
	int64_t minute;
	struct decimal low, high;
};

static void walk(struct walk *w, size_t n)
{
	uint64_t state = 7;

	series_init(&w->s, STR("EUR"));
	w->minute = 0;
	for (size_t i = 0; i < n; i++) {
		struct decimal d = { 0, 2 };

		state = state * 6364136223846793005u + 1442695040888963407u;
		d.coef = 10000 + (int)(state >> 40) % 5000;
		w->minute += 1 + (int)(state >> 33) % 50;
		series_add(&w->s, w->minute * MINUTE, &d);
		if (i == 0 || decimal_cmp(d, w->low) < 0)
			w->low = d;
		if (i == 0 || decimal_cmp(d, w->high) > 0)
			w->high = d;
	}
}

static void memory_is_bounded_and_extremes_stay_exact(void **state)
{
	static struct walk w;
	uint64_t count = 0;
	struct decimal low, high;

	(void)state;
	walk(&w, 20000);
	assert_int_equal(w.s.n, SERIES_MAX);
	low = w.s.seg[0].min;
	high = w.s.seg[0].max;
	for (size_t i = 0; i < w.s.n; i++) {
		const struct segment *g = &w.s.seg[i];

		count += g->count;
		if (decimal_cmp(g->min, low) < 0)
			low = g->min;
		if (decimal_cmp(g->max, high) > 0)
			high = g->max;
		assert_true(decimal_cmp(g->min, g->price) <= 0);
		assert_true(decimal_cmp(g->max, g->price) >= 0);
		assert_true(i == 0 || g->start_us >= g[-1].start_us);
	}
	assert_int_equal(count, 20000);
	assert_int_equal(w.s.count, 20000);
	assert_int_equal(decimal_cmp(low, w.low), 0);
	assert_int_equal(decimal_cmp(high, w.high), 0);
}

static void detail_gets_coarser_with_age(void **state)
{
	static struct walk w;

	(void)state;
	walk(&w, 20000);
	/* No segment that was merged is long for its age. */
	for (size_t i = 0; i + 1 < w.s.n; i++) {
		int64_t start = w.s.seg[i].start_us;
		int64_t span = w.s.seg[i + 1].start_us - start;
		int64_t age = w.minute * MINUTE - start;

		if (w.s.seg[i].count > 1)
			assert_true(span * 20 < age);
	}
}

static void the_time_weighted_mean_survives_compaction(void **state)
{
	struct series s;
	struct decimal ten = dec("10.00"), twenty = dec("20.00");
	__extension__ __int128 sum = 0;
	int64_t end;

	(void)state;
	/* 10 for one minute, 20 for three, again and again: 17.5. */
	series_init(&s, STR("EUR"));
	for (int64_t i = 0; i < 3000; i++)
		series_add(&s, (i / 2 * 4 + i % 2) * MINUTE,
			   i % 2 ? &twenty : &ten);
	end = 6000 * MINUTE;
	for (size_t i = 0; i < s.n; i++) {
		struct decimal d;

		assert_true(decimal_round(s.seg[i].price, 4, &d));
		sum += d.coef * (series_end(&s, i, end) - s.seg[i].start_us);
	}
	assert_in_range((long)(sum / end), 174999, 175001);
}

static void bytes_survive(const struct series *s)
{
	static struct series again;
	struct buf first = { 0 }, second = { 0 };

	series_encode(s, &first);
	assert_true(series_decode(buf_str(&first), &again));
	series_encode(&again, &second);
	assert_true(str_eq(buf_str(&first), buf_str(&second)));
	assert_int_equal(again.n, s->n);
	assert_string_equal(again.currency, s->currency);
	for (size_t i = 0; i < s->n; i++) {
		assert_int_equal(again.seg[i].start_us, s->seg[i].start_us);
		assert_int_equal(again.seg[i].count, s->seg[i].count);
		if (s->seg[i].count)
			assert_true(again.seg[i].price.coef ==
				    s->seg[i].price.coef);
	}
	/* Nothing shorter is taken for the whole. */
	for (size_t n = 0; n < first.len && n < 4000; n++)
		assert_false(
			series_decode(str_sub(buf_str(&first), 0, n), &again));
	buf_putc(&first, 0);
	assert_false(series_decode(buf_str(&first), &again));
	buf_free(&first);
	buf_free(&second);
}

static void state_survives_as_bytes(void **state)
{
	static struct walk w;
	struct series s;

	(void)state;
	series_init(&s, STR(""));
	bytes_survive(&s);
	series_init(&s, STR("CHF"));
	add(&s, -1000000000, "-0.000000000000000001");
	add(&s, -5, NULL);
	add(&s, 1000000000, "999999999999999999999999999999");
	bytes_survive(&s);
	walk(&w, 2000);
	bytes_survive(&w.s);
}

static void a_year_of_hourly_prices_is_a_few_kilobytes(void **state)
{
	static struct walk w;
	struct buf b = { 0 };

	(void)state;
	walk(&w, 8766);
	series_encode(&w.s, &b);
	assert_true(b.len < 8192);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_price_again_only_counts),
		cmocka_unit_test(no_price_is_a_gap_and_never_a_value),
		cmocka_unit_test(time_never_runs_backwards),
		cmocka_unit_test(memory_is_bounded_and_extremes_stay_exact),
		cmocka_unit_test(detail_gets_coarser_with_age),
		cmocka_unit_test(the_time_weighted_mean_survives_compaction),
		cmocka_unit_test(state_survives_as_bytes),
		cmocka_unit_test(a_year_of_hourly_prices_is_a_few_kilobytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
