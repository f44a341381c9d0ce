/* An expression, a line break, a document: compile and evaluate. */
#include <assert.h>

#include "cmd/scraper/xpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const struct xpath *x, const struct dom *dom,
		     struct arena *a)
{
	struct xpath_doc doc = { .dom = dom };
	struct xpath_found *found;
	struct err e = { 0 };
	size_t n;

	if (xpath_select(x, &doc, dom->root, a, &found, &n, &e))
		assert(e.code);
	for (size_t i = 0; i < n; i++)
		assert(found[i].node || found[i].value.p);
	xpath_doc_fini(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body, text = { (const char *)data, size };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct xpath *x;
	struct dom *dom;

	text = str_cut(text, '\n', &body);
	x = xpath_compile(text, &e);
	assert(x || e.code);
	dom = x ? dom_parse_html(body, (struct str){ 0 }, &a, &e) : NULL;
	if (dom)
		evaluate(x, dom, &a);
	xpath_free(&x);
	arena_free(&a);
	return 0;
}
