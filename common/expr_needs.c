/*
 * What must be so for an expression to hold. Each node has its conditions; of
 * an `and` they are those of all its parts, of an `or` what covers those of
 * each. A test that says nothing has none, and neither has what is below `not`.
 */
#include "common/expr_private.h"

#include <string.h>

/* ---- sets of texts ---- */

static bool has(const struct expr_strings *s, struct str v)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i], v))
			return true;
	return false;
}

static void both_strings(struct expr_strings *a, const struct expr_strings *b)
{
	if (a->n == 0 || (b->n > 0 && b->n < a->n))
		*a = *b;
}

static void either_strings(struct arena *m, struct expr_strings *a,
			   const struct expr_strings *b)
{
	struct str *v;
	size_t n = a->n;

	if (a->n == 0 || b->n == 0) {
		a->n = 0;
		return;
	}
	v = arena_alloc(m, (a->n + b->n) * sizeof(*v));
	memcpy(v, a->v, n * sizeof(*v));
	for (size_t i = 0; i < b->n; i++)
		if (!has(a, b->v[i]))
			v[n++] = b->v[i];
	*a = (struct expr_strings){ v, n };
}

/* ---- and, or ---- */

static void both(struct arena *m, struct expr_needs *a,
		 const struct expr_needs *b)
{
	struct expr_clause *all;

	if (a->n_topics == 0 ||
	    (b->n_topics > 0 && b->n_topics < a->n_topics)) {
		a->topics = b->topics;
		a->n_topics = b->n_topics;
	}
	all = arena_alloc(m, (a->n_clauses + b->n_clauses) * sizeof(*all));
	if (a->n_clauses)
		memcpy(all, a->clauses, a->n_clauses * sizeof(*all));
	if (b->n_clauses)
		memcpy(all + a->n_clauses, b->clauses,
		       b->n_clauses * sizeof(*all));
	a->clauses = all;
	a->n_clauses += b->n_clauses;
	if (b->has_min && (!a->has_min || decimal_cmp(b->min, a->min) > 0))
		a->min = b->min;
	if (b->has_max && (!a->has_max || decimal_cmp(b->max, a->max) < 0))
		a->max = b->max;
	a->has_min |= b->has_min;
	a->has_max |= b->has_max;
	both_strings(&a->currencies, &b->currencies);
	both_strings(&a->sources, &b->sources);
}

/* The one of fewest phrases: it lets the least pass. NULL: there is none. */
static const struct expr_clause *strictest(const struct expr_needs *of)
{
	const struct expr_clause *best = NULL;

	for (size_t i = 0; i < of->n_clauses; i++)
		if (!best || of->clauses[i].n < best->n)
			best = &of->clauses[i];
	return best;
}

static void either_clauses(struct arena *m, struct expr_needs *a,
			   const struct expr_needs *b)
{
	const struct expr_clause *of_a = strictest(a), *of_b = strictest(b);
	struct expr_clause *c;
	struct str *rows;

	a->n_clauses = 0;
	if (!of_a || !of_b || of_a->n + of_b->n > EXPR_PHRASES_MAX)
		return;
	rows = arena_alloc(m, (of_a->n + of_b->n) * sizeof(*rows));
	memcpy(rows, of_a->rows, of_a->n * sizeof(*rows));
	memcpy(rows + of_a->n, of_b->rows, of_b->n * sizeof(*rows));
	c = arena_alloc(m, sizeof(*c));
	*c = (struct expr_clause){ rows, of_a->n + of_b->n };
	a->clauses = c;
	a->n_clauses = 1;
}

static void either_topics(struct arena *m, struct expr_needs *a,
			  const struct expr_needs *b)
{
	size_t n = a->n_topics + b->n_topics;
	struct expr_topic *all;

	if (a->n_topics == 0 || b->n_topics == 0) {
		a->n_topics = 0;
		return;
	}
	all = arena_alloc(m, n * sizeof(*all));
	memcpy(all, a->topics, a->n_topics * sizeof(*all));
	memcpy(all + a->n_topics, b->topics, b->n_topics * sizeof(*all));
	a->topics = all;
	a->n_topics = n;
}

static void either(struct arena *m, struct expr_needs *a,
		   const struct expr_needs *b)
{
	either_topics(m, a, b);
	either_clauses(m, a, b);
	a->has_min = a->has_min && b->has_min;
	a->has_max = a->has_max && b->has_max;
	if (a->has_min && decimal_cmp(b->min, a->min) < 0)
		a->min = b->min;
	if (a->has_max && decimal_cmp(b->max, a->max) > 0)
		a->max = b->max;
	either_strings(m, &a->currencies, &b->currencies);
	either_strings(m, &a->sources, &b->sources);
}

/* ---- tests ---- */

static bool is_member(const struct expr_field *f, const char *name)
{
	const struct expr_step *s = f->step;

	return f->attr == EXPR_DATA && s->parent && !s->parent->parent &&
	       s->name.p && str_is(s->name, name);
}

static struct expr_strings strings_of(struct arena *m,
				      const struct expr_node *n)
{
	struct expr_strings none = { 0 };
	struct str *v;

	if (n->kind != EXPR_EQ && n->kind != EXPR_IN)
		return none;
	v = arena_alloc(m, n->n_list * sizeof(*v));
	for (size_t i = 0; i < n->n_list; i++) {
		if (n->list[i].type != JSON_STRING)
			return none;
		v[i] = n->list[i].text;
	}
	return (struct expr_strings){ v, n->n_list };
}

