#include "tests/unit/scraper/things.h"

#include <string.h>

static void reads_json_ld_also_where_it_is_broken(void **state)
{
	(void)state;
	things_run("jsonld.jsonl", jsonld_read);
}

static void a_reference_by_id_is_the_thing_that_it_names(void **state)
{
	static const char text[] =
		"[{\"@type\":\"Product\",\"offers\":{\"@id\":\"#o\"}},"
		"{\"@id\":\"#o\",\"@type\":\"Offer\",\"price\":7},"
		"{\"@id\":\"#x\",\"sku\":{\"@id\":\"#nowhere\"}}]";
	struct arena a = { 0 };
	struct things ts = { .arena = &a };
	const struct thing *offer, *lost;

	(void)state;
	jsonld_parse(&ts, THING_JSONLD, str_from(text), NULL);
	offer = thing_prop(ts.first, "offers", NULL)->thing;
	assert_null(offer->first);
	offer = things_resolve(&ts, offer);
	assert_true(str_is(thing_prop(offer, "price", NULL)->text, "7"));
	lost = thing_prop(ts.last->parent, "sku", NULL)->thing;
	assert_ptr_equal(things_resolve(&ts, lost), lost);
	arena_free(&a);
}

static void parse_repeated(const char *part, size_t times, struct things *ts)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < times; i++)
		buf_puts(&b, part);
	jsonld_parse(ts, THING_JSONLD, buf_str(&b), NULL);
	assert_true(ts->n <= THINGS_MAX);
	arena_free(ts->arena);
	buf_free(&b);
}

static void hostile_text_ends_early(void **state)
{
	static const char *const parts[] = {
		"[",	 "{",	 "{\"a\":", "\"",      "{\"a\":[",
		"[{},",	 "/*",	 "//",	    "\\",      "{\"a\":\"x\" ",
		"{\"\"", "<!--", "[\"a\" ", "&quot;[", "{\"a\":\"b\"c",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct arena a = { 0 };
		struct things ts = { .arena = &a };

		parse_repeated(parts[i], 300000, &ts);
	}
}

static void the_number_of_things_is_bounded(void **state)
{
	struct arena a = { 0 };
	struct things ts = { .arena = &a };

	(void)state;
	parse_repeated("{\"a\":1}", THINGS_MAX, &ts);
	assert_int_equal(ts.n, THINGS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_json_ld_also_where_it_is_broken),
		cmocka_unit_test(a_reference_by_id_is_the_thing_that_it_names),
		cmocka_unit_test(hostile_text_ends_early),
		cmocka_unit_test(the_number_of_things_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
