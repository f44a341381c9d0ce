#include "cmd/scraper/extract.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#include "cmd/scraper/schemaorg.h"

static void run_on(struct str html, struct str url, struct str currency,
		   struct arena *a, struct observation *o)
{
	const struct document doc = {
		.body = html,
		.content_type = STR("text/html; charset=utf-8"),
		.url = url,
		.currency = currency,
	};
	struct err e = { 0 };
	struct extractor *x = extractor_new("product", NULL, &e);

	assert_non_null(x);
	extractor_run(x, &doc, a, o);
	extractor_free(&x);
}

static bool is_same(const struct json *want, const struct json *got)
{
	const char *w = json_string(want), *g = json_string(got);

	if (json_kind(want) == JSON_BOOL || json_kind(want) == JSON_NULL)
		return json_true(want) == json_true(got) && !g;
	return w && g && !strcmp(w, g);
}

/*
 * Every member of "item" must be so (null: absent); what it leaves out must be
 * absent where a wrong value would do harm.
 */
static bool item_is_as_wanted(const struct json *want, const struct json *got)
{
	static const char *const strict[] = { "price", "list_price", "currency",
					      "availability", "free" };
	bool same = true;

	json_each (m, want)
		same &= is_same(m, json_member(got, json_key(m)));
	for (size_t i = 0; i < ARRAY_LEN(strict); i++)
		same &= json_member(want, strict[i]) ||
			!json_member(got, strict[i]);
	return same;
}

static bool judge_page(const struct json *c, void *ctx)
{
	const struct json *item = json_member(c, "item");
	struct observation o = { 0 };
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	struct json *got;
	bool same;

	(void)ctx;
	run_on(cases_str(c, "html"), cases_str(c, "url"),
	       cases_str(c, "currency"), &a, &o);
	observation_print(&o, &b);
	got = json_parse(buf_str(&b), 0, &e);
	assert_non_null(got);
	if (item)
		same = o.n_items == 1 &&
		       item_is_as_wanted(item,
					 json_at(json_member(got, "items"), 0));
	else
		same = o.n_items == 0 &&
		       str_eq(str_from(outcome_name(o.outcome)),
			      cases_str(c, "outcome"));
	if (!same)
		print_message("# %s: got %s\n",
			      json_string(json_member(c, "case")), b.p);
	json_free(&got);
	buf_free(&b);
	arena_free(&a);
	return same;
}

static void finds_the_offer_of_a_page(void **state)
{
	struct cases_count count = cases_run("tests/fixtures/product",
					     "pages.jsonl", judge_page, NULL);

	(void)state;
	assert_true(count.n > 40);
	assert_int_equal(count.good, count.n);
}

static void a_gtin_has_its_check_digit(void **state)
{
	(void)state;
	assert_true(schemaorg_is_gtin(STR("4006381333931")));
	assert_true(schemaorg_is_gtin(STR("036000291452")));
	assert_true(schemaorg_is_gtin(STR("96385074")));
	assert_true(schemaorg_is_gtin(STR("00012345600012")));
	assert_false(schemaorg_is_gtin(STR("4006381333932")));
	assert_false(schemaorg_is_gtin(STR("0000000000000")));
	assert_false(schemaorg_is_gtin(STR("400638133393")));
	assert_false(schemaorg_is_gtin(STR("40063813339x1")));
	assert_false(schemaorg_is_gtin(STR("")));
}

/* Each part repeated until the page is large: no answer may take long. */
static void hostile_pages_end(void **state)
{
	static const char *const parts[] = {
		"<b class=price>$1</b>",
		"<div><i>1 EUR",
		"<p itemscope itemprop=offers itemref='a b'><b itemprop=price>",
		"<div typeof=Product property=offers>",
		"<h1>x</h1><button>buy now</button>",
		"<a href=/x><img src=y><b>$5.00</b></a>",
		"<s>5 &euro;</s><span class='price old'>6 &euro;</span>",
		"SKU: <b>1</b><br>",
		"<meta property=product:price:amount content=1>",
		"<script>currency='",
		"<script type=application/ld+json>[{",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct observation o = { 0 };
		struct arena a = { 0 };
		struct buf b = { 0 };

		while (b.len < 200000)
			buf_puts(&b, parts[i]);
		run_on(buf_str(&b), STR("https://shop.example/"),
		       (struct str){ 0 }, &a, &o);
		assert_true(o.n_items <= 1);
		buf_free(&b);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_offer_of_a_page),
		cmocka_unit_test(a_gtin_has_its_check_digit),
		cmocka_unit_test(hostile_pages_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
