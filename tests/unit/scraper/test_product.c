#include "cmd/scraper/extract.h"

#include <string.h>

#include <zlib.h>

#include "common/decimal.h"
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
	static const char *const strict[] = {
		"price", "list_price", "currency",   "availability",
		"free",	 "shipping",   "unit_price", "unit",
	};
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
			      cases_str(c, "outcome")) &&
		       str_find(o.reason, cases_str(c, "reason")) != (size_t)-1;
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

struct tally {
	unsigned right, wrong, missed;
};

static void read_gz(const char *dir, const char *id, struct buf *b)
{
	char path[4096];
	gzFile f;
	int n;

	snprintf(path, sizeof(path), "%s/product-pages/html/%s.html.gz", dir,
		 id);
	f = gzopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be read", path);
	while ((n = gzread(f, buf_reserve(b, 65536), 65536)) > 0)
		b->len += (size_t)n;
	gzclose(f);
}

static bool is_one_of(struct str price, const struct json *wanted)
{
	struct decimal a, b;

	json_each (w, wanted)
		if (decimal_parse(price, &a) &&
		    decimal_parse(str_trim(str_from(json_string(w))), &b) &&
		    decimal_cmp(a, b) == 0)
			return true;
	return false;
}

static void judge_real(const char *dir, const struct json *truth,
		       struct tally *t)
{
	const struct json *wanted = json_member(truth, "price");
	struct observation o = { 0 };
	struct arena a = { 0 };
	struct buf html = { 0 };
	struct str price = { 0 };

	read_gz(dir, json_key(truth), &html);
	run_on(buf_str(&html), cases_str(truth, "url"), (struct str){ 0 }, &a,
	       &o);
	if (o.n_items > 0)
		price = o.items[0].price;
	if (price.p && is_one_of(price, wanted)) {
		t->right++;
	} else {
		t->wrong += price.p != NULL;
		t->missed += json_count(wanted) > 0;
	}
	buf_free(&html);
	arena_free(&a);
}

static struct json *read_json(const char *dir, const char *name)
{
	char path[4096], *text = NULL;
	size_t cap = 0;
	struct err e = { 0 };
	struct json *root;
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: cannot be read", path);
	len = getdelim(&text, &cap, '\0', f);
	fclose(f);
	root = json_parse((struct str){ text, len > 0 ? (size_t)len : 0 }, 0,
			  &e);
	free(text);
	if (!root)
		fail_msg("%s: %s", path, e.msg);
	return root;
}

static void finds_the_price_of_real_pages(void **state)
{
	const char *dir = cases_dir();
	struct json *all = read_json(dir, "product-pages/ground-truth.json");
	struct tally t = { 0 };
	double f1;

	(void)state;
	json_each (truth, all)
		judge_real(dir, truth, &t);
	json_free(&all);
	f1 = 2.0 * t.right / (2.0 * t.right + t.wrong + t.missed);
	print_message("# prices: %u right, %u wrong, %u missed, F1 %.3f\n",
		      t.right, t.wrong, t.missed, f1);
	assert_true(f1 > 0.92);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_offer_of_a_page),
		cmocka_unit_test(a_gtin_has_its_check_digit),
		cmocka_unit_test(hostile_pages_end),
		cmocka_unit_test(finds_the_price_of_real_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
