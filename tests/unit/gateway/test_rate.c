/* As many as a second brings at once, and then at the rate. */
#include "cmd/gateway/rate.h"

#include "tests/unit/cases.h"

static int take_all(struct rate *r, int64_t now_ms)
{
	int n = 0;

	while (n < 100000 && rate_take(r, now_ms))
		n++;
	return n;
}

static void a_second_s_worth_at_once_then_at_the_rate(void **state)
{
	struct rate r;
	int n = 0;

	(void)state;
	rate_init(&r, 30, 5000);
	assert_int_equal(take_all(&r, 5000), 30);
	assert_int_equal(rate_wait_ms(&r), 34);
	assert_int_equal(take_all(&r, 5033), 0);
	assert_int_equal(take_all(&r, 5034), 1);
	for (int64_t now = 5035; now <= 15034; now++)
		n += take_all(&r, now);
	assert_int_equal(n, 300);
	assert_int_equal(take_all(&r, 999999999), 30);
	rate_give_back(&r);
	assert_int_equal(take_all(&r, 999999999), 1);
	/* a clock that stands still, or goes back, gives nothing */
	assert_int_equal(take_all(&r, 999999000), 0);
}

static void what_is_owed_comes_first(void **state)
{
	struct rate r;

	(void)state;
	rate_init(&r, 10, 1000);
	rate_charge(&r, 4, 1000);
	assert_int_equal(take_all(&r, 1000), 6);
	rate_charge(&r, 5, 1000);
	assert_int_equal(rate_wait_ms(&r), 600);
	assert_int_equal(take_all(&r, 1599), 0);
	assert_int_equal(take_all(&r, 1600), 1);
	/* no more than a second's, however much it was */
	rate_charge(&r, INT64_MAX, 2000);
	assert_int_equal(take_all(&r, 3099), 0);
	assert_int_equal(take_all(&r, 3100), 1);
	rate_charge(&r, 1000, 3100);
	assert_int_equal(take_all(&r, 5100), 10);
}

static void without_a_rate_there_is_no_end(void **state)
{
	struct rate r;

	(void)state;
	rate_init(&r, 0, 0);
	assert_int_equal(take_all(&r, 0), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_s_worth_at_once_then_at_the_rate),
		cmocka_unit_test(what_is_owed_comes_first),
		cmocka_unit_test(without_a_rate_there_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
