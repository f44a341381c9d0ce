/*
 * Cases: tests/fixtures/feed/feeds.jsonl; with WEIR_CASES also those of
 * feedparser, $WEIR_CASES/feeds.jsonl ({"xml","checks":[{"path","op","value"}]})
 * as far as they ask for what an item has.
 */
#include "tests/unit/scraper/extracts.h"

#include <string.h>

#include "common/xmem.h"

#include "cmd/scraper/date.h"
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

/* What feedparser calls a field, behind ["entries",0]. */
static const struct feedparser_name {
	const char *name;
	enum field field;
	bool part; /* our text has more than this */
} feedparser_names[] = {
	{ "title", FIELD_TITLE, false },
	{ "link", FIELD_LINK, false },
	{ "links.0.href", FIELD_LINK, false },
	{ "id", FIELD_ID, false },
	{ "guid", FIELD_ID, false },
	{ "summary", FIELD_SUMMARY, false },
	{ "description", FIELD_SUMMARY, false },
	{ "content.0.value", FIELD_SUMMARY, false },
	{ "author", FIELD_AUTHOR, false },
	{ "author_detail.name", FIELD_AUTHOR, true },
	{ "author_detail.email", FIELD_AUTHOR, true },
	{ "published", FIELD_PUBLISHED, false },
	{ "published_parsed", FIELD_PUBLISHED, false },
	{ "updated", FIELD_UPDATED, false },
	{ "updated_parsed", FIELD_UPDATED, false },
	{ "image.href", FIELD_IMAGE, false },
	{ "media_thumbnail.0.url", FIELD_IMAGE, false },
};

static void add_step(struct buf *b, const struct json *step)
{
	if (b->len > 0)
		buf_putc(b, '.');
	buf_puts(b, json_kind(step) == JSON_NUMBER ? json_number(step)
						   : json_string(step));
}

static const struct feedparser_name *name_of(const struct json *path)
{
	const struct feedparser_name *found = NULL;
	struct buf b = { 0 };

	json_each (step, path)
		add_step(&b, step);
	for (size_t i = 0; i < ARRAY_LEN(feedparser_names) && !found; i++) {
		struct str s = buf_str(&b);
		static const struct str first = { "entries.0.", 10 };

		if (str_starts(s, first) && str_is(str_sub(s, first.len, s.len),
						   feedparser_names[i].name))
			found = &feedparser_names[i];
	}
	buf_free(&b);
	return found;
}

/* A text, or a time as [year, month, day, hour, minute, second, …]. */
static struct str value_of(const struct json *value, struct arena *a)
{
	static const char *const before[] = { "", "-", "-", "T", ":", ":" };
	struct buf b = { 0 };
	struct str s;

	if (json_kind(value) != JSON_ARRAY)
		return str_from(json_string(value));
	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		buf_addf(&b, "%s%02d", before[i],
			 atoi(json_number(json_at(value, i))));
	buf_putc(&b, 'Z');
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

/* Values are HTML there and text here; times the same instant. */
static bool is_equal(struct str got, struct str value, struct arena *a)
{
	int64_t x, y;

	if (str_eq(got, value) ||
	    str_eq(got, item_text(a, feed_html_text(value, a), ITEM_TEXT_MAX)))
		return true;
	return date_parse(got, &x) && date_parse(value, &y) && x == y;
}

static void count_check(const struct json *check, struct observation *o,
			struct arena *a)
{
	const struct feedparser_name *n = name_of(json_member(check, "path"));
	struct str value = value_of(json_member(check, "value"), a), got;
	struct item none = { 0 }, *it = o->n_items > 0 ? o->items : &none;

	if (!value.p || !n) {
		checks.other++;
		return;
	}
	got = *field_of(it, n->field);
	if (n->part ? str_find(got, value) != (size_t)-1
		    : is_equal(got, value, a)) {
		checks.reached++;
		return;
	}
	checks.missed++;
	print_message("# missed: %s of %.*s, got %.*s\n", n->name,
		      STR_ARG(value), STR_ARG(got));
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
	assert_true(checks.missed * 30 <= checks.reached);
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
