/*
 * Runs a query depth first: each node that a segment selects goes straight to
 * the next segment, and what passes the last one to a sink. That gives nodes
 * in the order of the standard without a list between segments, and a test
 * for existence ends at the first node.
 */
#include "jsonpath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "iregexp.h"
#include "jsonpath_query.h"

struct run {
	const struct json *root;
	const struct segment *stop; /* not run, nor what is behind it */
	struct arena *arena;
	uint64_t left;	   /* of the work that may be done */
	const char *limit; /* what was hit */
};

/* Takes a node; false: no more, please. */
struct sink {
	bool (*take)(struct sink *s, const struct json *n);
	const struct json **node;
	size_t n, cap;
};

/* False once the run has to end. */
static bool charge(struct run *r, size_t work)
{
	if (work > r->left)
		r->limit = "too much work";
	r->left -= work > r->left ? r->left : work;
	return !r->limit;
}

static bool stop_at_first(struct sink *s, const struct json *n)
{
	(void)n;
	s->n++;
	return false;
}

static bool count_nodes(struct sink *s, const struct json *n)
{
	(void)n;
	s->n++;
	return true;
}

static bool keep_one(struct sink *s, const struct json *n)
{
	s->node[0] = n;
	return ++s->n < 2;
}

static bool keep_all(struct sink *s, const struct json *n)
{
	if (s->n == JSONPATH_NODES_MAX)
		return false;
	xgrow(&s->node, &s->cap, s->n, sizeof(*s->node));
	s->node[s->n++] = n;
	return true;
}

/* ---- nodes ---- */

static const struct json *find_member(struct run *r, const struct json *obj,
				      struct str name)
{
	const struct json *last = NULL;

	if (json_kind(obj) != JSON_OBJECT)
		return NULL;
	json_each (m, obj) {
		if (!charge(r, 1))
			return NULL;
		if (str_eq(json_key_str(m), name))
			last = m;
	}
	return last;
}

static int64_t count_children(struct run *r, const struct json *n)
{
	size_t count = json_count(n);

	charge(r, count);
	return (int64_t)count;
}

static const struct json *find_index(struct run *r, const struct json *arr,
				     int64_t i)
{
	if (json_kind(arr) != JSON_ARRAY)
		return NULL;
	if (i < 0)
		i += count_children(r, arr);
	if (i < 0)
		return NULL;
	json_each (m, arr) {
		if (!charge(r, 1))
			return NULL;
		if (i-- == 0)
			return m;
	}
	return NULL;
}

static const struct json *find_one(struct run *r, const struct json *n,
				   const struct selector *s)
{
	if (s->type == SELECT_NAME)
		return find_member(r, n, s->name);
	return find_index(r, n, s->start);
}

/* ---- values ---- */

/* JSON_NONE is RFC 9535's Nothing; node is set for arrays and objects. */
struct value {
	enum json_type type;
	struct str text;
	const struct json *node;
};

static struct value value_of(struct run *r, const struct json *n)
{
	struct value v = { .type = json_kind(n), .node = n };

	if (v.type == JSON_BOOL)
		v.text = str_from(json_true(n) ? "true" : "false");
	else
		v.text = json_content(n);
	charge(r, 1 + v.text.len / 16);
	return v;
}

static struct value value_of_size(struct run *r, size_t n)
{
	struct value v = { .type = JSON_NUMBER };
	char text[24];

	snprintf(text, sizeof(text), "%zu", n);
	v.text = arena_str(r->arena, str_from(text));
	return v;
}

static bool equal(struct run *r, struct value a, struct value b);

static bool equal_arrays(struct run *r, const struct json *a,
			 const struct json *b)
{
	a = json_child(a);
	b = json_child(b);
	for (; a && b; a = json_sibling(a), b = json_sibling(b))
		if (!equal(r, value_of(r, a), value_of(r, b)))
			return false;
	return !a && !b;
}

/* True if b has every member of a. */
static bool equal_members(struct run *r, const struct json *a,
			  const struct json *b)
{
	json_each (m, a) {
		struct str name = json_key_str(m);
		const struct json *mine = find_member(r, a, name);
		const struct json *other = find_member(r, b, name);

		if (!other || !charge(r, 1))
			return false;
		if (mine == m &&
		    !equal(r, value_of(r, mine), value_of(r, other)))
			return false;
	}
	return true;
}

static bool equal(struct run *r, struct value a, struct value b)
{
	if (a.type != b.type || !charge(r, 1))
		return false;
	switch (a.type) {
	case JSON_NONE:
	case JSON_NULL: return true;
	case JSON_NUMBER: return json_number_cmp(a.text, b.text) == 0;
	case JSON_BOOL:
	case JSON_STRING: return str_eq(a.text, b.text);
	case JSON_ARRAY: return equal_arrays(r, a.node, b.node);
	case JSON_OBJECT:
		return equal_members(r, a.node, b.node) &&
		       equal_members(r, b.node, a.node);
	}
	return false;
}

