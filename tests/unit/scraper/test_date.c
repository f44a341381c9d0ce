/* Cases: tests/fixtures/date/dates.jsonl. */
#include "tests/unit/scraper/cases.h"

#include <string.h>

#include "common/clk.h"

#include "cmd/scraper/date.h"

static bool is_read_right(const struct json *c)
{
	const char *in = case_text(c, "in");
	const char *want = case_text(c, "want");
	char got_text[CLK_TEXT_SIZE] = "no date";
	int64_t got = 0, wanted = 0;
	bool is_date = date_parse(str_from(in), &got);

	if (is_date)
		clk_format(got, got_text);
	if (want)
		assert_true(clk_parse(str_from(want), &wanted));
	if (is_date == (want != NULL) && (!want || got == wanted))
		return true;
	print_error("%s: %s, want %s\n", in, got_text, want ? want : "none");
	return false;
}

static void reads_dates_as_they_are_meant(void **state)
{
	(void)state;
	cases_run("tests/fixtures/date/dates.jsonl", 100, is_read_right);
}

static void refuses_what_is_too_long(void **state)
{
	char text[DATE_TEXT_MAX + 16];
	int64_t us;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "20 Nov 2026 (", 13);
	assert_false(date_parse((struct str){ text, sizeof(text) }, &us));
	assert_true(date_parse((struct str){ text, DATE_TEXT_MAX }, &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_dates_as_they_are_meant),
		cmocka_unit_test(refuses_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
