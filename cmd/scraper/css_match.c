/*
 * Matching runs from the right: a candidate element first, then what must
 * stand before or above it. Each failure says how far it reaches, so that a
 * chain of n combinators does not try all n-tuples of ancestors.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "css_tree.h"

enum verdict {
	HIT,
	MISS,	       /* not this element */
	MISS_SIBLINGS, /* nor an earlier sibling */
	MISS_ALL,      /* nor any ancestor */
};

/* The position that :nth-*() last counted to, so as not to count again. */
struct counted {
	const struct dom_node *parent, *node;
	struct str name; /* with of_type */
	long index, total;
};

struct matcher {
	bool xml;
	const struct dom_node *scope, *anchor;
	struct counted *counted;
	struct buf text; /* of :contains() */
	long steps;
	bool tired;
};

static bool list_matches(struct matcher *m, const struct css_complex *list,
			 const struct dom_node *n);

/* ---- documents ---- */

static const struct dom_node *element_before(const struct dom_node *n)
{
	do
		n = n->prev;
	while (n && n->type != DOM_ELEMENT);
	return n;
}

static const struct dom_node *element_after(const struct dom_node *n)
{
	do
		n = n->next;
	while (n && n->type != DOM_ELEMENT);
	return n;
}

static const struct dom_node *element_above(const struct dom_node *n)
{
	n = n->parent;
	return n && n->type == DOM_ELEMENT ? n : NULL;
}

static bool is_named(const struct dom_node *n, const char *names)
{
	struct str rest = str_from(names), token;

	while (str_token(&rest, " ", &token))
		if (str_eq(token, n->name))
			return true;
	return false;
}

/* ---- names ---- */

static struct str local_name(struct str name)
{
	size_t colon = str_chr(name, ':');

	return colon == (size_t)-1 ? name : str_sub(name, colon + 1, name.len);
}

static struct str prefix_of(struct str name)
{
	size_t colon = str_chr(name, ':');

	return colon == (size_t)-1 ? STR("") : str_sub(name, 0, colon);
}

/* HTML's elements have no prefixes; these are the customary ones. */
static struct str element_prefix(const struct matcher *m,
				 const struct dom_node *n)
{
	if (m->xml)
		return prefix_of(n->name);
	if (!n->ns.p)
		return STR("html");
	return str_ends(n->ns, STR("svg")) ? STR("svg") : STR("math");
}

static bool type_matches(const struct matcher *m, const struct css_simple *s,
			 const struct dom_node *n)
{
	struct str name = n->name;

	if (s->ns == CSS_NS_PREFIX &&
	    !str_eq_nocase(s->prefix, element_prefix(m, n)))
		return false;
	if (s->ns == CSS_NS_NONE &&
	    (m->xml ? prefix_of(name).len > 0 : n->ns.p != NULL))
		return false;
	if (!s->name.p)
		return true;
	if (!m->xml)
		return str_eq(name, n->ns.p ? s->name : s->lower);
	return str_eq(s->name, name) || str_eq(s->name, local_name(name));
}

/* ---- attributes ---- */

static bool attr_is_named(const struct matcher *m, const struct css_simple *s,
			  const struct dom_node *n, struct str name)
{
	struct str want = m->xml || n->ns.p ? s->name : s->lower;

	switch (s->ns) {
	case CSS_NS_ANY: return str_eq(want, local_name(name));
	case CSS_NS_PREFIX:
		return str_eq_nocase(s->prefix, prefix_of(name)) &&
		       str_eq(want, local_name(name));
	default: return str_eq(want, name);
	}
}

/* HTML, "Case-sensitivity of selectors". */
static bool value_folds(const struct matcher *m, const struct css_simple *s,
			const struct dom_node *n)
{
	static const char folded[] =
		"accept accept-charset align alink axis bgcolor charset "
		"checked clear codetype color compact declare defer dir "
		"direction disabled enctype face frame hreflang http-equiv "
		"lang language link media method multiple nohref noresize "
		"noshade nowrap readonly rel rev rules scope scrolling "
		"selected shape target text type valign valuetype vlink";
	struct str rest = str_from(folded), token;

	if (s->fold != CSS_CASE_DEFAULT)
		return s->fold == CSS_CASE_FOLD;
	if (m->xml || n->ns.p)
		return false;
	while (str_token(&rest, " ", &token))
		if (str_eq(token, s->lower))
			return true;
	return false;
}

static bool same(struct str a, struct str b, bool fold)
{
	return fold ? str_eq_nocase(a, b) : str_eq(a, b);
}

