#include "cmd/scraper/css.h"

#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static const char fixtures[] = "tests/fixtures/extract";

static struct str read_file(const char *path, struct arena *a)
{
	FILE *f = fopen(path, "re");
	struct buf b = { 0 };
	struct str s;
	char *to;

	if (!f)
		fail_msg("%s: cannot be read", path);
	do {
		to = buf_reserve(&b, 65536);
		b.len += fread(to, 1, 65536, f);
	} while (!feof(f));
	fclose(f);
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static struct dom *parse_file(const char *path, struct arena *a)
{
	struct str body = read_file(path, a);
	struct str type = { 0 };
	struct err e = { 0 };
	struct dom *dom = str_ends(str_from(path), STR(".xml"))
				  ? dom_parse_xml(body, type, a, &e)
				  : dom_parse_html(body, type, a, &e);

	if (!dom)
		fail_msg("%s: %s", path, e.msg);
	return dom;
}

/* The ids of what the selector finds, one blank between; or the error. */
static const char *select_ids(const struct dom *dom,
			      const struct dom_node *root, const char *text,
			      struct arena *a, bool *ok_r)
{
	const struct dom_node **nodes;
	struct buf b = { 0 };
	struct err e = { 0 };
	struct css *css = css_compile(str_from(text), &e);
	const char *ids;
	size_t n;

	*ok_r = css && !css_select(css, dom, root, a, &nodes, &n, &e);
	css_free(&css);
	if (!*ok_r)
		return arena_strdup(a, str_from(e.msg));
	for (size_t i = 0; i < n; i++) {
		struct str id = dom_attr(nodes[i], "id");

		buf_addf(&b, "%s%.*s", i ? " " : "",
			 STR_ARG(id.p ? id : STR("nil")));
	}
	ids = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return ids;
}

static const char *join(const struct json *list, struct arena *a)
{
	struct buf b = { 0 };
	const char *s;

	json_each (id, list)
		buf_addf(&b, "%s%s", b.len ? " " : "", json_string(id));
	s = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static bool judge(const struct json *c, void *ctx)
{
	const char *css = json_string(json_member(c, "css"));
	const char *error = json_string(json_member(c, "error"));
	struct arena a = { 0 };
	const char *want = join(json_member(c, "want"), &a);
	const struct dom *dom = ctx;
	bool ok, good;
	const char *got = select_ids(dom, dom->root, css, &a, &ok);

	good = error ? !ok && strstr(got, error) : ok && !strcmp(got, want);
	if (!good)
		print_message("# %s: got \"%s\"\n", css, got);
	arena_free(&a);
	return good;
}

static void selects_and_explains(void **state)
{
	struct arena a = { 0 };
	struct dom *dom = parse_file("tests/fixtures/extract/css.html", &a);
	struct cases_count count = cases_run(fixtures, "css.jsonl", judge, dom);

	(void)state;
	assert_true(count.n > 100);
	assert_int_equal(count.good, count.n);
	arena_free(&a);
}

static void scope_is_where_the_search_starts(void **state)
{
	struct arena a = { 0 };
	struct dom *dom = parse_file("tests/fixtures/extract/css.html", &a);
	const struct dom_node *li;
	struct css *css = css_compile(STR("#three"), NULL);
	bool ok;

	(void)state;
	assert_int_equal(css_first(css, dom, dom->root, &li, NULL), 1);
	assert_string_equal(select_ids(dom, li, ":scope > *", &a, &ok),
			    "a3 p3");
	assert_string_equal(select_ids(dom, li, "ul em", &a, &ok), "em");
	assert_string_equal(select_ids(dom, li, "li", &a, &ok), "");
	assert_int_equal(css_matches(css, dom, li, li, NULL), 1);
	assert_int_equal(css_matches(css, dom, li, li->first, NULL), 0);
	css_free(&css);
	css = css_compile(STR("video"), NULL);
	assert_int_equal(css_first(css, dom, dom->root, &li, NULL), 0);
	assert_null(li);
	css_free(&css);
	arena_free(&a);
}

static void xml_keeps_case_and_prefixes(void **state)
{
	static const struct {
		const char *css, *want;
	} cases[] = {
		{ "Item", "1 2" },	  { "item", "" },
		{ "m|Item", "2" },	  { "M|Item", "2" },
		{ "|Item", "1" },	  { "*|Item", "1 2" },
		{ "m\\:Item", "2" },	  { "n|Item", "" },
		{ "[m|k=v]", "1" },	  { "[*|k=v]", "1 2" },
		{ "[k=v]", "2" },	  { "[|k=v]", "2" },
		{ "[m\\:k]", "1" },	  { "[type=A]", "" },
		{ "Item:lang(de)", "2" },
	};
	struct arena a = { 0 };
	struct dom *dom = dom_parse_xml(
		STR("<r xmlns:m='urn:m'><Item id='1' m:k='v' type='a'/>"
		    "<m:Item id='2' k='v' xml:lang='de-AT'/></r>"),
		(struct str){ 0 }, &a, NULL);
	bool ok;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got =
			select_ids(dom, dom->root, cases[i].css, &a, &ok);

		if (!ok || strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].css, got);
	}
	arena_free(&a);
}

