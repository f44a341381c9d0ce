#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/xmem.h"

#include "cmd/sim/fill.h"
#include "cmd/sim/pages.h"

#define BASE STR("http://sim.test:8090")

struct bench {
	struct world *world;
	struct answer a;
};

static int set_up(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->world = world_new(1, 6);
	world_set(b->world, STR("rolex-submariner"), 790050, 1, true);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	answer_release(&b->a);
	world_free(&b->world);
	free(b);
	return 0;
}

static void fresh(struct bench *b)
{
	answer_release(&b->a);
	b->a = (struct answer){ .status = 200 };
}

static struct str shop(struct bench *b, const char *rest)
{
	fresh(b);
	page_shop(b->world, BASE, str_from(rest), &b->a);
	return buf_str(&b->a.body);
}

static struct str ads(struct bench *b, const char *rest)
{
	fresh(b);
	page_ads(b->world, BASE, str_from(rest), (struct str){ 0 }, &b->a);
	return buf_str(&b->a.body);
}

static bool has(struct str page, const char *what)
{
	return str_find(page, str_from(what)) != (size_t)-1;
}

static unsigned count(struct str page, struct str what)
{
	unsigned n = 0;
	size_t at;

	while ((at = str_find(page, what)) != (size_t)-1) {
		n++;
		page = str_sub(page, at + what.len, page.len);
	}
	return n;
}

static void each_shop_gives_the_offer_in_its_own_way(void **state)
{
	static const struct {
		const char *path, *price, *in_stock, *sold_out;
	} cases[] = {
		{ "jsonld/rolex-submariner", "\"price\":\"7900.50\"",
		  "schema.org/InStock", "schema.org/OutOfStock" },
		{ "microdata/rolex-submariner",
		  "itemprop=\"price\" content=\"7900.50\">$7,900.50<",
		  "schema.org/InStock", "schema.org/OutOfStock" },
		{ "og/rolex-submariner",
		  "product:price:amount\" content=\"7900.50\"",
		  "content=\"in stock\"", "content=\"out of stock\"" },
		{ "plain/rolex-submariner", "<b>7.900,50 EUR</b>", "Auf Lager",
		  "Ausverkauft" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		world_set(b->world, STR("rolex-submariner"), -1, 1, true);
		assert_true(has(shop(b, cases[i].path), cases[i].price));
		assert_true(has(buf_str(&b->a.body), cases[i].in_stock));
		assert_false(has(buf_str(&b->a.body), cases[i].sold_out));
		assert_true(b->a.modified_s == b->world->products[0].changed_s);
		world_set(b->world, STR("rolex-submariner"), -1, 0, true);
		assert_true(has(shop(b, cases[i].path), cases[i].sold_out));
		assert_false(has(buf_str(&b->a.body), cases[i].in_stock));
	}
}

static void plain_pages_have_no_machine_readable_price(void **state)
{
	struct str page = shop(*state, "plain/rolex-submariner");

	assert_false(has(page, "ld+json"));
	assert_false(has(page, "itemprop"));
	assert_false(has(page, "property="));
	assert_false(has(page, "7900.50"));
}

static void every_script_holds_valid_json(void **state)
{
	struct bench *b = *state;
	struct str open = STR("<script type=\"application/ld+json\">");

	for (size_t i = 0; i < b->world->n_products; i++) {
		char path[64];
		struct str page;
		unsigned n = 0;
		size_t at;

		snprintf(path, sizeof(path), "jsonld/%s",
			 b->world->products[i].id);
		page = shop(b, path);
		while ((at = str_find(page, open)) != (size_t)-1) {
			struct err e;

			page = str_sub(page, at + open.len, page.len);
			at = str_find(page, STR("</script>"));
			if (json_check(str_sub(page, 0, at), 0, &e))
				fail_msg("%s: %s", path, e.msg);
			n++;
		}
		assert_int_equal(n, 2);
	}
}

static void the_list_price_is_never_below_the_price(void **state)
{
	struct bench *b = *state;

	world_set(b->world, STR("rolex-submariner"),
		  b->world->products[0].list_cents * 5 / 4, 1, true);
	assert_true(has(shop(b, "jsonld/rolex-submariner"),
			"<del class=\"list-price\">$13,845.00</del>\n"
			"<span class=\"price\">$13,312.50</span>"));
}

static void what_is_not_there_is_404(void **state)
{
	static const char *const no_shop[] = { "jsonld/none", "none/samba-og",
					       "samba-og", "/", "jsonld/x/y" };
	static const char *const no_ad[] = { "none", "ksl/none", "ksl//",
					     "feed.xml/", "none/feed.xml" };
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(no_shop); i++) {
		shop(b, no_shop[i]);
		assert_int_equal(b->a.status, 404);
	}
	for (size_t i = 0; i < ARRAY_LEN(no_ad); i++) {
		ads(b, no_ad[i]);
		assert_int_equal(b->a.status, 404);
		assert_true(b->a.modified_s == 0);
	}
}

static void lists_hold_the_ads_of_their_source(void **state)
{
	static const struct {
		const char *path, *mark;
		unsigned n;
	} cases[] = {
		{ "", "<li class=\"result\"", 18 },
		{ "ksl/", "<li class=\"result\"", 6 },
		{ "feed.xml", "<item>", 18 },
		{ "facebook/feed.xml", "<item>", 6 },
		{ "craigslist/atom.xml", "<entry>", 6 },
		{ "api.json", "{\"id\":", 18 },
		{ "ksl/api.json", "\"source\":\"ksl\",\"title\"", 6 },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str page = ads(b, cases[i].path);

		assert_int_equal(count(page, str_from(cases[i].mark)),
				 cases[i].n);
		assert_true(b->a.modified_s == b->world->ads_changed_s);
	}
}

