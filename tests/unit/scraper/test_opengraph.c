#include "tests/unit/scraper/things.h"

static void reads_opengraph_of_pages(void **state)
{
	(void)state;
	things_run("opengraph.jsonl", opengraph_read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_opengraph_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
