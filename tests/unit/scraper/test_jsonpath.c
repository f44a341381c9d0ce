/* Cases: tests/fixtures/json/paths.jsonl. */
#include "tests/unit/scraper/cases.h"

#include <string.h>
#include <sysexits.h>

#include "cmd/scraper/jsonpath.h"

static void print_list(struct nodelist list, struct buf *b)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < list.n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		json_print(list.node[i], b);
	}
	buf_putc(b, ']');
}

static bool selects(const struct jsonpath *p, const struct json *c)
{
	struct buf got = { 0 }, want = { 0 };
	struct arena a = { 0 };
	struct nodelist list;
	struct err e;
	bool ok;

	assert_int_equal(jsonpath_run(p, json_member(c, "doc"), &a, &list, &e),
			 0);
	print_list(list, &got);
	json_print(json_member(c, "want"), &want);
	ok = str_eq(buf_str(&got), buf_str(&want));
	if (!ok)
		print_error("got %s, want %s\n", got.p, want.p);
	buf_free(&got);
	buf_free(&want);
	arena_free(&a);
	return ok;
}

static bool is_right(const struct json *c)
{
	const char *error = case_text(c, "error");
	struct err e = { 0 };
	struct jsonpath *p =
		jsonpath_compile(str_from(case_text(c, "query")), &e);
	bool ok;

	if (!p) {
		ok = error && e.code == EX_CONFIG && strstr(e.msg, error);
		if (!ok)
			print_error("%s\n", e.msg);
		return ok;
	}
	ok = !error && selects(p, c);
	jsonpath_free(&p);
	return ok;
}

static void selects_what_the_standard_says(void **state)
{
	(void)state;
	cases_run("tests/fixtures/json/paths.jsonl", 50, is_right);
}

/* Runs query on text and gives the error's message, "" if there is none. */
static struct err run_on(const char *query, struct str text)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct jsonpath *p = jsonpath_compile(str_from(query), &e);
	struct json *doc = json_parse(text, 0, &e);
	struct nodelist list;

	assert_non_null(p);
	assert_non_null(doc);
	if (jsonpath_run(p, doc, &a, &list, &e) == 0)
		assert_int_equal(e.code, 0);
	json_free(&doc);
	jsonpath_free(&p);
	arena_free(&a);
	return e;
}

static struct buf zeros(size_t n)
{
	struct buf b = { 0 };

	buf_puts(&b, "[0");
	for (size_t i = 1; i < n; i++)
		buf_puts(&b, ",0");
	buf_putc(&b, ']');
	return b;
}

static void ends_what_takes_too_long(void **state)
{
	struct buf doc = zeros(20000);
	struct err e;

	(void)state;
	e = run_on("$[?count($[?@ == 0]) == 1]", buf_str(&doc));
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.msg, "too much work"));
	buf_free(&doc);
}

static void ends_what_selects_too_much(void **state)
{
	struct buf doc = zeros(JSONPATH_NODES_MAX / 2 + 1);
	struct err e;

	(void)state;
	e = run_on("$[*]", buf_str(&doc));
	assert_int_equal(e.code, 0);
	e = run_on("$[*,*]", buf_str(&doc));
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.msg, "too many nodes"));
	buf_free(&doc);
}

static void names_the_nodes_that_the_last_segment_looks_into(void **state)
{
	struct json *doc =
		json_parse(STR("{\"r\":{\"list\":[]},\"s\":1}"), 0, NULL);
	struct jsonpath *p = jsonpath_compile(STR("$.r.list[*]"), NULL);
	struct arena a = { 0 };
	struct nodelist list;

	(void)state;
	assert_int_equal(jsonpath_run(p, doc, &a, &list, NULL), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(jsonpath_run_parents(p, doc, &a, &list, NULL), 0);
	assert_int_equal(list.n, 1);
	assert_ptr_equal(list.node[0],
			 json_member(json_member(doc, "r"), "list"));
	jsonpath_free(&p);
	json_free(&doc);
	arena_free(&a);
}

static void refuses_queries_that_are_too_long(void **state)
{
	char text[JSONPATH_TEXT_MAX + 2] = "$.";
	struct jsonpath *p;

	(void)state;
	memset(text + 2, 'a', sizeof(text) - 2);
	p = jsonpath_compile((struct str){ text, JSONPATH_TEXT_MAX }, NULL);
	assert_non_null(p);
	jsonpath_free(&p);
	p = jsonpath_compile((struct str){ text, JSONPATH_TEXT_MAX + 1 }, NULL);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selects_what_the_standard_says),
		cmocka_unit_test(ends_what_takes_too_long),
		cmocka_unit_test(ends_what_selects_too_much),
		cmocka_unit_test(
			names_the_nodes_that_the_last_segment_looks_into),
		cmocka_unit_test(refuses_queries_that_are_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
