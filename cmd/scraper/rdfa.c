/*
 * RDFa Lite 1.1: vocab, typeof, property, resource, prefix; of full RDFa also
 * content, datetime and about, which pages use with it, and rel where it leads
 * to things.
 *
 * Read as search engines do: an element with typeof is a thing; properties
 * belong to the thing around them. Properties of the document itself (OpenGraph
 * in <meta property>) are not read here.
 */
#include "thing.h"

struct reader {
	struct things *ts;
	bool *seen; /* by the node's order: things that were read */
	bool has_rel;
};

static bool is_thing(const struct dom_node *n)
{
	return n->type == DOM_ELEMENT && dom_attr(n, "typeof").p;
}

/* RDFa 1.1 Core, 7.5: the value of a property that is no thing. */
static struct str value_of(struct reader *r, const struct dom_node *n)
{
	static const char *const attrs[] = { "content", "datetime", "resource",
					     "href", "src" };

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		struct str v = dom_attr(n, attrs[i]);

		if (v.p)
			return v;
	}
	return thing_node_value(r->ts, n);
}

/* HTML's own relations ("nofollow") stand where links are. */
static struct str rel_of(const struct dom_node *n)
{
	static const char *const links[] = { "a", "area", "link", "form",
					     NULL };

	return str_is_any(n->name, links) ? (struct str){ 0 }
					  : dom_attr(n, "rel");
}

/* RDFa 1.1 Core, 7.5, step 8 and 10: a rel holds for all things in it, too. */
static struct str relation_of(const struct dom_node *n,
			      const struct dom_node *top)
{
	struct str rel = rel_of(n);

	while (!rel.p && (n = n->parent) != top)
		rel = rel_of(n);
	return rel;
}

static struct thing *read_thing(struct reader *r, const struct dom_node *n,
				unsigned depth);

static void read_node(struct reader *r, struct thing *t,
		      const struct dom_node *n, unsigned depth)
{
	struct str names = dom_attr(n, "property"), name;
	struct thing *value = NULL;
	struct str text = { 0 };

	if (!names.p && is_thing(n) && r->has_rel)
		names = relation_of(n, t->node);
	if (!names.p)
		return;
	if (is_thing(n)) {
		value = read_thing(r, n, depth + 1);
		if (!value)
			return;
	} else {
		text = value_of(r, n);
	}
	while (str_token(&names, " \t\r\n\f", &name)) {
		if (value)
			thing_add_thing(r->ts, t, name, value);
		else
			thing_add_text(r->ts, t, name, text, n);
	}
}

static struct thing *read_thing(struct reader *r, const struct dom_node *top,
				unsigned depth)
{
	struct str types = dom_attr(top, "typeof"), type;
	const struct dom_node *n = dom_walk(top, top);
	struct thing *t;

	if (depth > THING_DEPTH_MAX)
		return NULL;
	t = thing_new(r->ts, THING_RDFA, top);
	if (!t)
		return NULL;
	r->seen[top->order] = true;
	t->id = dom_attr(top, "resource");
	if (!t->id.p)
		t->id = dom_attr(top, "about");
	while (str_token(&types, " \t\r\n\f", &type))
		thing_add_type(t, type);
	while (n && things_spend(r->ts, 1)) {
		if (n->type == DOM_ELEMENT)
			read_node(r, t, n, depth);
		n = is_thing(n) ? dom_skip(top, n) : dom_walk(top, n);
	}
	return t;
}

void rdfa_read(struct things *ts, const struct dom *d)
{
	struct reader r = { .ts = ts };
	const struct dom_node *n;

	if (!dom_may_have(d, "typeof"))
		return;
	r.has_rel = dom_may_have(d, "rel");
	r.seen = arena_alloc(ts->arena, d->n_nodes);
	for (n = d->root; n; n = dom_walk(d->root, n))
		if (is_thing(n) && !dom_attr(n, "property").p &&
		    !r.seen[n->order])
			read_thing(&r, n, 0);
	for (n = d->root; n; n = dom_walk(d->root, n))
		if (is_thing(n) && !r.seen[n->order])
			read_thing(&r, n, 0);
}
