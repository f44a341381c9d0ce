#include "cmd/notifier/retry.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void pauses_double_up_to_their_limit(void **state)
{
	static const struct {
		unsigned failures;
		int64_t most_ms;
	} t[] = {
		{ 1, 1000 },	     { 2, 2000 },    { 3, 4000 },
		{ 10, 512000 },	     { 11, 900000 }, { 12, 900000 },
		{ 1000000, 900000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t half = t[i].most_ms / 2;

		assert_int_equal(retry_pause_ms(t[i].failures, 0), half);
		assert_int_equal(retry_pause_ms(t[i].failures, (uint32_t)half),
				 t[i].most_ms);
	}
}

static void chance_stays_within_half_and_all_of_a_pause(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t ms = retry_pause_ms(3, random);

		assert_in_range(ms, 2000, 4000);
		random = random * 1664525 + 1013904223;
	}
}

/* How many may go in `ms`, asked for all the time. */
static int sent_within(struct bucket *b, int64_t from_ms, int64_t ms)
{
	int n = 0;

	for (int64_t now = from_ms; now < from_ms + ms; now += 10)
		while (bucket_wait_ms(b, now) == 0) {
			bucket_take(b);
			n++;
		}
	return n;
}

static void a_tenth_may_go_at_once_then_the_rate_holds(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 30, 1000);
	assert_int_equal(sent_within(&b, 1000, 10), 3);
	assert_int_equal(bucket_wait_ms(&b, 1000), 2000);
	assert_int_equal(bucket_wait_ms(&b, 2999), 1);
	assert_int_equal(bucket_wait_ms(&b, 3000), 0);
	/* So in no minute more than the rate and what may go at once. */
	assert_in_range(sent_within(&b, 3000, 60000), 29, 33);
}

static void a_rest_saves_up_no_more_than_a_tenth(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 30, 0);
	assert_int_equal(sent_within(&b, 0, 10), 3);
	assert_int_equal(sent_within(&b, INT64_C(1) << 60, 10), 3);
}

static void a_slow_rate_still_sends_one(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 1, 0);
	assert_int_equal(sent_within(&b, 0, 10), 1);
	assert_int_equal(bucket_wait_ms(&b, 0), 60000);
	/* A clock that steps back takes nothing away. */
	assert_int_equal(bucket_wait_ms(&b, -5000), 60000);
	assert_int_equal(bucket_wait_ms(&b, 60000), 0);
}

static void without_a_rate_nothing_waits(void **state)
{
	struct bucket b;

	(void)state;
	bucket_init(&b, 0, 0);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(bucket_wait_ms(&b, 0), 0);
		bucket_take(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double_up_to_their_limit),
		cmocka_unit_test(chance_stays_within_half_and_all_of_a_pause),
		cmocka_unit_test(a_tenth_may_go_at_once_then_the_rate_holds),
		cmocka_unit_test(a_rest_saves_up_no_more_than_a_tenth),
		cmocka_unit_test(a_slow_rate_still_sends_one),
		cmocka_unit_test(without_a_rate_nothing_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
