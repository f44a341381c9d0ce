/* When a host may be asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/scraper/politeness.h"

static const struct polite_rules rules = {
	.per_host = 2,
	.delay_ms = 1000,
	.burst = 2,
	.limited_ms = 60000,
	.blocked_ms = 300000,
	.hold_max_ms = 3600000,
};

static void a_burst_then_one_per_delay(void **state)
{
	struct polite_host h = { 0 };
	int64_t now = 100000;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(polite_wait(&rules, &h, now), 0);
		polite_start(&rules, &h, now);
		polite_end(&rules, &h, POLITE_GOOD, 0, now);
	}
	assert_int_equal(polite_wait(&rules, &h, now), 1000);
	assert_int_equal(polite_wait(&rules, &h, now + 400), 600);
	assert_int_equal(polite_wait(&rules, &h, now + 1000), 0);
	polite_start(&rules, &h, now + 1000);
	polite_end(&rules, &h, POLITE_GOOD, 0, now + 1000);
	assert_int_equal(polite_wait(&rules, &h, now + 1000), 1000);
	/* A long rest gives a burst, and no more than that. */
	now += 1000000;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(polite_wait(&rules, &h, now), 0);
		polite_start(&rules, &h, now);
		polite_end(&rules, &h, POLITE_GOOD, 0, now);
	}
	assert_int_equal(polite_wait(&rules, &h, now), 1000);
}

static void few_at_a_time(void **state)
{
	struct polite_host h = { 0 };

	(void)state;
	polite_start(&rules, &h, 0);
	polite_start(&rules, &h, 0);
	assert_int_equal(polite_wait(&rules, &h, 500000), POLITE_BUSY);
	polite_end(&rules, &h, POLITE_NEUTRAL, 0, 500000);
	assert_int_equal(polite_wait(&rules, &h, 500000), 0);
}

static void a_crawl_delay_is_kept_without_bursts(void **state)
{
	struct polite_host h = { 0 };

	(void)state;
	polite_ask(&h, 5000);
	assert_int_equal(polite_wait(&rules, &h, 10), 0);
	polite_start(&rules, &h, 10);
	assert_int_equal(polite_wait(&rules, &h, 10), 5000);
	polite_ask(&h, INT64_C(3600000));
	assert_int_equal(h.asked_ms, POLITE_DELAY_MAX_MS);
	polite_ask(&h, -1);
	assert_int_equal(h.asked_ms, 0);
	/* Shorter than our own delay: ours holds. */
	h = (struct polite_host){ 0 };
	polite_ask(&h, 10);
	polite_start(&rules, &h, 10);
	assert_int_equal(polite_wait(&rules, &h, 10), 1000);
}

static int64_t end(struct polite_host *h, enum polite_end how, int64_t retry)
{
	polite_start(&rules, h, h->hold_ms);
	polite_end(&rules, h, how, retry, h->hold_ms);
	return h->hold_ms;
}

static void retry_after_is_obeyed_to_the_letter(void **state)
{
	struct polite_host h = { .seed = 5 };

	(void)state;
	assert_int_equal(end(&h, POLITE_LIMITED, 7000), 7000);
	assert_int_equal(polite_wait(&rules, &h, 0), 7000);
	assert_int_equal(polite_wait(&rules, &h, 6999), 1);
	assert_int_equal(polite_wait(&rules, &h, 7000), 0);
	assert_int_equal(end(&h, POLITE_LIMITED, INT64_C(1) << 40),
			 7000 + rules.hold_max_ms);
}

static void holds_double_until_a_success(void **state)
{
	static const enum polite_end kinds[] = { POLITE_LIMITED,
						 POLITE_BLOCKED };

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct polite_host h = { .seed = 5 };
		int64_t want = k ? rules.blocked_ms : rules.limited_ms;

		for (int i = 0; i < 12; i++) {
			int64_t before = h.hold_ms;
			int64_t hold = end(&h, kinds[k], 0) - before;

			if (want > rules.hold_max_ms)
				want = rules.hold_max_ms;
			assert_true(hold >= want);
			assert_true(hold <= want + want / 10 &&
				    hold <= rules.hold_max_ms);
			want *= 2;
		}
		end(&h, POLITE_NEUTRAL, 0);
		assert_int_equal(h.strikes, 12);
		end(&h, POLITE_GOOD, 0);
		assert_int_equal(h.strikes, 0);
	}
}

static void a_longer_hold_is_not_shortened(void **state)
{
	struct polite_host h = { 0 };

	(void)state;
	polite_start(&rules, &h, 0);
	polite_start(&rules, &h, 0);
	polite_end(&rules, &h, POLITE_BLOCKED, 0, 0);
	polite_end(&rules, &h, POLITE_LIMITED, 1000, 0);
	assert_true(h.hold_ms >= rules.blocked_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_one_per_delay),
		cmocka_unit_test(few_at_a_time),
		cmocka_unit_test(a_crawl_delay_is_kept_without_bursts),
		cmocka_unit_test(retry_after_is_obeyed_to_the_letter),
		cmocka_unit_test(holds_double_until_a_success),
		cmocka_unit_test(a_longer_hold_is_not_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