static void need_price(const struct expr_node *n, struct expr_needs *needs)
{
	struct decimal d;

	if (n->kind > EXPR_LE || n->kind == EXPR_NE ||
	    n->list->type != JSON_NUMBER ||
	    !decimal_parse_json(n->list->text, &d))
		return;
	needs->has_min =
		n->kind == EXPR_EQ || n->kind == EXPR_GT || n->kind == EXPR_GE;
	needs->has_max =
		n->kind == EXPR_EQ || n->kind == EXPR_LT || n->kind == EXPR_LE;
	needs->min = needs->max = d;
}

/* A type is what stands before the first '/' of its topics. */
static void need_topic(struct arena *m, const struct expr_node *n,
		       struct expr_needs *needs)
{
	bool is_type = n->left.attr == EXPR_TYPE;
	struct expr_topic *t;
	struct buf prefix = { 0 };

	if (n->kind != EXPR_EQ && n->kind != EXPR_IN && n->kind != EXPR_STARTS)
		return;
	t = arena_alloc(m, 2 * n->n_list * sizeof(*t));
	needs->topics = t;
	for (size_t i = 0; i < n->n_list; i++) {
		if (n->list[i].type != JSON_STRING)
			continue; /* no topic is a number */
		t[needs->n_topics++] =
			(struct expr_topic){ n->list[i].text,
					     n->kind == EXPR_STARTS };
		if (!is_type || n->kind == EXPR_STARTS)
			continue;
		buf_reset(&prefix);
		buf_addf(&prefix, "%.*s/", STR_ARG(n->list[i].text));
		t[needs->n_topics++] =
			(struct expr_topic){ arena_str(m, buf_str(&prefix)),
					     true };
	}
	buf_free(&prefix);
}

static void need_words(struct arena *m, const struct expr_node *n,
		       struct expr_needs *needs)
{
	struct expr_clause *c;
	struct str *rows;

	if (n->kind != EXPR_MENTIONS)
		return;
	c = arena_alloc(m, sizeof(*c));
	rows = arena_alloc(m, n->n_list * sizeof(*rows));
	for (size_t i = 0; i < n->n_list; i++)
		rows[i] = n->wanted[i].row;
	*c = (struct expr_clause){ rows, n->n_list };
	needs->clauses = c;
	needs->n_clauses = 1;
}

static struct expr_needs of_test(struct arena *m, const struct expr_node *n)
{
	struct expr_needs needs = { 0 };

	if (!n->list)
		return needs;
	if (n->left.attr == EXPR_TEXT)
		need_words(m, n, &needs);
	else if (n->left.attr == EXPR_TOPIC || n->left.attr == EXPR_TYPE)
		need_topic(m, n, &needs);
	else if (is_member(&n->left, "price"))
		need_price(n, &needs);
	else if (is_member(&n->left, "currency"))
		needs.currencies = strings_of(m, n);
	else if (is_member(&n->left, "source"))
		needs.sources = strings_of(m, n);
	return needs;
}

static struct expr_needs needs_of(struct arena *m, const struct expr_node *n)
{
	struct expr_needs sum = { 0 };
	const struct expr_node *part;

	if (n->kind > EXPR_NOT)
		return of_test(m, n);
	if (n->kind == EXPR_NOT)
		return sum;
	sum = needs_of(m, n->first);
	for (part = n->first->next; part; part = part->next) {
		struct expr_needs more = needs_of(m, part);

		if (n->kind == EXPR_AND)
			both(m, &sum, &more);
		else
			either(m, &sum, &more);
	}
	return sum;
}

/* ---- what is kept ---- */

static void *keep(struct arena *m, const void *p, size_t size)
{
	return size ? memcpy(arena_alloc(m, size), p, size) : NULL;
}

/* The texts themselves are kept already, but for the prefixes of types. */
static struct expr_topic *keep_topics(struct arena *m,
				      const struct expr_needs *of)
{
	struct expr_topic *t =
		keep(m, of->topics, of->n_topics * sizeof(*of->topics));

	for (size_t i = 0; i < of->n_topics; i++)
		t[i].text = arena_str(m, t[i].text);
	return t;
}

static struct expr_clause *keep_clauses(struct arena *m,
					const struct expr_needs *of)
{
	struct expr_clause *c =
		keep(m, of->clauses, of->n_clauses * sizeof(*of->clauses));

	for (size_t i = 0; i < of->n_clauses; i++)
		c[i].rows = keep(m, c[i].rows, c[i].n * sizeof(*c[i].rows));
	return c;
}

const struct expr_needs *expr_needs(struct expr *x)
{
	struct arena *m = &x->memory;
	struct expr_needs found;

	if (x->needs)
		return x->needs;
	arena_reset(&x->scratch);
	found = needs_of(&x->scratch, x->root);
	x->needs = keep(m, &found, sizeof(found));
	x->needs->topics = keep_topics(m, &found);
	x->needs->clauses = keep_clauses(m, &found);
	x->needs->currencies.v =
		keep(m, found.currencies.v,
		     found.currencies.n * sizeof(*found.currencies.v));
	x->needs->sources.v = keep(m, found.sources.v,
				   found.sources.n * sizeof(*found.sources.v));
	return x->needs;
}
