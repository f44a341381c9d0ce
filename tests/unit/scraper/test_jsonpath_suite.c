/*
 * The public compliance suite of JSONPath, from outside of the project:
 * $WEIR_SUITES/jsonpath-compliance-test-suite/cts.json (see
 * github.com/jsonpath-standard/jsonpath-compliance-test-suite).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/xmem.h"

#include "cmd/scraper/jsonpath.h"

static bool read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(b, chunk, n);
	fclose(f);
	return true;
}

static struct nodelist select_nodes(struct str query, const struct json *doc,
				    struct arena *a)
{
	struct nodelist list = { 0 };
	struct err e = { 0 };
	struct jsonpath *p = jsonpath_compile(query, &e);

	if (!p)
		fail_msg("%.*s: %s", STR_ARG(query), e.msg);
	if (jsonpath_run(p, doc, a, &list, &e))
		fail_msg("%.*s: %s", STR_ARG(query), e.msg);
	jsonpath_free(&p);
	return list;
}

static bool same_text(const struct json *x, const struct json *y)
{
	struct buf a = { 0 }, b = { 0 };
	bool same;

	json_print(x, &a);
	json_print(y, &b);
	same = str_eq(buf_str(&a), buf_str(&b));
	buf_free(&a);
	buf_free(&b);
	return same;
}

/* The nodes are those of one allowed result, at the places it names. */
static bool is_result(struct nodelist got, const struct json *values,
		      const struct json *paths, const struct json *doc,
		      struct arena *a)
{
	const struct json *path = json_child(paths);
	size_t i = 0;

	if (json_count(values) != got.n)
		return false;
	json_each (value, values) {
		struct nodelist at =
			select_nodes(str_from(json_string(path)), doc, a);

		if (!same_text(value, got.node[i]) || at.n != 1 ||
		    at.node[0] != got.node[i])
			return false;
		path = json_sibling(path);
		i++;
	}
	return true;
}

static bool is_any_result(struct nodelist got, const struct json *test,
			  struct arena *a)
{
	const struct json *doc = json_member(test, "document");
	const struct json *paths =
		json_child(json_member(test, "results_paths"));

	if (json_member(test, "result"))
		return is_result(got, json_member(test, "result"),
				 json_member(test, "result_paths"), doc, a);
	json_each (result, json_member(test, "results")) {
		if (is_result(got, result, paths, doc, a))
			return true;
		paths = json_sibling(paths);
	}
	return false;
}

static bool passes(struct str query, const struct json *test, struct arena *a)
{
	const struct json *doc = json_member(test, "document");
	struct jsonpath *p;

	if (!json_true(json_member(test, "invalid_selector")))
		return is_any_result(select_nodes(query, doc, a), test, a);
	p = jsonpath_compile(query, NULL);
	if (!p)
		return true;
	jsonpath_free(&p);
	return false;
}

/* A tree has no NUL in its strings; the text has. */
static struct str next_query(struct json_iter *texts, struct arena *a)
{
	struct str value, query = { 0 };

	assert_true(json_next(texts));
	assert_true(json_get(texts->value, "selector", &value));
	assert_true(json_text(value, a, &query));
	return query;
}

static void passes_the_whole_suite(void **state)
{
	size_t passed = 0, failed = 0;
	struct buf path = { 0 }, text = { 0 };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct json_iter texts;
	struct str tests;
	struct json *suite;

	(void)state;
	if (!getenv("WEIR_SUITES")) {
		print_message("skipped: WEIR_SUITES is unset\n");
		skip();
	}
	buf_addf(&path, "%s/jsonpath-compliance-test-suite/cts.json",
		 getenv("WEIR_SUITES"));
	if (!read_file(path.p, &text))
		fail_msg("%s cannot be read", path.p);
	suite = json_parse(buf_str(&text), 0, &e);
	if (!suite)
		fail_msg("%s", e.msg);
	assert_true(json_get(buf_str(&text), "tests", &tests));
	texts = json_iter(tests);
	json_each (test, json_member(suite, "tests")) {
		bool ok = passes(next_query(&texts, &a), test, &a);

		passed += ok;
		failed += !ok;
		if (!ok)
			print_message(
				"fails: %s: %s\n",
				json_string(json_member(test, "name")),
				json_string(json_member(test, "selector")));
	}
	print_message("%zu passed, %zu failed\n", passed, failed);
	assert_int_equal(failed, 0);
	assert_true(passed > 0);
	json_free(&suite);
	arena_free(&a);
	buf_free(&text);
	buf_free(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_the_whole_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
