/* What a watch believes of a fetch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/contract.h"
#include "common/xmem.h"

static struct contract read(const char *min_items, const char *min,
			    const char *max)
{
	struct type_watch w = { .min_items = str_from(min_items) };
	struct contract c;

	w.plausible.present = min || max;
	w.plausible.min = str_from(min);
	w.plausible.max = str_from(max);
	contract_read(&w, &c);
	return c;
}

static void items_are_counted(void **state)
{
	const struct contract none = read(NULL, NULL, NULL);
	const struct contract five = read("5", NULL, NULL);
	char why[CONTRACT_REASON_MAX] = "";

	(void)state;
	assert_true(contract_takes_items(&none, 0, why));
	assert_true(contract_takes_items(&five, 5, why));
	assert_string_equal(why, "");
	assert_false(contract_takes_items(&five, 4, why));
	assert_string_equal(why, "4 items, fewer than 5");
	assert_false(contract_takes_items(&five, 1, why));
	assert_string_equal(why, "1 item, fewer than 5");
}

static void prices_have_bounds(void **state)
{
	static const struct {
		const char *min, *max, *price, *why;
	} t[] = {
		{ NULL, NULL, "0", NULL },
		{ "10", "5000", "10.00", NULL },
		{ "10", "5000", "5000", NULL },
		{ "10", "5000", "9.99", "price 9.99 is not within 10-5000" },
		{ "10", "5000", "5000.01",
		  "price 5000.01 is not within 10-5000" },
		{ "10", NULL, "1", "price 1 is below 10" },
		{ NULL, "0.5", "0.51", "price 0.51 is above 0.5" },
		{ NULL, "0.5", "0", NULL },
		{ "10", NULL, NULL, NULL }, /* sold out */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct contract c = read(NULL, t[i].min, t[i].max);
		char why[CONTRACT_REASON_MAX] = "";
		bool good = contract_takes_price(&c, str_from(t[i].price), why);

		if (good != !t[i].why || strcmp(why, good ? "" : t[i].why) != 0)
			fail_msg("row %zu: %d %s", i, good, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_counted),
		cmocka_unit_test(prices_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