static void a_search_that_takes_too_long_fails(void **state)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	struct css *css = css_compile(STR("i:has(~ u)"), &e);
	const struct dom_node **nodes;
	struct dom *dom;
	size_t n;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "<i></i>");
	dom = dom_parse_html(buf_str(&b), (struct str){ 0 }, &a, &e);
	assert_non_null(dom);
	assert_int_equal(css_select(css, dom, dom->root, &a, &nodes, &n, &e),
			 -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.msg, "more than 30000000 steps"));
	css_free(&css);
	buf_free(&b);
	arena_free(&a);
}

static void refuses_what_is_too_large(void **state)
{
	char text[CSS_TEXT_MAX + 2];
	struct err e = { 0 };
	struct buf b = { 0 };
	struct css *css;

	(void)state;
	memset(text, 'x', sizeof(text));
	css = css_compile((struct str){ text, CSS_TEXT_MAX }, &e);
	assert_non_null(css);
	css_free(&css);
	assert_null(css_compile((struct str){ text, CSS_TEXT_MAX + 1 }, &e));
	assert_int_equal(e.code, EX_CONFIG);
	for (int i = 0; i <= CSS_NESTING_MAX; i++)
		buf_puts(&b, ":not(");
	assert_null(css_compile(buf_str(&b), &e));
	assert_non_null(strstr(e.msg, "shallower nesting"));
	assert_null(css_compile(STR("a\0b"), &e));
	assert_null(css_compile(STR("\xff"), &e));
	buf_free(&b);
}

/*
 * How many elements are to be found is left out: the counts of the set are of
 * another part of the document.
 */
static bool judge_other(const struct json *c, void *ctx)
{
	const struct json *want = json_member(c, "expected");
	const char *doc = json_string(json_member(c, "doc"));
	const char *css = json_string(json_member(c, "css"));
	const char *dir = ctx, *got;
	struct arena a = { 0 };
	struct dom *dom;
	char path[4096];
	bool ok, good;

	snprintf(path, sizeof(path), "%s/css-docs/%s.%s", dir,
		 doc ? doc : "HTML_IDS",
		 doc && !strncmp(doc, "XML", 3) ? "xml" : "html");
	dom = parse_file(path, &a);
	got = select_ids(dom, dom->root, css, &a, &ok);
	good = ok;
	if (!doc)
		good = ok == (json_kind(want) == JSON_NULL);
	else if (json_kind(want) == JSON_ARRAY)
		good = ok && !strcmp(got, join(want, &a));
	arena_free(&a);
	return good;
}

static void agrees_with_the_cases_of_others(void **state)
{
	char *dir = xstrdup(cases_dir());
	struct cases_count count =
		cases_run(dir, "css.jsonl", judge_other, dir);

	(void)state;
	free(dir);
	print_message("# %zu of %zu agree\n", count.good, count.n);
	assert_true(count.good * 100 >= count.n * 95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects_and_explains),
		cmocka_unit_test(scope_is_where_the_search_starts),
		cmocka_unit_test(xml_keeps_case_and_prefixes),
		cmocka_unit_test(a_search_that_takes_too_long_fails),
		cmocka_unit_test(refuses_what_is_too_large),
		cmocka_unit_test(agrees_with_the_cases_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
