/* What is due when: the heap, and the times of one watch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "cmd/scraper/draw.h"
#include "cmd/scraper/schedule.h"

enum { N = 200 };

static const int64_t NOW = INT64_C(1795000000) * 1000000; /* us */

static void entries_come_out_by_deadline(void **state)
{
	struct schedule s = { 0 };
	struct schedule_entry e[N] = { { 0 } };
	int64_t last = -1;

	(void)state;
	for (int i = 0; i < N; i++)
		schedule_set(&s, &e[i], draw_below(1, (uint64_t)i, 1000));
	for (int i = 0; i < N; i += 2) /* move half of them */
		schedule_set(&s, &e[i], draw_below(2, (uint64_t)i, 1000));
	for (int i = 0; i < N; i += 5) /* and drop some */
		schedule_remove(&s, &e[i]);
	assert_int_equal(s.n, N - N / 5);
	for (struct schedule_entry *f; (f = schedule_first(&s));) {
		assert_true(f->due_ms >= last);
		assert_int_not_equal((f - e) % 5, 0);
		last = f->due_ms;
		schedule_remove(&s, f);
		assert_int_equal(f->place, 0);
	}
	assert_int_equal(s.n, 0);
	schedule_free(&s);
}

static void removing_what_is_not_in_does_nothing(void **state)
{
	struct schedule s = { 0 };
	struct schedule_entry e = { 0 };

	(void)state;
	schedule_remove(&s, &e);
	assert_null(schedule_first(&s));
	schedule_set(&s, &e, 5);
	schedule_set(&s, &e, 3);
	assert_int_equal(s.n, 1);
	assert_int_equal(schedule_first(&s)->due_ms, 3);
	schedule_free(&s);
}

static void starts_are_spread_and_always_the_same(void **state)
{
	struct timing t = { .every_ms = 3600000 };
	int64_t low = INT64_MAX, high = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		int64_t ms;

		t.seed = draw(9, i);
		ms = timing_start(&t, 60000, NOW);
		assert_int_equal(ms, timing_start(&t, 60000, NOW + 77));
		assert_true(ms >= 0 && ms < 60000);
		low = ms < low ? ms : low;
		high = ms > high ? ms : high;
	}
	assert_true(low < 1000 && high > 59000);
	t.every_ms = 5000; /* never later than its interval */
	for (t.seed = 0; t.seed < 1000; t.seed++)
		assert_true(timing_start(&t, 60000, NOW) < 5000);
	assert_int_equal(timing_start(&t, 0, NOW), 0);
}

static void intervals_have_jitter_and_keep_their_mean(void **state)
{
	struct timing t = { .every_ms = 60000, .seed = 42 };
	int64_t sum = 0;

	(void)state;
	for (uint64_t n = 0; n < 1000; n++) {
		int64_t ms = timing_next(&t, n, NOW);

		assert_true(ms >= 57000 && ms <= 63000);
		sum += ms;
	}
	assert_true(sum / 1000 > 59700 && sum / 1000 < 60300);
	t.every_ms = 1; /* not a busy loop */
	assert_true(timing_next(&t, 1, NOW) >= TIMING_EVERY_MIN_MS * 9 / 10);
}

