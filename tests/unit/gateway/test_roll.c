/* Each client under a number of its own, in order. */
#include "cmd/gateway/roll.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void numbers_rise_and_are_not_used_again(void **state)
{
	struct roll *r = roll_new();
	struct roll_item item[4];

	(void)state;
	assert_null(roll_after(r, 0));
	for (size_t i = 0; i < ARRAY_LEN(item); i++)
		roll_add(r, &item[i], NULL, NULL, (int64_t)i);
	assert_int_equal(roll_count(r), 4);
	assert_ptr_equal(roll_find(r, 1), &item[0]);
	assert_ptr_equal(roll_find(r, 4), &item[3]);
	assert_null(roll_find(r, 0));
	assert_null(roll_find(r, 5));
	roll_remove(r, &item[1]);
	assert_null(roll_find(r, 2));
	assert_ptr_equal(roll_after(r, 1), &item[2]);
	roll_remove(r, &item[3]);
	assert_null(roll_after(r, 3));
	roll_add(r, &item[3], NULL, NULL, 9);
	assert_int_equal(item[3].id, 5);
	assert_ptr_equal(roll_after(r, 3), &item[3]);
	roll_remove(r, &item[0]);
	assert_ptr_equal(roll_after(r, 0), &item[2]);
	roll_remove(r, &item[2]);
	roll_remove(r, &item[3]);
	assert_null(roll_after(r, 0));
	assert_int_equal(roll_count(r), 0);
	roll_free(&r);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_rise_and_are_not_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
