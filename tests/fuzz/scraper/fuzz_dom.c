/*
 * Any bytes as HTML (first byte even) or XML (odd): the tree must be whole,
 * its text UTF-8, and every way to walk it must end.
 */
#include <assert.h>

#include "cmd/scraper/dom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_node(const struct dom_node *n)
{
	const struct dom_node *prev = NULL;

	for (const struct dom_node *d = n->first; d; d = d->next) {
		assert(d->parent == n && d->prev == prev);
		assert(d->order > (prev ? prev->order : n->order));
		prev = d;
	}
	assert(n->last == prev);
	assert(str_is_utf8(n->name) && str_is_utf8(n->text));
	for (const struct dom_attr *at = n->attrs; at; at = at->next)
		assert(at->name.p && at->value.p && str_is_utf8(at->value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct str body = { (const char *)data + 1, size - 1 }, type = { 0 };
	struct dom *dom;

	if (!size)
		return 0;
	if (data[0] & 2)
		type = str_cut(body, '\n', &body);
	dom = data[0] & 1 ? dom_parse_xml(body, type, &a, &e)
			  : dom_parse_html(body, type, &a, &e);
	assert(dom || e.code);
	if (dom) {
		const struct dom_node *n = dom->root;

		for (; n; n = dom_walk(dom->root, n))
			check_node(n);
		assert(str_is_utf8(dom_text_content(dom->root, &a)));
		assert(str_is_utf8(dom_visible_text(dom->root, &a)));
	}
	arena_free(&a);
	return 0;
}
