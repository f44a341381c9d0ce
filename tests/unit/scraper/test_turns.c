#include "cmd/scraper/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { N = 48, UNIT = 450 };

/* All that each may say, in units, until everybody waits. */
static int64_t flood(struct turns *ts, struct turn *v, size_t n)
{
	int64_t all = 0;

	for (size_t i = 0; i < n; i++)
		while (!v[i].waits) {
			turns_take(ts, &v[i], UNIT);
			all += UNIT;
		}
	return all;
}

/* What is served of who waits, until the room of the round is gone. */
static int64_t serve(struct turns *ts, int64_t served[N], struct turn *v)
{
	int64_t all = 0;
	struct turn *t;

	while ((t = turns_next(ts))) {
		int64_t n = flood(ts, t, 1);

		served[t - v] += n;
		all += n;
	}
	return all;
}

static void one_alone_has_the_whole_round(void **state)
{
	struct turn t = { 0 };
	struct turns ts;
	int64_t served[N] = { 0 }, n;

	(void)state;
	turns_init(&ts);
	n = flood(&ts, &t, 1);
	assert_in_range(n, TURNS_QUANTUM, TURNS_QUANTUM + UNIT);
	n += serve(&ts, served, &t);
	assert_in_range(n, TURNS_ROUND, TURNS_ROUND + TURNS_QUANTUM + UNIT);
	assert_true(t.waits);
	assert_null(turns_next(&ts));
	turns_renew(&ts);
	assert_ptr_equal(turns_next(&ts), &t);
}

static void all_have_equal_shares_and_a_round_is_bounded(void **state)
{
	struct turn v[N] = { 0 };
	int64_t served[N] = { 0 }, most = 0, least = INT64_MAX, all = 0;
	struct turns ts;

	(void)state;
	turns_init(&ts);
	flood(&ts, v, N);
	for (int i = 0; i < 100; i++) {
		int64_t n;

		turns_renew(&ts);
		n = serve(&ts, served, v);
		assert_in_range(n, 0, TURNS_ROUND + TURNS_QUANTUM + UNIT);
		all += n;
	}
	assert_in_range(all, 99LL * TURNS_ROUND, 101LL * TURNS_ROUND);
	for (int i = 0; i < N; i++) {
		most = served[i] > most ? served[i] : most;
		least = served[i] < least ? served[i] : least;
	}
	assert_in_range(most - least, 0, TURNS_QUANTUM + UNIT);
}

static void who_says_little_never_waits(void **state)
{
	struct turn v[N] = { 0 }, honest = { 0 };
	int64_t served[N] = { 0 };
	struct turns ts;

	(void)state;
	turns_init(&ts);
	flood(&ts, v, N);
	for (int i = 0; i < 1000; i++) {
		serve(&ts, served, v);
		for (int k = 0; k < TURNS_QUANTUM / UNIT; k++)
			assert_false(turns_take(&ts, &honest, UNIT));
		turns_renew(&ts);
	}
}

static void a_quantum_is_not_saved_up(void **state)
{
	struct turn t = { 0 };
	struct turns ts;

	(void)state;
	turns_init(&ts);
	assert_false(turns_take(&ts, &t, 1));
	for (int i = 0; i < 100; i++)
		turns_renew(&ts);
	assert_true(turns_take(&ts, &t, TURNS_QUANTUM));
}

/* One big unit: others go first until it is made good, none by itself. */
static void a_debt_is_made_good(void **state)
{
	struct turn big = { 0 }, small = { 0 };
	struct turns ts;
	int n = 0;

	(void)state;
	turns_init(&ts);
	assert_true(turns_take(&ts, &big, 10 * TURNS_QUANTUM));
	assert_true(turns_take(&ts, &small, TURNS_QUANTUM));
	while (turns_next(&ts) == &small) {
		assert_true(turns_take(&ts, &small, TURNS_QUANTUM));
		n++;
	}
	assert_in_range(n, 8, 10);
	/* Alone it need not wait, but for the room that it took. */
	turns_leave(&ts, &small);
	turns_take(&ts, &big, 3 * TURNS_ROUND);
	assert_null(turns_next(&ts));
	for (n = 0; !turns_next(&ts) && n < 10; n++)
		turns_renew(&ts);
	assert_in_range(n, 2, 4);
}

static void who_leaves_gives_back_what_he_has(void **state)
{
	struct turn v[3] = { { 0 } };
	struct turns ts;

	(void)state;
	turns_init(&ts);
	for (int i = 0; i < 3; i++)
		assert_true(turns_take(&ts, &v[i], TURNS_QUANTUM));
	turns_leave(&ts, &v[1]);
	turns_leave(&ts, &v[2]);
	assert_int_equal(ts.n, 1);
	assert_true(turns_take(&ts, &v[2], TURNS_QUANTUM));
	assert_ptr_equal(turns_next(&ts), &v[0]);
	turns_leave(&ts, &v[0]);
	assert_int_equal(ts.room, TURNS_ROUND - 4 * TURNS_QUANTUM);
	assert_ptr_equal(turns_next(&ts), &v[2]);
	assert_null(turns_next(&ts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_alone_has_the_whole_round),
		cmocka_unit_test(all_have_equal_shares_and_a_round_is_bounded),
		cmocka_unit_test(who_says_little_never_waits),
		cmocka_unit_test(a_quantum_is_not_saved_up),
		cmocka_unit_test(a_debt_is_made_good),
		cmocka_unit_test(who_leaves_gives_back_what_he_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