static bool less(struct value a, struct value b)
{
	if (a.type != b.type)
		return false;
	if (a.type == JSON_NUMBER)
		return json_number_cmp(a.text, b.text) < 0;
	return a.type == JSON_STRING && str_cmp(a.text, b.text) < 0;
}

/* ---- expressions ---- */

static bool run_query(struct run *r, const struct query *q,
		      const struct json *current, struct sink *s);

static size_t count_chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static struct value length_of(struct run *r, struct value v)
{
	if (v.type == JSON_STRING)
		return value_of_size(r, count_chars(v.text));
	if (v.type == JSON_ARRAY || v.type == JSON_OBJECT)
		return value_of_size(r, (size_t)count_children(r, v.node));
	return (struct value){ .type = JSON_NONE };
}

static struct value evaluate(struct run *r, const struct expr *x,
			     const struct json *current)
{
	const struct json *one = NULL;
	struct sink s = { .take = keep_one, .node = &one };

	switch (x->type) {
	case EXPR_LITERAL:
		return (struct value){ .type = x->literal, .text = x->text };
	case EXPR_LENGTH: return length_of(r, evaluate(r, x->args[0], current));
	case EXPR_COUNT:
		s.take = count_nodes;
		run_query(r, &x->args[0]->query, current, &s);
		return value_of_size(r, s.n);
	case EXPR_VALUE: run_query(r, &x->args[0]->query, current, &s); break;
	default: run_query(r, &x->query, current, &s); break;
	}
	return value_of(r, s.n == 1 ? one : NULL);
}

static bool matches(struct run *r, const struct expr *x,
		    const struct json *current)
{
	struct value subject = evaluate(r, x->args[0], current);
	struct value pattern = evaluate(r, x->args[1], current);
	struct iregexp *re = x->regexp;
	int got = 0;

	if (subject.type != JSON_STRING || pattern.type != JSON_STRING)
		return false;
	/* Making a pattern costs about as much as looking at 200 nodes. */
	if (!charge(r, 10 + 16 * subject.text.len) ||
	    (!x->regexp_ready && !charge(r, 200 + pattern.text.len)))
		return false;
	if (!x->regexp_ready)
		re = iregexp_compile(pattern.text, x->type == EXPR_MATCH);
	if (re)
		got = iregexp_match(re, subject.text);
	if (!x->regexp_ready)
		iregexp_free(&re);
	if (got < 0)
		r->limit = "too much work for a regular expression";
	return got > 0;
}

static bool test(struct run *r, const struct expr *x,
		 const struct json *current)
{
	struct sink any = { .take = stop_at_first };
	struct value a, b;

	if (!charge(r, 1))
		return false;
	switch (x->type) {
	case EXPR_OR:
		return test(r, x->args[0], current) ||
		       test(r, x->args[1], current);
	case EXPR_AND:
		return test(r, x->args[0], current) &&
		       test(r, x->args[1], current);
	case EXPR_NOT: return !test(r, x->args[0], current);
	case EXPR_EXISTS:
		run_query(r, &x->query, current, &any);
		return any.n > 0;
	case EXPR_MATCH:
	case EXPR_SEARCH: return matches(r, x, current);
	default: break;
	}
	a = evaluate(r, x->args[0], current);
	b = evaluate(r, x->args[1], current);
	return (x->type != EXPR_EQ && less(a, b)) ||
	       (x->type != EXPR_LT && equal(r, a, b));
}

/* ---- segments: false: the sink or a limit ends the run ---- */

static bool run_segments(struct run *r, const struct segment *seg,
			 const struct json *n, struct sink *s);

static bool run_children(struct run *r, const struct segment *seg,
			 const struct expr *filter, const struct json *n,
			 struct sink *s)
{
	json_each (m, n) {
		if (!charge(r, 1))
			return false;
		if (filter && !test(r, filter, m))
			continue;
		if (!run_segments(r, seg->next, m, s))
			return false;
	}
	return true;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* What [first, end) by step of n is: RFC 9535, 2.3.4.2.2. */
static void slice_bounds(const struct selector *sel, int64_t n,
			 int64_t *first_r, int64_t *end_r)
{
	int64_t low = sel->step > 0 ? 0 : -1;
	int64_t high = sel->step > 0 ? n : n - 1;
	int64_t start = sel->start, end = sel->end;

	if (!sel->has_start)
		start = sel->step > 0 ? 0 : n - 1;
	else if (start < 0)
		start += n;
	if (!sel->has_end)
		end = sel->step > 0 ? n : -1;
	else if (end < 0)
		end += n;
	*first_r = clamp(start, low, high);
	*end_r = clamp(end, low, high);
}

static bool run_slice(struct run *r, const struct segment *seg,
		      const struct selector *sel, const struct json *n,
		      struct sink *s)
{
	int64_t count, first, end, i = 0;
	const struct json **all;
	bool more = true;

