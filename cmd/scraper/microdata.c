/*
 * Microdata (WHATWG HTML, "5.2 Encoding microdata"): itemscope, itemtype,
 * itemid, itemprop, itemref.
 *
 * An item is crawled from its element down; a nested item is crawled once, as
 * the value that it is, and not entered again by its owner. An item that has
 * an itemprop but nobody whose property it could be is taken as one of its
 * own: pages do have offers outside of their product.
 */
#include "thing.h"

#include <string.h>

struct reader {
	struct things *ts;
	const struct dom *dom;
	bool *seen; /* by the node's order: items that were read */
	const struct dom_node **ids; /* hash table of elements with an id */
	size_t n_slots;
};

static bool is_item(const struct dom_node *n)
{
	return n->type == DOM_ELEMENT && dom_attr(n, "itemscope").p;
}

static size_t slot_of(const struct reader *r, struct str id)
{
	size_t i = str_hash(id) & (r->n_slots - 1);

	while (r->ids[i] && !str_eq(dom_attr(r->ids[i], "id"), id))
		i = (i + 1) & (r->n_slots - 1);
	return i;
}

/* Made when the first itemref is met; most pages have none. */
static void index_ids(struct reader *r)
{
	const struct dom_node *root = r->dom->root;
	size_t n_ids = 0;

	for (const struct dom_node *n = root; n; n = dom_walk(root, n))
		n_ids += n->type == DOM_ELEMENT && dom_attr(n, "id").p;
	for (r->n_slots = 16; r->n_slots < 2 * n_ids;)
		r->n_slots *= 2;
	r->ids = arena_alloc(r->ts->arena, r->n_slots * sizeof(*r->ids));
	for (const struct dom_node *n = root; n; n = dom_walk(root, n)) {
		struct str id;
		size_t i;

		if (n->type != DOM_ELEMENT)
			continue;
		id = dom_attr(n, "id");
		if (!id.p)
			continue;
		i = slot_of(r, id);
		if (!r->ids[i])
			r->ids[i] = n;
	}
}

static struct thing *read_item(struct reader *r, const struct dom_node *n,
			       unsigned depth);

/* If n carries properties of t, add them. */
static void read_node(struct reader *r, struct thing *t,
		      const struct dom_node *n, unsigned depth)
{
	struct str names = dom_attr(n, "itemprop"), name;
	struct thing *value = NULL;
	struct str text = { 0 };

	if (!names.p)
		return;
	if (is_item(n)) {
		value = read_item(r, n, depth + 1);
		if (!value)
			return;
	} else {
		text = thing_node_value(r->ts, n);
	}
	while (str_token(&names, " \t\r\n\f", &name)) {
		if (value)
			thing_add_thing(r->ts, t, name, value);
		else
			thing_add_text(r->ts, t, name, text, n);
	}
}

static void crawl(struct reader *r, struct thing *t, const struct dom_node *top,
		  unsigned depth)
{
	const struct dom_node *n = dom_walk(top, top);

	while (n && things_spend(r->ts, 1)) {
		if (n->type == DOM_ELEMENT)
			read_node(r, t, n, depth);
		n = is_item(n) ? dom_skip(top, n) : dom_walk(top, n);
	}
}

static void follow_refs(struct reader *r, struct thing *t, struct str refs,
			unsigned depth)
{
	struct str id;

	if (!r->ids)
		index_ids(r);
	while (str_token(&refs, " \t\r\n\f", &id)) {
		const struct dom_node *n = r->ids[slot_of(r, id)];

		if (!n || n == t->node || !things_spend(r->ts, 1))
			continue;
		read_node(r, t, n, depth);
		if (!is_item(n))
			crawl(r, t, n, depth);
	}
}

static struct thing *read_item(struct reader *r, const struct dom_node *n,
			       unsigned depth)
{
	struct str types = dom_attr(n, "itemtype"), type;
	struct str refs = dom_attr(n, "itemref");
	struct thing *t;

	if (depth > THING_DEPTH_MAX)
		return NULL;
	t = thing_new(r->ts, THING_MICRODATA, n);
	if (!t)
		return NULL;
	r->seen[n->order] = true;
	t->id = dom_attr(n, "itemid");
	while (str_token(&types, " \t\r\n\f", &type))
		thing_add_type(t, type);
	crawl(r, t, n, depth);
	if (refs.len > 0)
		follow_refs(r, t, refs, depth);
	/* <b itemprop=brand itemscope itemtype=…>Acme</b> */
	if (!t->first && dom_attr(n, "itemprop").p)
		thing_add_text(r->ts, t, STR("value"),
			       thing_node_text(r->ts, n), n);
	return t;
}

void microdata_read(struct things *ts, const struct dom *d)
{
	struct reader r = { .ts = ts, .dom = d };
	const struct dom_node *n;

	if (!dom_may_have(d, "itemscope"))
		return;
	r.seen = arena_alloc(ts->arena, d->n_nodes);
	for (n = d->root; n; n = dom_walk(d->root, n))
		if (is_item(n) && !dom_attr(n, "itemprop").p)
			read_item(&r, n, 0);
	for (n = d->root; n; n = dom_walk(d->root, n))
		if (is_item(n) && !r.seen[n->order])
			read_item(&r, n, 0);
}