static void failures_back_off_to_a_limit(void **state)
{
	static const struct backoff b = { 30000, 3600000 };
	struct timing t = { .every_ms = 60000, .seed = 7 };
	static const struct {
		unsigned failures;
		int64_t most;
	} rows[] = {
		{ 1, 30000 },	{ 2, 60000 },	{ 3, 120000 },
		{ 7, 1920000 }, { 8, 3600000 }, { 1000000, 3600000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (uint64_t n = 0; n < 50; n++) {
			int64_t ms =
				timing_retry(&t, &b, rows[i].failures, n, NOW);

			assert_true(ms >= rows[i].most / 2);
			assert_true(ms <= rows[i].most);
		}
	t.every_ms = 24 * 3600000; /* rare: the limit is its interval */
	assert_true(timing_retry(&t, &b, 1, 1, NOW) <= 30000);
	assert_true(timing_retry(&t, &b, 100, 1, NOW) >= 12 * 3600000);
}

static void cron_decides_also_after_failures(void **state)
{
	static const struct backoff b = { 30000, 3600000 };
	struct tz_cache zones = { 0 };
	struct cron cron;
	struct timing t = { .cron = &cron, .seed = 7 };
	struct err e;

	(void)state;
	t.tz = tz_get(&zones, STR("UTC"), &e);
	assert_int_equal(cron_parse(STR("*/10 * * * *"), &cron, &e), 0);
	/* 1795000000 is 40 s after 11:06 */
	assert_int_equal(timing_next(&t, 0, NOW), 200000);
	assert_int_equal(timing_start(&t, 60000, NOW), 200000);
	assert_true(timing_retry(&t, &b, 1, 0, NOW) <= 30000);
	assert_int_equal(timing_retry(&t, &b, 50, 0, NOW), 200000);
	/* Rounded up: not a microsecond early. */
	assert_int_equal(timing_next(&t, 0, NOW + 1), 200000);
	assert_int_equal(timing_next(&t, 0, NOW - 1), 200001);
	cron.months = 0;
	assert_int_equal(timing_next(&t, 0, NOW), -1);
	tz_cache_free(&zones);
}

static void an_interval_adapts_within_its_bounds(void **state)
{
	static const struct {
		int64_t every, min, max;
		bool changed;
		int64_t want;
	} t[] = {
		{ 60000, 0, 0, true, 60000 }, /* fixed */
		{ 60000, 0, 0, false, 60000 },
		{ 60000, 10000, 600000, true, 30000 },
		{ 60000, 10000, 600000, false, 75000 },
		{ 15000, 10000, 600000, true, 10000 },
		{ 10000, 10000, 600000, true, 10000 },
		{ 500000, 10000, 600000, false, 600000 },
		{ 600000, 10000, 600000, false, 600000 },
		{ 60000, 60000, 60000, true, 60000 },
		{ 60000, 60000, 60000, false, 60000 },
		{ 50, 50, 1000, false, 62 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct timing timing = { .every_ms = t[i].every,
					 .min_ms = t[i].min,
					 .max_ms = t[i].max };

		if (timing_adapt(&timing, t[i].changed) != t[i].want)
			fail_msg("row %zu: %lld", i,
				 (long long)timing_adapt(&timing,
							 t[i].changed));
	}
}

/* One change in four fetches keeps it; more shorten it, fewer lengthen it. */
static void an_interval_follows_how_often_it_changes(void **state)
{
	static const int64_t changes_every[] = { 600, 3600, 20000 }; /* s */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes_every); i++) {
		struct timing t = { .every_ms = 3600000,
				    .min_ms = 10000,
				    .max_ms = 86400000 };
		int64_t now = 0, seen = 0, fetches = 0, found = 0;

		while (now < changes_every[i] * 1000 * 400) {
			int64_t version = now / (changes_every[i] * 1000);

			t.every_ms = timing_adapt(&t, version != seen);
			found += version != seen;
			seen = version;
			fetches++;
			now += t.every_ms;
		}
		assert_true(found > 300);
		assert_true(fetches > 3 * found && fetches < 6 * found);
	}
}

static void fetches_stay_within_windows(void **state)
{
	const struct str window = STR("08:00-20:00");
	struct tz_cache zones = { 0 };
	struct hours hours;
	struct cron cron;
	struct timing t = { .every_ms = 3600000, .hours = &hours, .seed = 7 };
	const int64_t minute = 60000, s = 1000000;
	int64_t low = INT64_MAX, high = 0;
	struct err e;

	(void)state;
	t.tz = tz_get(&zones, STR("UTC"), &e);
	assert_int_equal(hours_parse(&window, 1, &hours, &e), 0);
	/* NOW is 11:06:40 */
	assert_int_equal(timing_within(&t, 0, 0, NOW), 0);
	assert_int_equal(timing_within(&t, -1, 0, NOW), -1);
	assert_int_equal(timing_within(&t, 533 * minute, 0, NOW), 533 * minute);
	/* 20:00 is closed: the next opening is 12 hours later. */
	for (uint64_t n = 0; n < 1000; n++) {
		int64_t ms = timing_within(&t, 534 * minute, n, NOW) -
			     (INT64_C(20) * 60 + 53) * minute - 20000;

		assert_true(ms >= 0 && ms < TIMING_OPEN_MS);
		low = ms < low ? ms : low;
		high = ms > high ? ms : high;
	}
	assert_true(low < 1000 && high > 59000);
	t.every_ms = 5000; /* no longer spread than its interval */
	for (uint64_t n = 0; n < 100; n++)
		assert_true(timing_within(&t, 0, n, NOW + 9 * 3600 * s) -
				    (INT64_C(11) * 60 + 53) * minute - 20000 <
			    5000);
	/* By cron: at its own times within the windows, and at no other. */
	assert_int_equal(cron_parse(STR("0 */6 * * *"), &cron, &e), 0);
	t.cron = &cron;
	assert_int_equal(timing_next(&t, 0, NOW), 53 * minute + 20000);
	assert_int_equal(timing_next(&t, 0, NOW + 7 * 3600 * s),
			 (INT64_C(17) * 60 + 53) * minute + 20000);
	tz_cache_free(&zones);
}

static void draws_are_even_and_repeatable(void **state)
{
	int count[10] = { 0 };

	(void)state;
	for (uint64_t n = 0; n < 10000; n++)
		count[draw_below(3, n, 10)]++;
	for (int i = 0; i < 10; i++)
		assert_true(count[i] > 850 && count[i] < 1150);
	assert_true(draw(1, 5) == draw(1, 5));
	assert_true(draw(1, 5) != draw(1, 6) && draw(1, 5) != draw(2, 5));
	assert_int_equal(draw_below(1, 1, 0), 0);
	assert_int_equal(draw_below(1, 1, -5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_out_by_deadline),
		cmocka_unit_test(removing_what_is_not_in_does_nothing),
		cmocka_unit_test(starts_are_spread_and_always_the_same),
		cmocka_unit_test(intervals_have_jitter_and_keep_their_mean),
		cmocka_unit_test(failures_back_off_to_a_limit),
		cmocka_unit_test(cron_decides_also_after_failures),
		cmocka_unit_test(an_interval_adapts_within_its_bounds),
		cmocka_unit_test(an_interval_follows_how_often_it_changes),
		cmocka_unit_test(fetches_stay_within_windows),
		cmocka_unit_test(draws_are_even_and_repeatable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
