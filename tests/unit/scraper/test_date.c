/* Cases: tests/fixtures/date/dates.jsonl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clk.h"
#include "common/json.h"

#include "cmd/scraper/date.h"

static bool is_read_right(const struct json *c)
{
	const char *in = json_string(json_member(c, "in"));
	const char *want = json_string(json_member(c, "want"));
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
	FILE *f = fopen("tests/fixtures/date/dates.jsonl", "r");
	char line[1024];
	size_t n = 0, wrong = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct json *c = json_parse(str_from(line), 0, NULL);

		assert_non_null(c);
		wrong += !is_read_right(c);
		json_free(&c);
		n++;
	}
	fclose(f);
	assert_int_equal(wrong, 0);
	assert_true(n > 100);
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
