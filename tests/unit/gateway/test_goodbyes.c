/* Who has said good-bye is known once, for a time, and not without bound. */
#include <stdio.h>

#include "cmd/gateway/goodbyes.h"

#include "tests/unit/cases.h"

static const char *sid_of(int i)
{
	static char sid[ENGINEIO_SID_LEN + 1];

	snprintf(sid, sizeof(sid), "%020d", i);
	return sid;
}

static bool take(struct goodbyes *g, int i, int64_t now_ms)
{
	return goodbyes_take(g, str_from(sid_of(i)), now_ms);
}

static void each_is_taken_once_in_any_order(void **state)
{
	static struct goodbyes g;

	(void)state;
	assert_false(take(&g, 1, 0));
	for (int i = 1; i <= 3; i++)
		goodbyes_add(&g, sid_of(i), 0);
	assert_false(take(&g, 4, 0));
	assert_true(take(&g, 2, 0));
	assert_false(take(&g, 2, 0));
	assert_true(take(&g, 1, 0));
	assert_true(take(&g, 3, 0));
	/* Those that are gone leave no name behind. */
	assert_false(goodbyes_take(&g, STR(""), 0));
}

static void each_is_kept_for_its_time(void **state)
{
	static struct goodbyes g;

	(void)state;
	goodbyes_add(&g, sid_of(1), 0);
	goodbyes_add(&g, sid_of(2), 5000);
	assert_false(take(&g, 1, GOODBYES_MS));
	assert_true(take(&g, 2, GOODBYES_MS + 4999));
	goodbyes_add(&g, sid_of(3), 20000);
	assert_true(take(&g, 3, 20000 + GOODBYES_MS - 1));
}

static void the_oldest_goes_for_one_too_many(void **state)
{
	static struct goodbyes g;

	(void)state;
	for (int i = 0; i < GOODBYES_MAX; i++)
		goodbyes_add(&g, sid_of(i), 0);
	assert_int_equal(g.pushed, 0);
	goodbyes_add(&g, sid_of(GOODBYES_MAX), 0);
	assert_int_equal(g.pushed, 1);
	assert_false(take(&g, 0, 0));
	assert_true(take(&g, 1, 0));
	assert_true(take(&g, GOODBYES_MAX, 0));
	/* No loss: one that was taken, and those that were over anyway. */
	goodbyes_add(&g, sid_of(0), 0);
	assert_int_equal(g.pushed, 1);
	for (int i = 0; i < GOODBYES_MAX; i++)
		goodbyes_add(&g, sid_of(i), GOODBYES_MS);
	assert_int_equal(g.pushed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_taken_once_in_any_order),
		cmocka_unit_test(each_is_kept_for_its_time),
		cmocka_unit_test(the_oldest_goes_for_one_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
