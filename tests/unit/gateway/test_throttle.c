/* How often addresses and users may do things. */
#include "cmd/gateway/throttle.h"

#include <stdio.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const struct throttle_limits limits = { { 0, 10, 2, 0 } };

static int64_t take(struct throttle *t, enum throttle_kind kind,
		    const char *address, const char *user, int64_t now_ms)
{
	return throttle_take(t, &limits, kind, str_from(address),
			     str_from(user), now_ms);
}

static void an_address_has_so_many_a_second(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(t, THROTTLE_REQUEST, "a", NULL, 0), 0);
	assert_int_equal(take(t, THROTTLE_REQUEST, "a", NULL, 0), 100);
	assert_int_equal(take(t, THROTTLE_REQUEST, "b", NULL, 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, "a", NULL, 0), 0);
	assert_true(take(t, THROTTLE_REQUEST, "a", NULL, 99) > 0);
	assert_int_equal(take(t, THROTTLE_REQUEST, "a", NULL, 200), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(t, THROTTLE_SUBSCRIPTION, "a", NULL, 0),
				 0);
	throttle_free(&t);
}

static void a_user_has_as_many_from_all_addresses(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	assert_int_equal(take(t, THROTTLE_MESSAGE, "a", "ann", 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, "b", "ann", 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, "c", "ann", 0), 500);
	/* what was refused to the user was not taken from the address */
	assert_int_equal(take(t, THROTTLE_MESSAGE, "c", "bob", 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, "c", "bob", 0), 0);
	/* a user may be called like an address */
	assert_int_equal(take(t, THROTTLE_MESSAGE, "d", "a", 0), 0);
	throttle_free(&t);
}

static void those_who_are_quiet_longest_are_forgotten(void **state)
{
	struct throttle *t = throttle_new();
	char name[16];

	(void)state;
	take(t, THROTTLE_MESSAGE, "first", NULL, 0);
	take(t, THROTTLE_MESSAGE, "first", NULL, 0);
	take(t, THROTTLE_MESSAGE, "second", NULL, 0);
	take(t, THROTTLE_MESSAGE, "second", NULL, 0);
	for (int i = 0; i < THROTTLE_MAX - 2; i++) {
		snprintf(name, sizeof(name), "%d", i);
		take(t, THROTTLE_MESSAGE, name, NULL, 0);
	}
	assert_int_equal(throttle_count(t), THROTTLE_MAX);
	assert_true(take(t, THROTTLE_MESSAGE, "first", NULL, 0) > 0);
	take(t, THROTTLE_MESSAGE, "new", NULL, 0);
	assert_int_equal(throttle_count(t), THROTTLE_MAX);
	assert_int_equal(take(t, THROTTLE_MESSAGE, "second", NULL, 0), 0);
	assert_true(take(t, THROTTLE_MESSAGE, "first", NULL, 0) > 0);
	throttle_free(&t);
}

static void other_limits_hold_at_once(void **state)
{
	const struct throttle_limits more = { { 0, 10, 4, 0 } };
	struct throttle *t = throttle_new();

	(void)state;
	take(t, THROTTLE_MESSAGE, "a", NULL, 0);
	take(t, THROTTLE_MESSAGE, "a", NULL, 0);
	assert_true(take(t, THROTTLE_MESSAGE, "a", NULL, 0) > 0);
	assert_int_equal(throttle_take(t, &more, THROTTLE_MESSAGE, STR("a"),
				       (struct str){ 0 }, 0),
			 0);
	throttle_free(&t);
}

static void defaults_hold_for_others_than_this_machine(void **state)
{
	const struct throttle_limits given = { { THROTTLE_DEFAULT, 10, 0,
						 THROTTLE_DEFAULT } };
	struct throttle_limits l = throttle_resolve(&given, true);

	(void)state;
	assert_int_equal(l.per_s[THROTTLE_CONNECTION], 0);
	assert_int_equal(l.per_s[THROTTLE_REQUEST], 10);
	assert_int_equal(l.per_s[THROTTLE_MESSAGE], 0);
	assert_int_equal(l.per_s[THROTTLE_SUBSCRIPTION], 0);
	l = throttle_resolve(&given, false);
	assert_true(l.per_s[THROTTLE_CONNECTION] > 0);
	assert_int_equal(l.per_s[THROTTLE_REQUEST], 10);
	assert_int_equal(l.per_s[THROTTLE_MESSAGE], 0);
	assert_true(l.per_s[THROTTLE_SUBSCRIPTION] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_so_many_a_second),
		cmocka_unit_test(a_user_has_as_many_from_all_addresses),
		cmocka_unit_test(those_who_are_quiet_longest_are_forgotten),
		cmocka_unit_test(other_limits_hold_at_once),
		cmocka_unit_test(defaults_hold_for_others_than_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