static bool has_word(struct str value, struct str word, bool fold)
{
	struct str token;

	while (str_token(&value, " \t\n\r\f", &token))
		if (same(token, word, fold))
			return true;
	return false;
}

static bool has_inside(struct str value, struct str part, bool fold)
{
	if (!fold)
		return str_find(value, part) != (size_t)-1;
	for (size_t i = 0; i + part.len <= value.len; i++)
		if (same(str_sub(value, i, i + part.len), part, true))
			return true;
	return false;
}

static bool value_matches(enum css_op op, struct str value, struct str want,
			  bool fold)
{
	struct str head = str_sub(value, 0, want.len);

	switch (op) {
	case CSS_EXISTS: return true;
	case CSS_EQUALS: return same(value, want, fold);
	case CSS_WORD: return has_word(value, want, fold);
	case CSS_DASH:
		return same(head, want, fold) &&
		       (value.len == want.len || value.p[want.len] == '-');
	default: break;
	}
	if (!want.len || want.len > value.len)
		return false;
	if (op == CSS_PREFIX)
		return same(head, want, fold);
	if (op == CSS_SUFFIX)
		return same(str_sub(value, value.len - want.len, value.len),
			    want, fold);
	return has_inside(value, want, fold);
}

static bool attr_matches(struct matcher *m, const struct css_simple *s,
			 const struct dom_node *n)
{
	for (const struct dom_attr *at = n->attrs; at; at = at->next) {
		m->steps++;
		if (!attr_is_named(m, s, n, at->name))
			continue;
		m->steps += (long)(at->value.len / 16);
		if (s->op == CSS_EXISTS ||
		    value_matches(s->op, at->value, s->value,
				  value_folds(m, s, n)))
			return true;
	}
	return false;
}

static bool class_matches(const struct css_simple *s, const struct dom_node *n)
{
	struct str value = dom_attr(n, "class");

	return value.len >= s->value.len && has_word(value, s->value, false);
}

/* ---- pseudo-classes ---- */

static bool counts(struct matcher *m, const struct css_simple *s,
		   const struct dom_node *n, const struct dom_node *sibling)
{
	m->steps++;
	if (s->of_type &&
	    (!str_eq(sibling->name, n->name) || !str_eq(sibling->ns, n->ns)))
		return false;
	return !s->list || list_matches(m, s->list, sibling);
}

/*
 * The position of n among its counted siblings, from 1. Documents are walked
 * in order, so the last answer for this parent is mostly near.
 */
static long position(struct matcher *m, const struct css_simple *s,
		     const struct dom_node *n)
{
	struct counted *c = &m->counted[s->nth];
	bool known = c->node && c->parent == n->parent &&
		     (!s->of_type || str_eq(c->name, n->name));
	const struct dom_node *sibling = n;
	long index = 1, total;

	while ((sibling = element_before(sibling)) && !m->tired) {
		if (known && sibling == c->node) {
			index += c->index;
			break;
		}
		index += counts(m, s, n, sibling);
	}
	total = known ? c->total : 0;
	if (s->from_end && !known) {
		total = index;
		for (sibling = n; (sibling = element_after(sibling));)
			total += counts(m, s, n, sibling);
	}
	*c = (struct counted){ n->parent, n, n->name, index, total };
	return s->from_end ? total - index + 1 : index;
}

static bool nth_matches(struct matcher *m, const struct css_simple *s,
			const struct dom_node *n)
{
	long at;

	if (s->list && !list_matches(m, s->list, n))
		return false;
	at = position(m, s, n) - s->offset;
	if (s->step == 0)
		return at == 0;
	return at % s->step == 0 && at / s->step >= 0;
}

static bool contains(struct matcher *m, const struct css_simple *s,
		     const struct dom_node *n)
{
	buf_reset(&m->text);
	for (const struct dom_node *d = dom_walk(n, n); d; d = dom_walk(n, d)) {
		m->steps++;
		if (d->type == DOM_TEXT)
			buf_add_str(&m->text, d->text);
	}
	m->steps += (long)(m->text.len / 16);
	for (const struct css_word *w = s->words; w; w = w->next)
		if (str_find(buf_str(&m->text), w->text) != (size_t)-1)
			return true;
	return false;
}

