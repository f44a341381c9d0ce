/* A selector, a line break, a document: compile, search, agree with itself. */
#include <assert.h>

#include "cmd/scraper/css.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(const struct css *css, const struct dom *dom,
		   struct arena *a)
{
	const struct dom_node **nodes, *first;
	struct err e = { 0 };
	size_t n;

	if (css_select(css, dom, dom->root, a, &nodes, &n, &e)) {
		assert(e.code);
		return;
	}
	assert(css_first(css, dom, dom->root, &first, &e) == (n > 0));
	assert(!n || first == nodes[0]);
	for (size_t i = 0; i < n && i < 8; i++)
		assert(css_matches(css, dom, dom->root, nodes[i], &e) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body, text = { (const char *)data, size };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct css *css;
	struct dom *dom;

	text = str_cut(text, '\n', &body);
	css = css_compile(text, &e);
	assert(css || e.code);
	dom = css ? dom_parse_html(body, (struct str){ 0 }, &a, &e) : NULL;
	if (dom)
		search(css, dom, &a);
	css_free(&css);
	arena_free(&a);
	return 0;
}
