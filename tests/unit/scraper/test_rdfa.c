#include "tests/unit/scraper/things.h"

static void reads_rdfa_of_pages(void **state)
{
	(void)state;
	things_run("rdfa.jsonl", rdfa_read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rdfa_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