/* Selectors, ":lang()": the nearest ancestor that says one, by prefix. */
static bool lang_matches(const struct css_simple *s, const struct dom_node *n)
{
	struct str lang = { 0 };

	for (; n && n->type == DOM_ELEMENT && !lang.p; n = n->parent) {
		lang = dom_attr(n, "xml:lang");
		if (!lang.p)
			lang = dom_attr(n, "lang");
	}
	for (const struct css_word *w = s->words; w; w = w->next)
		if (w->text.len &&
		    (str_is(w->text, "*")
			     ? lang.len > 0
			     : value_matches(CSS_DASH, lang, w->text, true)))
			return true;
	return false;
}

static bool is_empty(const struct dom_node *n)
{
	for (n = n->first; n; n = n->next)
		if (n->type != DOM_COMMENT)
			return false;
	return true;
}

static bool is_checked(const struct dom_node *n)
{
	struct str type;

	if (is_named(n, "option"))
		return dom_attr(n, "selected").p;
	type = dom_attr(n, "type");
	return is_named(n, "input") && dom_attr(n, "checked").p &&
	       (str_eq_nocase(type, STR("checkbox")) ||
		str_eq_nocase(type, STR("radio")));
}

static bool can_be_disabled(const struct dom_node *n)
{
	return is_named(n, "button input select textarea optgroup option "
			   "fieldset");
}

/* HTML, "disabled": by itself, its optgroup, or a fieldset around it. */
static bool is_disabled(const struct dom_node *n)
{
	const struct dom_node *from = n, *up;

	if (!can_be_disabled(n))
		return false;
	if (dom_attr(n, "disabled").p)
		return true;
	if (is_named(n, "option"))
		return n->parent && is_named(n->parent, "optgroup") &&
		       dom_attr(n->parent, "disabled").p;
	if (is_named(n, "optgroup"))
		return false;
	for (up = n->parent; up; from = up, up = up->parent) {
		if (!is_named(up, "fieldset") || !dom_attr(up, "disabled").p)
			continue;
		/* Its first legend is spared. */
		while (from && is_named(from, "legend") &&
		       (from = element_before(from)))
			if (is_named(from, "legend"))
				return true;
		if (from)
			return true;
	}
	return false;
}

/* Is there an x for which "n lead x" holds and the rest matches? */
static bool has_one(struct matcher *m, const struct css_complex *x,
		    const struct dom_node *n);

static bool has_matches(struct matcher *m, const struct css_simple *s,
			const struct dom_node *n)
{
	const struct dom_node *outer = m->anchor;
	bool found = false;

	m->anchor = n;
	for (const struct css_complex *x = s->list; x && !found; x = x->next)
		found = has_one(m, x, n);
	m->anchor = outer;
	return found;
}

static bool simple_matches(struct matcher *m, const struct css_simple *s,
			   const struct dom_node *n)
{
	if (++m->steps > CSS_STEPS_MAX)
		m->tired = true;
	if (m->tired)
		return false;
	switch (s->kind) {
	case CSS_TYPE: return type_matches(m, s, n);
	case CSS_ID: return str_eq(dom_attr(n, "id"), s->value);
	case CSS_CLASS: return class_matches(s, n);
	case CSS_ATTR: return attr_matches(m, s, n);
	case CSS_NOT: return !list_matches(m, s->list, n);
	case CSS_IS: return list_matches(m, s->list, n);
	case CSS_HAS: return has_matches(m, s, n);
	case CSS_NTH: return nth_matches(m, s, n);
	case CSS_CONTAINS: return contains(m, s, n);
	case CSS_LANG: return lang_matches(s, n);
	case CSS_ROOT: return !element_above(n);
	case CSS_SCOPE: return n == m->scope;
	case CSS_EMPTY: return is_empty(n);
	case CSS_CHECKED: return is_checked(n);
	case CSS_ENABLED: return can_be_disabled(n) && !is_disabled(n);
	case CSS_DISABLED: return is_disabled(n);
	case CSS_REQUIRED:
		return is_named(n, "input select textarea") &&
		       dom_attr(n, "required").p;
	case CSS_OPTIONAL:
		return is_named(n, "input select textarea") &&
		       !dom_attr(n, "required").p;
	case CSS_LINK: return is_named(n, "a area") && dom_attr(n, "href").p;
	case CSS_NEVER: return false;
	case CSS_ANCHOR: return n == m->anchor;
	}
	return false;
}

/* ---- combinators ---- */

static bool compound_matches(struct matcher *m, const struct css_compound *c,
			     const struct dom_node *n)
{
	for (const struct css_simple *s = c->first; s; s = s->next)
		if (!simple_matches(m, s, n))
			return false;
	return true;
}

