#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/backoff.h"

static void doubles_up_to_its_limit(void **state)
{
	static const struct {
		int64_t base;
		unsigned failures;
		int64_t max, want;
	} cases[] = {
		{ 30, 0, 1000, 30 },	  { 30, 1, 1000, 30 },
		{ 30, 2, 1000, 60 },	  { 30, 5, 1000, 480 },
		{ 30, 6, 1000, 960 },	  { 30, 7, 1000, 1000 },
		{ 30, 4000, 1000, 1000 }, { 2000, 1, 1000, 1000 },
		{ 250, 3, 1000, 1000 },	  { 0, 10, 1000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(backoff_ms(cases[i].base, cases[i].failures,
					    cases[i].max),
				 cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_up_to_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
