/*
 * A query in the first line, a document in the rest. Nodes are of the tree,
 * a query without its last segment selects what the whole one looks into, and
 * JSON Pointers of the same bytes end.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/scraper/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const struct jsonpath *p, const struct json *doc)
{
	struct arena a = { 0 };
	struct nodelist list, parents;
	struct err e;

	if (jsonpath_run(p, doc, &a, &list, &e) == 0) {
		assert(list.n <= JSONPATH_NODES_MAX);
		assert(!jsonpath_is_singular(p) || list.n <= 1);
		for (size_t i = 0; i < list.n; i++)
			assert(json_kind(list.node[i]) != JSON_NONE);
		if (jsonpath_run_parents(p, doc, &a, &parents, &e) == 0)
			assert(list.n == 0 || parents.n > 0);
	}
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest, query = { (const char *)data, size };
	struct jsonpath *p;
	struct json *doc;
	struct err e;

	query = str_cut(query, '\n', &rest);
	p = jsonpath_compile(query, &e);
	doc = json_parse(rest, 0, &e);
	if (p && doc)
		run(p, doc);
	if (doc && jsonptr_check(query, &e) == 0)
		jsonptr_get(query, doc);
	jsonpath_free(&p);
	json_free(&doc);
	return 0;
}
