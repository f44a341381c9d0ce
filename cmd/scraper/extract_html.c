/*
 * Kind html: items and their fields by CSS selectors and XPath. Without
 * "items" the page is one item.
 */
#include <sysexits.h>

#include "extract.h"
#include "fields.h"
#include "selector.h"

/* What fields.c calls an item: a place on a page. */
struct spot {
	struct page *page;
	const struct dom_node *node;
};

static void *compile_selector(const struct json *spec, bool list, struct err *e)
{
	struct selector *s = selector_compile(spec, e);

	if (s && list && (!*selector_text(s) || selector_has_attr(s))) {
		err_set(e, EX_CONFIG, "css or xpath is needed, without attr");
		selector_free(&s);
	}
	return s;
}

static void release_selector(void *selector)
{
	struct selector *s = selector;

	selector_free(&s);
}

static struct raw read_field(const void *selector, const void *item,
			     struct arena *a)
{
	const struct spot *spot = item;

	return (struct raw){
		.text = selector_read(selector, spot->page, spot->node, a),
	};
}

static struct raw read_link(const void *selector, const void *item,
			    struct arena *a)
{
	const struct spot *spot = item;

	return (struct raw){
		.text = selector_read_link(selector, spot->page, spot->node, a),
	};
}

static const struct selector_ops ops = {
	.members = selector_members,
	.ordered = true,
	.own_next = "{\"css\":\"a[rel~=next i],link[rel~=next i]\"}",
	.compile = compile_selector,
	.release = release_selector,
	.read = read_field,
	.read_link = read_link,
};

static int compile(const struct json *config, void **compiled_r, struct err *e)
{
	*compiled_r = fields_compile(config, &ops, e);
	return *compiled_r ? 0 : -1;
}

static void release(void *compiled)
{
	struct fields *f = compiled;

	fields_free(&f);
}

/* Of n nodes, those that stand before what ends the list. */
static size_t before_end(const struct selector *until, struct page *p,
			 const struct dom_node *const *nodes, size_t n,
			 struct arena *a, bool *ended_r)
{
	const struct dom_node **found;
	size_t left = 0;

	*ended_r = until && selector_nodes(until, p, p->dom->root, a, &found);
	if (!*ended_r)
		return n;
	while (left < n && nodes[left]->order < found[0]->order)
		left++;
	return left;
}

static void read_items(const struct fields *f, struct page *p,
		       const struct document *doc, struct arena *a,
		       struct observation *o)
{
	const struct dom_node *const page[] = { p->dom->root };
	const struct dom_node *const *nodes = page;
	const struct dom_node **found;
	const struct selector *items = fields_items(f);
	size_t n = 1;
	bool ended = false;

	if (items) {
		n = selector_nodes(items, p, p->dom->root, a, &found);
		nodes = found;
		n = before_end(fields_until(f), p, nodes, n, a, &ended);
	}
	if (!n && ended && !p->err.code) {
		observation_fail(o, a, OUTCOME_EMPTY, "nothing before %s",
				 selector_text(fields_until(f)));
		return;
	}
	if (!n && !p->err.code) {
		observation_fail(o, a, OUTCOME_SELECTOR_MISS,
				 "items: nothing matches %s",
				 selector_text(items));
		return;
	}
	for (size_t i = 0; i < n && !p->err.code; i++) {
		struct spot spot = { p, nodes[i] };

		/* Beyond the limit items are still counted as dropped. */
		fields_add(f, &spot, &p->doc, a, o);
	}
	fields_read_next(f, &(struct spot){ p, p->dom->root }, p->doc.url, doc,
			 a, o);
	if (p->err.code)
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "%s", p->err.msg);
	else
		fields_end(f, a, o);
}

static void run(const void *compiled, const struct document *doc,
		struct arena *a, struct observation *o)
{
	struct page p;

	if (page_init(&p, doc, a, o))
		read_items(compiled, &p, doc, a, o);
	page_fini(&p);
}

const struct extract_kind extract_html = {
	.name = "html",
	.compile = compile,
	.release = release,
	.run = run,
};