	if (json_kind(n) != JSON_ARRAY || sel->step == 0)
		return true;
	count = count_children(r, n);
	if (r->limit)
		return false;
	slice_bounds(sel, count, &first, &end);
	if (sel->step > 0 ? first >= end : first <= end)
		return true;
	all = xcalloc((size_t)count, sizeof(const struct json *));
	json_each (m, n)
		all[i++] = m;
	for (i = first; more && (sel->step > 0 ? i < end : i > end);
	     i += sel->step)
		more = charge(r, 1) && run_segments(r, seg->next, all[i], s);
	free(all);
	return more;
}

static bool run_selectors(struct run *r, const struct segment *seg,
			  const struct json *n, struct sink *s)
{
	for (const struct selector *sel = seg->selectors; sel;
	     sel = sel->next) {
		const struct json *one;
		bool more = true;

		switch (sel->type) {
		case SELECT_NAME:
		case SELECT_INDEX:
			one = find_one(r, n, sel);
			more = !one || run_segments(r, seg->next, one, s);
			break;
		case SELECT_WILDCARD:
		case SELECT_FILTER:
			more = run_children(r, seg, sel->filter, n, s);
			break;
		case SELECT_SLICE: more = run_slice(r, seg, sel, n, s); break;
		}
		if (!more || r->limit)
			return false;
	}
	return true;
}

static bool run_descendants(struct run *r, const struct segment *seg,
			    const struct json *n, struct sink *s)
{
	if (!charge(r, 1) || !run_selectors(r, seg, n, s))
		return false;
	json_each (m, n)
		if (json_child(m) && !run_descendants(r, seg, m, s))
			return false;
	return true;
}

static bool run_segments(struct run *r, const struct segment *seg,
			 const struct json *n, struct sink *s)
{
	if (!seg || seg == r->stop)
		return s->take(s, n);
	if (seg->descendant)
		return run_descendants(r, seg, n, s);
	return run_selectors(r, seg, n, s);
}

static bool run_query(struct run *r, const struct query *q,
		      const struct json *current, struct sink *s)
{
	return run_segments(r, q->segments, q->relative ? current : r->root, s);
}

static int run_until(const struct jsonpath *p, const struct segment *stop,
		     const struct json *root, uint64_t *left, struct arena *a,
		     struct nodelist *list_r, struct err *e)
{
	struct run r = { root, stop, a, *left, NULL };
	bool single = p->query.singular; /* then there is one, at most */
	const struct json *one = NULL;
	struct sink s = { .take = single ? keep_one : keep_all,
			  .node = single ? &one : NULL };
	size_t size;

	*list_r = (struct nodelist){ 0 };
	if (root && !run_query(&r, &p->query, root, &s) && !r.limit)
		r.limit = "too many nodes";
	if (!r.limit && s.n > 0) {
		size = s.n * sizeof(*s.node);
		list_r->n = s.n;
		list_r->node = memcpy(arena_alloc(a, size), s.node, size);
	}
	if (!single)
		free(s.node);
	*left = r.left;
	if (r.limit)
		return err_set(e, EX_DATAERR, "JSONPath: %s", r.limit);
	return 0;
}

int jsonpath_run(const struct jsonpath *p, const struct json *root,
		 struct arena *a, struct nodelist *list_r, struct err *e)
{
	uint64_t left = JSONPATH_WORK_MAX;

	return run_until(p, NULL, root, &left, a, list_r, e);
}

int jsonpath_run_within(const struct jsonpath *p, const struct json *root,
			uint64_t *left, struct arena *a,
			struct nodelist *list_r, struct err *e)
{
	return run_until(p, NULL, root, left, a, list_r, e);
}

int jsonpath_run_parents(const struct jsonpath *p, const struct json *root,
			 struct arena *a, struct nodelist *list_r,
			 struct err *e)
{
	const struct segment *last = p->query.segments;
	uint64_t left = JSONPATH_WORK_MAX;

	while (last && last->next)
		last = last->next;
	return run_until(p, last, root, &left, a, list_r, e);
}

bool jsonpath_is_singular(const struct jsonpath *p)
{
	return p->query.singular;
}
