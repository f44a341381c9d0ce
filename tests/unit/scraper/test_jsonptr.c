/* Cases: tests/fixtures/json/pointers.jsonl. */
#include "tests/unit/scraper/cases.h"

#include <string.h>
#include <sysexits.h>

#include "cmd/scraper/jsonpath.h"

static bool same(const struct json *x, const struct json *y)
{
	struct buf a = { 0 }, b = { 0 };
	bool ok;

	json_print(x, &a);
	json_print(y, &b);
	ok = !x == !y && str_eq(buf_str(&a), buf_str(&b));
	buf_free(&a);
	buf_free(&b);
	return ok;
}

static bool is_right(const struct json *c)
{
	struct str pointer = str_from(case_text(c, "pointer"));
	const char *error = case_text(c, "error");
	struct err e = { 0 };

	if (jsonptr_check(pointer, &e))
		return error && e.code == EX_CONFIG && strstr(e.msg, error);
	return !error && same(jsonptr_get(pointer, json_member(c, "doc")),
			      json_member(c, "want"));
}

static void points_at_what_the_standard_says(void **state)
{
	(void)state;
	cases_run("tests/fixtures/json/pointers.jsonl", 20, is_right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_at_what_the_standard_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