static enum verdict chain_matches(struct matcher *m,
				  const struct css_compound *c,
				  const struct dom_node *n)
{
	enum verdict v;

	if (!compound_matches(m, c, n))
		return MISS;
	switch (c->comb) {
	case CSS_NOTHING: return HIT;
	case CSS_DESCENDANT:
		while ((n = element_above(n))) {
			v = chain_matches(m, c->left, n);
			if (v == HIT || v == MISS_ALL)
				return v;
		}
		return MISS_ALL;
	case CSS_CHILD:
		n = element_above(n);
		if (!n)
			return MISS_ALL;
		v = chain_matches(m, c->left, n);
		return v == HIT || v == MISS_ALL ? v : MISS_SIBLINGS;
	case CSS_ADJACENT:
		n = element_before(n);
		return n ? chain_matches(m, c->left, n) : MISS_SIBLINGS;
	case CSS_SIBLING:
		while ((n = element_before(n))) {
			v = chain_matches(m, c->left, n);
			if (v != MISS)
				return v;
		}
		return MISS_SIBLINGS;
	}
	return MISS;
}

static bool list_matches(struct matcher *m, const struct css_complex *list,
			 const struct dom_node *n)
{
	for (const struct css_complex *x = list; x; x = x->next)
		if (chain_matches(m, x->right, n) == HIT)
			return true;
	return false;
}

static bool any_below(struct matcher *m, const struct css_complex *x,
		      const struct dom_node *top)
{
	for (const struct dom_node *d = dom_walk(top, top); d && !m->tired;
	     d = dom_walk(top, d))
		if (d->type == DOM_ELEMENT &&
		    chain_matches(m, x->right, d) == HIT)
			return true;
	return false;
}

static bool has_one(struct matcher *m, const struct css_complex *x,
		    const struct dom_node *n)
{
	if (x->lead == CSS_DESCENDANT || x->lead == CSS_CHILD)
		return any_below(m, x, n);
	while ((n = element_after(n)) && !m->tired)
		if (chain_matches(m, x->right, n) == HIT || any_below(m, x, n))
			return true;
	return false;
}

/* ---- searches ---- */

static struct matcher matcher_begin(const struct css *c, const struct dom *dom,
				    const struct dom_node *scope)
{
	return (struct matcher){
		.xml = dom->xml,
		.scope = scope->type == DOM_DOCUMENT ? dom->html : scope,
		.counted = xcalloc(c->n_nth + 1, sizeof(struct counted)),
	};
}

static int matcher_end(struct matcher *m, struct err *e)
{
	free(m->counted);
	buf_free(&m->text);
	if (m->tired)
		return err_set(e, EX_DATAERR,
			       "css: more than %d steps on this document",
			       CSS_STEPS_MAX);
	return 0;
}

/* The next match after n (root at first), or NULL. */
static const struct dom_node *next_match(struct matcher *m, const struct css *c,
					 const struct dom_node *root,
					 const struct dom_node *n)
{
	while ((n = dom_walk(root, n)) && !m->tired)
		if (n->type == DOM_ELEMENT && list_matches(m, c->list, n))
			return n;
	return NULL;
}

int css_select(const struct css *c, const struct dom *dom,
	       const struct dom_node *root, struct arena *a,
	       const struct dom_node ***nodes_r, size_t *n_r, struct err *e)
{
	struct matcher m = matcher_begin(c, dom, root);
	const struct dom_node **found = NULL, *n = root;
	size_t cap = 0, count = 0;

	while ((n = next_match(&m, c, root, n))) {
		xgrow(&found, &cap, count, sizeof(*found));
		found[count++] = n;
	}
	*n_r = count;
	*nodes_r = arena_alloc(a, count * sizeof(*found));
	if (count)
		memcpy(*nodes_r, found, count * sizeof(*found));
	free(found);
	return matcher_end(&m, e);
}

int css_first(const struct css *c, const struct dom *dom,
	      const struct dom_node *root, const struct dom_node **node_r,
	      struct err *e)
{
	struct matcher m = matcher_begin(c, dom, root);

	*node_r = next_match(&m, c, root, root);
	if (matcher_end(&m, e))
		return -1;
	return *node_r != NULL;
}

int css_matches(const struct css *c, const struct dom *dom,
		const struct dom_node *scope, const struct dom_node *node,
		struct err *e)
{
	struct matcher m = matcher_begin(c, dom, scope);
	bool hit = node->type == DOM_ELEMENT && list_matches(&m, c->list, node);

	return matcher_end(&m, e) ? -1 : hit;
}
