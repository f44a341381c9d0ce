#include "cmd/scraper/xpath.h"

#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static const struct str no_type = { 0 };

static struct dom *parse_fixture(struct arena *a)
{
	char text[65536];
	FILE *f = fopen("tests/fixtures/extract/css.html", "re");
	struct str body = { text, 0 };

	assert_non_null(f);
	body.len = fread(text, 1, sizeof(text), f);
	fclose(f);
	return dom_parse_html(body, no_type, a, NULL);
}

static const struct dom_node *by_id(const struct dom *dom, struct str id)
{
	const struct dom_node *n = dom->root;

	while (id.p && n && !str_eq(dom_attr(n, "id"), id))
		n = dom_walk(dom->root, n);
	assert_non_null(n);
	return n;
}

/* #id of elements, other values as they are, '/' for the document. */
static void show(const struct xpath_found *f, struct buf *b)
{
	if (b->len)
		buf_putc(b, '|');
	if (f->value.p)
		buf_add_str(b, f->value);
	else if (f->node->type == DOM_DOCUMENT)
		buf_putc(b, '/');
	else if (f->node->type == DOM_ELEMENT)
		buf_addf(b, "#%.*s", STR_ARG(dom_attr(f->node, "id")));
	else
		buf_add_str(b, f->node->text);
}

/* What is found, or the error; false for the latter. */
static bool evaluate(const char *text, struct xpath_doc *doc,
		     const struct dom_node *from, struct buf *b)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct xpath_found *found;
	struct xpath *x = xpath_compile(str_from(text), &e);
	size_t n = 0;
	bool ok = x && !xpath_select(x, doc, from, &a, &found, &n, &e);

	for (size_t i = 0; i < n; i++)
		show(&found[i], b);
	if (!ok)
		buf_puts(b, e.msg);
	xpath_free(&x);
	arena_free(&a);
	return ok;
}

static bool judge(const struct json *c, void *ctx)
{
	const char *error = json_string(json_member(c, "error"));
	struct xpath_doc *doc = ctx;
	struct buf got = { 0 }, want = { 0 };
	bool ok, good;

	ok = evaluate(json_string(json_member(c, "xpath")), doc,
		      by_id(doc->dom, cases_str(c, "from")), &got);
	json_each (value, json_member(c, "want"))
		buf_addf(&want, "%s%s", want.len ? "|" : "",
			 json_string(value));
	good = error ? !ok && strstr(got.p, error)
		     : ok && str_eq(buf_str(&got), buf_str(&want));
	if (!good)
		print_message("# got %.*s\n", STR_ARG(buf_str(&got)));
	buf_free(&got);
	buf_free(&want);
	return good;
}

static void finds_and_explains(void **state)
{
	struct arena a = { 0 };
	struct xpath_doc doc = { .dom = parse_fixture(&a) };
	struct cases_count count =
		cases_run("tests/fixtures/extract", "xpath.jsonl", judge, &doc);

	(void)state;
	assert_true(count.n > 20);
	assert_int_equal(count.good, count.n);
	xpath_doc_fini(&doc);
	arena_free(&a);
}

static void prefixes_are_those_of_the_document(void **state)
{
	static const struct {
		const char *xpath, *want;
	} cases[] = {
		{ "//entry/@id", "1" },
		{ "//m:thumb/@url", "t" },
		{ "//m:thumb/@m:k", "v" },
		{ "//x:thumb", "" },
		{ "//*[namespace-uri()='urn:m']/@url", "t" },
		{ "//*[@xml:lang='de']/@id", "1" },
		{ "//feed/@lang", "" },
	};
	struct arena a = { 0 };
	struct xpath_doc doc = { 0 };

	(void)state;
	doc.dom = dom_parse_xml(
		STR("<feed xmlns='urn:f' xmlns:m='urn:m'>"
		    "<entry id='1' xml:lang='de'><m:thumb url='t' m:k='v'/>"
		    "</entry></feed>"),
		no_type, &a, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = { 0 };

		if (!evaluate(cases[i].xpath, &doc, doc.dom->root, &b) ||
		    !str_is(buf_str(&b), cases[i].want))
			fail_msg("%s: %.*s", cases[i].xpath,
				 STR_ARG(buf_str(&b)));
		buf_free(&b);
	}
	xpath_doc_fini(&doc);
	arena_free(&a);
}

static void work_is_bounded(void **state)
{
	struct arena a = { 0 };
	struct buf b = { 0 }, got = { 0 };
	struct xpath_doc doc = { 0 };

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_puts(&b, "<div>");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "<i></i>");
	doc.dom = dom_parse_html(buf_str(&b), no_type, &a, NULL);
	assert_false(evaluate("//div//div//i[count(//i) > 1]", &doc,
			      doc.dom->root, &got));
	assert_string_equal(got.p, "xpath: more steps than are allowed");
	xpath_doc_fini(&doc);
	buf_free(&b);
	buf_free(&got);
	arena_free(&a);
}

/* What libxml2 does for them grows with the square of what is found. */
static void joins_have_fewer_steps(void **state)
{
	static const struct {
		const char *xpath;
		bool fits;
	} cases[] = {
		{ "//a", true },
		{ "count(//a[@href][string-length(@href) > 1])", true },
		{ "//p//a", true },
		{ "//p[a]/a/parent::p", true },
		{ "//p[last()]/preceding-sibling::p[1]", true },
		{ "//a|//p", true },
		{ "//a[contains(@href, 'xy')]/ancestor::p[1]", true },
		{ "//a/following::a", false },
		{ "//a/preceding::*", false },
		{ "(//p)[1]/following::p/following-sibling::p", false },
		{ "//p/following-sibling::p//a", false },
	};
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct xpath_doc doc = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++)
		buf_puts(&b, "<p><a href=xy></a>");
	doc.dom = dom_parse_html(buf_str(&b), no_type, &a, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf got = { 0 };
		bool fits = evaluate(cases[i].xpath, &doc, doc.dom->root, &got);

		if (fits != cases[i].fits)
			fail_msg("%s: %.*s", cases[i].xpath,
				 STR_ARG(str_sub(buf_str(&got), 0, 60)));
		buf_free(&got);
	}
	xpath_doc_fini(&doc);
	buf_free(&b);
	arena_free(&a);
}

static void refuses_what_is_no_expression(void **state)
{
	char text[XPATH_TEXT_MAX + 1];
	struct err e = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_null(xpath_compile((struct str){ text, sizeof(text) }, &e));
	assert_int_equal(e.code, EX_CONFIG);
	assert_null(xpath_compile(STR("a\0b"), &e));
	assert_null(xpath_compile(STR("\xff"), &e));
	memset(text, '(', sizeof(text));
	assert_null(xpath_compile((struct str){ text, XPATH_TEXT_MAX }, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_and_explains),
		cmocka_unit_test(prefixes_are_those_of_the_document),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(joins_have_fewer_steps),
		cmocka_unit_test(refuses_what_is_no_expression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
