/* Deadlines that are equally far away come due in the order they were set. */
#include "cmd/gateway/due.h"

#include "tests/unit/cases.h"

static void the_first_one_set_is_the_first_one_due(void **state)
{
	struct due_list list = { .in_ms = 100 };
	struct due a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	assert_true(due_next_ms(&list) == INT64_MAX);
	due_set(&list, &a, 1000);
	due_set(&list, &b, 1000);
	due_set(&list, &c, 1050);
	assert_int_equal(due_next_ms(&list), 1100);
	assert_null(due_take(&list, 1099));
	assert_ptr_equal(due_take(&list, 1100), &a);
	assert_ptr_equal(due_take(&list, 1100), &b);
	assert_null(due_take(&list, 1100));
	assert_int_equal(due_next_ms(&list), 1150);
}

static void a_deadline_is_moved_dropped_and_changes_lists(void **state)
{
	struct due_list list = { .in_ms = 100 }, other = { .in_ms = 10 };
	struct due a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	due_drop(&a); /* it is in none */
	due_set(&list, &a, 0);
	due_set(&list, &b, 1);
	due_set(&list, &c, 2);
	due_set(&list, &a, 3);
	due_drop(&c);
	due_set(&other, &b, 4);
	assert_int_equal(due_next_ms(&list), 103);
	assert_int_equal(due_next_ms(&other), 14);
	assert_ptr_equal(due_take(&list, 200), &a);
	assert_null(due_take(&list, 200));
	assert_ptr_equal(due_take(&other, 200), &b);
	assert_null(b.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_one_set_is_the_first_one_due),
		cmocka_unit_test(a_deadline_is_moved_dropped_and_changes_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
