/*
 * Cases: tests/fixtures/feed/feeds.jsonl; with WEIR_CASES also those of
 * feedparser, $WEIR_CASES/feeds.jsonl ({"xml","checks":[{"path","op","value"}]})
 * as far as they ask for what an item has.
 */
#include "tests/unit/scraper/extracts.h"

#include <string.h>

#include "common/clk.h"

#include "cmd/scraper/feed_text.h"
#include "cmd/scraper/fields.h"

static bool is_right(const struct json *c)
{
	return extracts_right(&extract_feed, c);
}

static void gives_the_entries_of_all_kinds_of_feeds(void **state)
{
	(void)state;
	cases_run("tests/fixtures/feed/feeds.jsonl", 35, is_right);
}

static struct observation extract(struct str body, struct str type,
				  struct arena *a)
{
	struct document doc = { .body = body, .content_type = type };
	struct observation o = { 0 };

	extract_feed.run(NULL, &doc, a, &o);
	return o;
}

#define RSS_WITH(declared, title)                                            \
	("<?xml version='1.0' encoding='" declared "'?><rss><channel><item>" \
	 "<title>" title "</title></item></channel></rss>")

static void reads_bytes_in_spite_of_what_they_are_declared_as(void **state)
{
	static const struct {
		const char *body, *type;
	} cases[] = {
		{ RSS_WITH("utf-8", "\xd6l f\xfcr alle"), NULL },
		{ RSS_WITH("iso-8859-1", "\xd6l f\xfcr alle"), NULL },
		{ RSS_WITH("iso-8859-1", "Öl für alle"), NULL },
		{ RSS_WITH("utf-8", "\xd6l f\xfcr alle"),
		  "text/xml; charset=utf-8" },
		{ RSS_WITH("utf-8", "Öl für alle"),
		  "text/xml; charset=us-ascii" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct observation o = extract(str_from(cases[i].body),
					       str_from(cases[i].type), &a);

		assert_int_equal(o.n_items, 1);
		if (!str_is(o.items[0].title, "Öl für alle"))
			fail_msg("case %zu: %.*s", i,
				 STR_ARG(o.items[0].title));
	}
	arena_free(&a);
}

static void counts_what_is_over_the_limit(void **state)
{
	struct buf b = { 0 };
	struct arena a = { 0 };
	struct observation o;

	(void)state;
	buf_puts(&b, "<rss><channel>");
	for (int i = 0; i < ITEM_MAX + 2; i++)
		buf_addf(&b, "<item><title>%d</title></item>", i);
	buf_puts(&b, "</channel></rss>");
	o = extract(buf_str(&b), (struct str){ 0 }, &a);
	assert_int_equal(o.outcome, OUTCOME_FOUND);
	assert_int_equal(o.n_items, ITEM_MAX);
	assert_int_equal(o.dropped, 2);
	assert_true(str_is(o.items[ITEM_MAX - 1].title, "4999"));
	buf_free(&b);
	arena_free(&a);
}

static struct {
	size_t reached, missed, other;
} checks;

/* feedparser's name for a field, if there is such a one. */
static enum field field_of_feedparser(const char *name)
{
	static const char *const same[][2] = { { "guid", "id" },
					       { "description", "summary" } };

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (strcmp(name, same[i][0]) == 0)
			name = same[i][1];
	return field_named(str_from(name));
}

/* Values are HTML there and text here; times the same instant. */
static bool is_equal(struct str got, struct str value, struct arena *a)
{
	int64_t x, y;

	if (str_eq(got, value) ||
	    str_eq(got, item_text(a, feed_html_text(value, a), ITEM_TEXT_MAX)))
		return true;
	return clk_parse(got, &x) && clk_parse(value, &y) && x == y;
}

static void count_check(const struct json *check, struct observation *o,
			struct arena *a)
{
	const struct json *path = json_member(check, "path");
	struct str value = str_from(case_text(check, "value"));
	const char *name = json_string(json_at(path, 2));
	enum field f = name ? field_of_feedparser(name) : FIELD_COUNT;
	struct item none = { 0 }, *it = o->n_items > 0 ? o->items : &none;

	if (!value.p || f == FIELD_COUNT || json_count(path) != 3 ||
	    strcmp(json_string(json_at(path, 0)), "entries") != 0) {
		checks.other++;
		return;
	}
	if (is_equal(*field_of(it, f), value, a)) {
		checks.reached++;
		return;
	}
	checks.missed++;
	print_message("missed: %s of %.*s\n", name, STR_ARG(value));
}

static bool count_checks(const struct json *c)
{
	struct arena a = { 0 };
	struct observation o =
		extract(str_from(case_text(c, "xml")), (struct str){ 0 }, &a);

	json_each (check, json_member(c, "checks"))
		count_check(check, &o, &a);
	arena_free(&a);
	return true;
}

static void gives_what_feedparser_gives(void **state)
{
	char path[4096];

	(void)state;
	if (!getenv("WEIR_CASES")) {
		print_message("skipped: WEIR_CASES is unset\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/feeds.jsonl", getenv("WEIR_CASES"));
	cases_run(path, 1, count_checks);
	print_message("%zu reached, %zu missed, %zu about something else\n",
		      checks.reached, checks.missed, checks.other);
	assert_true(checks.missed * 50 <= checks.reached);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_entries_of_all_kinds_of_feeds),
		cmocka_unit_test(
			reads_bytes_in_spite_of_what_they_are_declared_as),
		cmocka_unit_test(counts_what_is_over_the_limit),
		cmocka_unit_test(gives_what_feedparser_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
