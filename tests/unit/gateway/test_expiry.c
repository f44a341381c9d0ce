/* Moments in their order, however they were put in. */
#include "cmd/gateway/expiry.h"

#include <stdlib.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

enum { MANY = 1000 };

static void they_end_in_order(void **state)
{
	static struct expiry_item items[MANY];
	struct expiry x = { 0 };
	struct expiry_item *item;
	int64_t last = -1;
	size_t n = 0;

	(void)state;
	assert_int_equal(expiry_next_us(&x), INT64_MAX);
	assert_null(expiry_take(&x, INT64_MAX));
	srandom(1);
	for (size_t i = 0; i < MANY; i++)
		expiry_set(&x, &items[i], random() % 500);
	for (size_t i = 0; i < MANY; i += 3) /* moved */
		expiry_set(&x, &items[i], random() % 500);
	for (size_t i = 0; i < MANY; i += 5) /* gone */
		expiry_drop(&x, &items[i]);
	expiry_drop(&x, &items[0]); /* twice */
	while ((item = expiry_take(&x, INT64_MAX))) {
		assert_true(item->at_us >= last);
		assert_int_equal(item->place, 0);
		last = item->at_us;
		n++;
	}
	assert_int_equal(n, MANY - MANY / 5);
	expiry_free(&x);
}

static void none_ends_early(void **state)
{
	struct expiry_item a = { 0 }, b = { 0 };
	struct expiry x = { 0 };

	(void)state;
	expiry_set(&x, &a, 200);
	expiry_set(&x, &b, 100);
	assert_int_equal(expiry_next_us(&x), 100);
	assert_null(expiry_take(&x, 99));
	assert_ptr_equal(expiry_take(&x, 100), &b);
	assert_null(expiry_take(&x, 199));
	expiry_set(&x, &a, 50);
	assert_ptr_equal(expiry_take(&x, 50), &a);
	assert_int_equal(expiry_next_us(&x), INT64_MAX);
	expiry_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_end_in_order),
		cmocka_unit_test(none_ends_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
