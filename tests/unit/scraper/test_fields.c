#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "cmd/scraper/fields.h"

static void names_every_field_of_an_item_once(void **state)
{
	struct item it = { 0 };

	(void)state;
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		assert_int_equal(field_named(str_from(field_name(f))), f);
		assert_null(field_of(&it, f)->p);
		*field_of(&it, f) = STR("x");
	}
	assert_int_equal(field_named(STR("picked")), FIELD_COUNT);
	assert_int_equal(field_named(STR("")), FIELD_COUNT);
}

static void normalises_text_by_its_field(void **state)
{
	static const struct {
		enum field field;
		const char *raw, *want;
	} cases[] = {
		{ FIELD_TITLE, " a\n\tb\xc2\xa0 c ", "a b c" },
		{ FIELD_TITLE, " \n ", NULL },
		{ FIELD_PRICE, "1.250,60 €", "1250.60" },
		{ FIELD_PRICE, "on request", NULL },
		{ FIELD_LIST_PRICE, "$1,299", "1299" },
		{ FIELD_CURRENCY, "eur", "EUR" },
		{ FIELD_CURRENCY, " € ", "EUR" },
		{ FIELD_CURRENCY, "xqz", NULL },
		{ FIELD_AVAILABILITY, "http://schema.org/OutOfStock",
		  "OutOfStock" },
		{ FIELD_AVAILABILITY, "Out of stock", "OutOfStock" },
		{ FIELD_AVAILABILITY, "pre-order", "PreOrder" },
		{ FIELD_AVAILABILITY, "maybe", NULL },
		{ FIELD_CONDITION, "Brand New", "NewCondition" },
		{ FIELD_CONDITION, "gebraucht", "UsedCondition" },
		{ FIELD_CONDITION, "odd", NULL },
		{ FIELD_LINK, "../b?x=1#y", "https://shop.example/b?x=1#y" },
		{ FIELD_LINK, "javascript:alert(1)", NULL },
		{ FIELD_LINK, "  ", NULL },
		{ FIELD_IMAGE, "//cdn.example/i.png",
		  "https://cdn.example/i.png" },
		{ FIELD_RATING, "4,5 / 5 (17)", "4.5" },
		{ FIELD_RATING, "none", NULL },
		{ FIELD_PUBLISHED, "20 Nov 2026",
		  "2026-11-20T00:00:00.000000Z" },
		{ FIELD_UPDATED, "soon", NULL },
	};
	const struct document doc = { .url = STR("https://shop.example/a/c") };
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct item it = { 0 };
		struct str *got = field_of(&it, cases[i].field);

		item_set_text(&it, cases[i].field, str_from(cases[i].raw), &doc,
			      &a);
		if (!got->p != !cases[i].want ||
		    !str_eq(*got, str_from(cases[i].want)))
			fail_msg("%s \"%s\": got %.*s",
				 field_name(cases[i].field), cases[i].raw,
				 STR_ARG(*got));
	}
	arena_free(&a);
}

static void cuts_what_is_too_long(void **state)
{
	const struct document doc = { 0 };
	struct arena a = { 0 };
	struct item it = { 0 };
	struct buf text = { 0 };

	(void)state;
	buf_puts(&text, "https://x.example/");
	while (text.len < 2 * ITEM_TEXT_MAX)
		buf_puts(&text, "ä");
	item_set_text(&it, FIELD_TITLE, buf_str(&text), &doc, &a);
	item_set_text(&it, FIELD_LINK, buf_str(&text), &doc, &a);
	assert_true(it.title.len <= ITEM_TEXT_MAX);
	assert_true(it.title.len > ITEM_TEXT_MAX - 4);
	assert_true(str_is_utf8(it.title));
	assert_null(it.link.p);
	buf_free(&text);
	arena_free(&a);
}

static void keeps_the_digits_of_numbers(void **state)
{
	const struct document doc = { .currency = STR("EUR") };
	struct arena a = { 0 };
	struct item it = { 0 };

	(void)state;
	/* As a text, "1.250" is more than a thousand. */
	item_set(&it, FIELD_PRICE, (struct raw){ STR("1.250"), true }, &doc,
		 &a);
	assert_true(str_is(it.price, "1.250"));
	item_set(&it, FIELD_PRICE, (struct raw){ STR("-1"), true }, &doc, &a);
	assert_true(str_is(it.price, "1.250"));
	assert_false(it.free);
	assert_null(it.currency.p);
	item_finish(&it, &doc, &a);
	assert_true(str_is(it.currency, "EUR"));
	arena_free(&a);
}

static void says_what_is_free(void **state)
{
	const struct document doc = { 0 };
	struct arena a = { 0 };
	struct item it = { 0 };

	(void)state;
	item_set_text(&it, FIELD_PRICE, STR("Free"), &doc, &a);
	assert_true(str_is(it.price, "0"));
	assert_true(it.free);
	arena_free(&a);
}

static struct str id_of(struct item it, struct arena *a)
{
	const struct document doc = { 0 };