static void the_api_is_valid_json_at_any_size(void **state)
{
	struct bench *b = *state;
	struct world *empty = world_new(1, 0);
	struct err e;

	assert_int_equal(json_check(ads(b, "api.json"), JSON_UNIQUE, &e), 0);
	fresh(b);
	page_ads(empty, BASE, STR("api.json"), (struct str){ 0 }, &b->a);
	assert_int_equal(json_check(buf_str(&b->a.body), JSON_UNIQUE, &e), 0);
	world_free(&empty);
}

static void an_ad_of_another_source_is_not_found(void **state)
{
	struct bench *b = *state;

	world_put_ad(b->world, STR("mine"), 2, STR("A bicycle"), 45000);
	assert_true(has(ads(b, "ksl/mine"), "<h1>A bicycle</h1>"));
	assert_int_equal(b->a.status, 200);
	ads(b, "mine");
	assert_int_equal(b->a.status, 200);
	ads(b, "facebook/mine");
	assert_int_equal(b->a.status, 404);
}

static void hostile_titles_are_escaped_everywhere(void **state)
{
	static const char *const paths[] = { "ksl/", "ksl/x", "feed.xml",
					     "atom.xml", "api.json" };
	struct bench *b = *state;

	world_put_ad(b->world, STR("x"), 2,
		     STR("</script><b>\"'&amp;{title}{j:id}"), 100);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct str page = ads(b, paths[i]);

		assert_false(has(page, "</script>"));
		assert_false(has(page, "<b>"));
		assert_true(has(page, "{title}{j:id}"));
	}
	assert_true(has(ads(b, "ksl/x"), "&lt;b&gt;&quot;&#39;&amp;amp;{"));
	assert_true(has(ads(b, "api.json"),
			"\"\\u003c/script>\\u003cb>\\\"'&amp;{title}"));
}

static void newest_ads_stand_first(void **state)
{
	struct bench *b = *state;
	struct str page;

	world_step(b->world, 1);
	world_put_ad(b->world, STR("newest"), 0, STR("A bicycle"), 100);
	page = ads(b, "facebook/feed.xml");
	page = str_sub(page, str_find(page, STR("<item>")), page.len);
	assert_true(str_starts(page, STR("<item>\n<title>A bicycle - $1.00")));
	assert_true(has(page, "<pubDate>Thu, 01 Jan 2026 00:01:01 GMT<"));
}

static void pictures_exist_for_ids_only(void **state)
{
	struct bench *b = *state;

	fresh(b);
	page_image(STR("samba-og.svg"), &b->a);
	assert_int_equal(b->a.status, 200);
	assert_true(has(buf_str(&b->a.body), ">samba-og</text>"));
	fresh(b);
	page_image(STR("samba-og.png"), &b->a);
	assert_int_equal(b->a.status, 404);
	fresh(b);
	page_image(STR("<x>.svg"), &b->a);
	assert_int_equal(b->a.status, 404);
}

static void money_is_grouped_as_the_country_does(void **state)
{
	static const struct {
		int64_t cents;
		const char *plain, *us, *eu;
	} cases[] = {
		{ 0, "0.00", "0.00", "0,00" },
		{ 5, "0.05", "0.05", "0,05" },
		{ 99999, "999.99", "999.99", "999,99" },
		{ 100000, "1000.00", "1,000.00", "1.000,00" },
		{ 123456789, "1234567.89", "1,234,567.89", "1.234.567,89" },
		{ WORLD_CENTS_MAX, "1000000000.00", "1,000,000,000.00",
		  "1.000.000.000,00" },
	};
	char out[FILL_MONEY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fill_money(cases[i].cents, MONEY_PLAIN, out);
		assert_string_equal(out, cases[i].plain);
		fill_money(cases[i].cents, MONEY_US, out);
		assert_string_equal(out, cases[i].us);
		fill_money(cases[i].cents, MONEY_EU, out);
		assert_string_equal(out, cases[i].eu);
	}
}

static void templates_fill_only_their_holes(void **state)
{
	struct buf b = { 0 };

	(void)state;
	FILL(&b, "{\"a\":{j:x}} {x} {r:x} { {x {} {X} {j:} {j:x",
	     { "x", STR("<'\"") });
	assert_string_equal(b.p, "{\"a\":\"\\u003c'\\\"\"} &lt;&#39;&quot; "
				 "<'\" { {x {} {X} {j:} {j:x");
	buf_free(&b);
}

static void dates_are_written_as_http_does(void **state)
{
	char out[FILL_DATE_SIZE];

	(void)state;
	fill_http_date(784111777, out); /* the example of RFC 9110 */
	assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
	fill_iso_date(784111777, out);
	assert_string_equal(out, "1994-11-06T08:49:37Z");
}

#define PAGE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAGE_TEST(each_shop_gives_the_offer_in_its_own_way),
		PAGE_TEST(plain_pages_have_no_machine_readable_price),
		PAGE_TEST(every_script_holds_valid_json),
		PAGE_TEST(the_list_price_is_never_below_the_price),
		PAGE_TEST(what_is_not_there_is_404),
		PAGE_TEST(lists_hold_the_ads_of_their_source),
		PAGE_TEST(the_api_is_valid_json_at_any_size),
		PAGE_TEST(an_ad_of_another_source_is_not_found),
		PAGE_TEST(hostile_titles_are_escaped_everywhere),
		PAGE_TEST(newest_ads_stand_first),
		PAGE_TEST(pictures_exist_for_ids_only),
		cmocka_unit_test(money_is_grouped_as_the_country_does),
		cmocka_unit_test(templates_fill_only_their_holes),
		cmocka_unit_test(dates_are_written_as_http_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
