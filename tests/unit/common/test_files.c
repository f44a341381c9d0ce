#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "common/files.h"

static void soft(rlim_t n)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	r.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

static void as_many_as_are_wanted_and_no_fewer_than_before(void **state)
{
	(void)state;
	soft(64);
	assert_int_equal(files_allow(100), 100);
	assert_int_equal(files_allow(80), 100);
}

static void the_system_has_the_last_word(void **state)
{
	struct rlimit r = { 64, 128 };

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
	assert_int_equal(files_allow(1000000), 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			as_many_as_are_wanted_and_no_fewer_than_before),
		cmocka_unit_test(the_system_has_the_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
