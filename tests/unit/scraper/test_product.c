#include "cmd/scraper/extract.h"

#include <stddef.h>
#include <string.h>

#include <zlib.h>

#include "common/decimal.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

#include "cmd/scraper/price.h"
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

enum { ASKED = 6 };

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

static bool is_same_price(struct str got, struct str want)
{
	struct decimal a, b;

	return decimal_parse(got, &a) && decimal_parse(str_trim(want), &b) &&
	       decimal_cmp(a, b) == 0;
}

/* want is a sign or a code: whether got is one that it can mean. */
static bool is_same_currency(struct str got, struct str want)
{
	const struct price_hints hints = { .page = got };
	struct buf b = { 0 };
	struct price p;

	buf_addf(&b, "5 %.*s", STR_ARG(want));
	price_parse(buf_str(&b), (struct str){ 0 }, &hints, &p);
	buf_free(&b);
	return str_eq(got, str_from(p.currency));
}

static bool is_same_availability(struct str got, struct str want)
{
	return str_is(got, "OutOfStock") == str_is(want, "OutOfStock");
}

static bool is_same_text(struct str got, struct str want)
{
	return str_eq_nocase(got, str_trim(want));
}

static const struct {
	const char *name;
	size_t offset; /* in struct item */
	bool (*is_same)(struct str got, struct str want);
} asked[ASKED] = {
	{ "price", offsetof(struct item, price), is_same_price },
	{ "currency", offsetof(struct item, currency), is_same_currency },
	{ "availability", offsetof(struct item, availability),
	  is_same_availability },
	{ "sku", offsetof(struct item, sku), is_same_text },
	{ "brand", offsetof(struct item, brand), is_same_text },
	{ "gtin", offsetof(struct item, gtin), is_same_text },
};

/* The truth is a list, absent where a reader sees none. */
static void judge_field(size_t i, const struct json *truth,
			const struct observation *o, struct tally *t)
{
	const struct json *wanted = json_member(truth, asked[i].name);
	struct str got = { 0 };
	bool right = false;

	if (o->n_items > 0)
		memcpy(&got, (const char *)o->items + asked[i].offset,
		       sizeof(got));
	json_each (w, wanted)
		right |= got.p &&
			 asked[i].is_same(got, str_from(json_string(w)));
	t->right += right;
	t->wrong += got.p && !right;
	t->missed += !right && json_count(wanted) > 0;
}

static void judge_real(const char *dir, const struct json *truth,
		       struct tally t[ASKED])
{
	struct observation o = { 0 };
	struct arena a = { 0 };
	struct buf html = { 0 };

	read_gz(dir, json_key(truth), &html);
	run_on(buf_str(&html), cases_str(truth, "url"), (struct str){ 0 }, &a,
	       &o);
	for (size_t i = 0; i < ASKED; i++)
		judge_field(i, truth, &o, &t[i]);
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
	struct tally t[ASKED] = { 0 };
	double f1[ASKED];

	(void)state;
	json_each (truth, all)
		judge_real(dir, truth, t);
	json_free(&all);
	for (size_t i = 0; i < ASKED; i++) {
		f1[i] = 2.0 * t[i].right /
			(2.0 * t[i].right + t[i].wrong + t[i].missed);
		print_message("# %s: %u right, %u wrong, %u missed, F1 %.3f\n",
			      asked[i].name, t[i].right, t[i].wrong,
			      t[i].missed, f1[i]);
	}
	assert_true(f1[0] > 0.94);
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
