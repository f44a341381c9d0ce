#include "tests/unit/scraper/extract_cases.h"

static void reads_the_text_of_a_page(void **state)
{
	char kind[] = "page";
	struct cases_count count =
		cases_run("tests/fixtures/extract", "page.jsonl",
			  extract_cases_judge, kind);

	(void)state;
	assert_true(count.n > 10);
	assert_int_equal(count.good, count.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_text_of_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
