#include "tests/unit/scraper/things.h"

static void reads_items_and_what_they_refer_to(void **state)
{
	(void)state;
	things_run("microdata.jsonl", microdata_read);
}

/* Items that refer to each other would make a tree without end. */
static void references_in_circles_end(void **state)
{
	static const char html[] =
		"<div itemprop=x itemscope id=a itemref='a b c'></div>"
		"<div itemprop=x itemscope id=b itemref='a b c'></div>"
		"<div itemprop=x itemscope id=c itemref='a b c'></div>"
		"<div itemscope itemref='a b c'></div>";
	struct arena a = { 0 };
	struct things ts = { .arena = &a };
	struct err e = { 0 };
	struct dom *d =
		dom_parse_html(str_from(html), STR("text/html"), &a, &e);

	(void)state;
	microdata_read(&ts, d);
	assert_true(ts.n > 0 && ts.n <= THINGS_MAX);
	arena_free(&a);
}

static void deep_items_are_read_in_parts(void **state)
{
	struct arena a = { 0 };
	struct things ts = { .arena = &a };
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 900; i++)
		buf_puts(&b, "<i itemscope itemprop=x>");
	microdata_read(&ts,
		       dom_parse_html(buf_str(&b), STR("text/html"), &a, &e));
	assert_true(ts.n >= 900);
	buf_free(&b);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_items_and_what_they_refer_to),
		cmocka_unit_test(references_in_circles_end),
		cmocka_unit_test(deep_items_are_read_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