	item_finish(&it, &doc, a);
	return it.id;
}

static void makes_ids_that_stay(void **state)
{
	struct item x = { .title = STR("A"), .price = STR("1") }, y = x;
	struct arena a = { 0 };

	(void)state;
	y.price = STR("2");
	y.summary = STR("now cheaper");
	assert_true(str_eq(id_of(x, &a), id_of(y, &a)));
	y.title = STR("B");
	assert_false(str_eq(id_of(x, &a), id_of(y, &a)));
	y.sku = STR("K-1");
	assert_true(str_is(id_of(y, &a), "K-1"));
	y.link = STR("HTTPS://x.example:443/1?utm_source=a#b");
	assert_true(str_is(id_of(y, &a), "https://x.example/1"));
	y.id = STR("own");
	assert_true(str_is(id_of(y, &a), "own"));
	arena_free(&a);
}

static void knows_an_item_that_says_nothing(void **state)
{
	struct item it = { 0 };

	(void)state;
	assert_true(item_is_empty(&it));
	it.rating = STR("5");
	assert_false(item_is_empty(&it));
}

/* A kind whose selectors are texts: {"is":TEXT} finds TEXT in every item. */
static void *compile_is(const struct json *spec, bool list, struct err *e)
{
	const char *is = json_string(json_member(spec, "is"));

	(void)list;
	if (is)
		return xstrdup(is);
	err_set(e, EX_CONFIG, "is is missing");
	return NULL;
}

static struct raw read_is(const void *selector, const void *item,
			  struct arena *a)
{
	(void)item;
	(void)a;
	return (struct raw){ .text = str_from(*(const char *)selector ? selector
								      : NULL) };
}

static const char *const members[] = { "is", NULL };
static const struct selector_ops ops = {
	.members = members,
	.compile = compile_is,
	.release = free,
	.read = read_is,
};

static struct fields *compile(const char *config, struct err *e)
{
	struct json *root = json_parse(str_from(config), 0, NULL);
	struct fields *f = fields_compile(root, &ops, e);

	json_free(&root);
	return f;
}

static void fills_items_from_selectors(void **state)
{
	struct fields *f = compile("{\"items\":{\"is\":\"all\"},\"fields\":{"
				   "\"title\":{\"is\":\"A\"},"
				   "\"sku\":{\"is\":\"\"},"
				   "\"seller\":{\"is\":\"3 €\",\"as\":"
				   "\"price\"}}}",
				   NULL);
	const struct document doc = { 0 };
	struct observation o = { 0 };
	struct arena a = { 0 };

	(void)state;
	assert_non_null(f);
	assert_string_equal(fields_items(f), "all");
	assert_true(fields_add(f, NULL, &doc, &a, &o));
	fields_end(f, &a, &o);
	assert_int_equal(o.outcome, OUTCOME_FOUND);
	assert_int_equal(o.n_items, 1);
	assert_true(str_is(o.items[0].title, "A"));
	assert_true(str_is(o.items[0].seller, "3"));
	assert_null(o.items[0].sku.p);
	assert_null(o.items[0].currency.p);
	assert_non_null(o.items[0].id.p);
	fields_free(&f);
	assert_null(f);
	arena_free(&a);
}

static void misses_where_nothing_is_found(void **state)
{
	struct fields *f =
		compile("{\"fields\":{\"title\":{\"is\":\"\"}}}", NULL);
	const struct document doc = { 0 };
	struct observation o = { 0 };
	struct arena a = { 0 };

	(void)state;
	assert_null(fields_items(f));
	assert_true(fields_add(f, NULL, &doc, &a, &o));
	fields_end(f, &a, &o);
	assert_int_equal(o.outcome, OUTCOME_SELECTOR_MISS);
	assert_true(str_is(o.reason, "fields.title found nothing"));
	fields_free(&f);
	arena_free(&a);
}

static void names_the_selector_that_is_wrong(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(compile(
		"{\"fields\":{\"title\":{\"is\":\"A\"},\"sku\":{}}}", &e));
	assert_int_equal(e.code, EX_CONFIG);
	assert_string_equal(e.msg, "fields.sku: is is missing");
	assert_null(compile("{\"fields\":{\"title\":{\"is\":\"A\"},\"title\":{"
			    "\"is\":\"B\"}}}",
			    &e));
	assert_string_equal(e.msg, "fields.title: is there twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_field_of_an_item_once),
		cmocka_unit_test(normalises_text_by_its_field),
		cmocka_unit_test(cuts_what_is_too_long),
		cmocka_unit_test(keeps_the_digits_of_numbers),
		cmocka_unit_test(says_what_is_free),
		cmocka_unit_test(makes_ids_that_stay),
		cmocka_unit_test(knows_an_item_that_says_nothing),
		cmocka_unit_test(fills_items_from_selectors),
		cmocka_unit_test(misses_where_nothing_is_found),
		cmocka_unit_test(names_the_selector_that_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
