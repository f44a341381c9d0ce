#include "patterns.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/xmem.h"

static void free_text(struct str s)
{
	free((char *)(uintptr_t)s.p);
}

static struct str copy_text(struct str s)
{
	return (struct str){ xstrndup(s.p ? s.p : "", s.len), s.len };
}

void patterns_free(struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free_text(p->v[i]);
		if (p->filter)
			filter_drop(&p->filter[i]);
	}
	free(p->v);
	free(p->filter);
	*p = (struct patterns){ 0 };
}

void patterns_copy(struct patterns *to, const struct patterns *from)
{
	*to = (struct patterns){ .n = from->n, .cap = from->n };
	if (from->n)
		to->v = xcalloc(from->n, sizeof(*to->v));
	if (from->filter)
		to->filter = xcalloc(PATTERNS_MAX, sizeof(*to->filter));
	for (size_t i = 0; i < from->n; i++) {
		to->v[i] = copy_text(from->v[i]);
		if (from->filter)
			to->filter[i] = filter_hold(from->filter[i]);
	}
}

/* Where a pattern is, or should be. */
static size_t place(const struct patterns *p, struct str pattern)
{
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(p->v[mid], pattern) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void set_filter(struct patterns *p, size_t at, struct filter *f)
{
	if (!f && !p->filter)
		return;
	if (!p->filter) /* few have any */
		p->filter = xcalloc(PATTERNS_MAX, sizeof(*p->filter));
	filter_hold(f);
	filter_drop(&p->filter[at]);
	p->filter[at] = f;
}

/* Move what comes after a place up, or down onto it. */
static void shift(struct patterns *p, size_t from, size_t to)
{
	size_t n = p->n - from;

	memmove(p->v + to, p->v + from, n * sizeof(*p->v));
	if (p->filter)
		memmove(p->filter + to, p->filter + from,
			n * sizeof(*p->filter));
}

bool patterns_add_filtered(struct patterns *p, struct str pattern,
			   struct filter *f)
{
	size_t at = place(p, pattern);

	if (at == p->n || !str_eq(p->v[at], pattern)) {
		if (p->n == PATTERNS_MAX)
			return false;
		if (!p->v) { /* most have one or two */
			p->cap = 2;
			p->v = xcalloc(p->cap, sizeof(*p->v));
		}
		xgrow(&p->v, &p->cap, p->n, sizeof(*p->v));
		shift(p, at, at + 1);
		p->v[at] = copy_text(pattern);
		if (p->filter)
			p->filter[at] = NULL;
		p->n++;
	}
	set_filter(p, at, f);
	return true;
}

bool patterns_add(struct patterns *p, struct str pattern)
{
	return patterns_add_filtered(p, pattern, NULL);
}

bool patterns_have(const struct patterns *p, struct str pattern)
{
	size_t at = place(p, pattern);

	return at < p->n && str_eq(p->v[at], pattern);
}

bool patterns_remove(struct patterns *p, struct str pattern)
{
	size_t at = place(p, pattern);

	if (at == p->n || !str_eq(p->v[at], pattern))
		return false;
	free_text(p->v[at]);
	set_filter(p, at, NULL);
	shift(p, at + 1, at);
	p->n--;
	if (p->filter)
		p->filter[p->n] = NULL; /* it has moved */
	return true;
}

static struct filter *filter_of(const struct patterns *p, size_t i)
{
	return p->filter ? p->filter[i] : NULL;
}

size_t patterns_filters(const struct patterns *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		size_t k = 0;

		while (k < i && filter_of(p, k) != filter_of(p, i))
			k++;
		n += filter_of(p, i) && k == i;
	}
	return n;
}

bool patterns_match(const struct patterns *p, struct str topic)
{
	for (size_t i = 0; i < p->n; i++)
		if (topic_matches(topic, p->v[i]))
			return true;
	return false;
}

bool patterns_cover(const struct patterns *p, struct str topic)
{
	for (size_t i = 0; i < p->n; i++)
		if (!filter_of(p, i) && topic_matches(topic, p->v[i]))
			return true;
	return false;
}

bool patterns_want(const struct patterns *p, const struct event *ev)
{
	for (size_t i = 0; i < p->n; i++)
		if (topic_matches(ev->topic, p->v[i]) &&
		    (!filter_of(p, i) || filter_match(filter_of(p, i), ev)))
			return true;
	return false;
}

bool patterns_eq(const struct patterns *a, const struct patterns *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->v[i], b->v[i]) ||
		    filter_of(a, i) != filter_of(b, i))
			return false;
	return true;
}

uint64_t patterns_hash(const struct patterns *p)
{
	uint64_t hash = p->n;

	for (size_t i = 0; i < p->n; i++) {
		const struct filter *f = filter_of(p, i);

		hash = hash * 0x9e3779b97f4a7c15u + str_hash_fast(p->v[i]);
		if (f)
			hash += str_hash_fast(filter_text(f)) << 1;
	}
	return hash ^ hash >> 32;
}

void patterns_print(const struct patterns *p, struct buf *b)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_putc(b, ',');
		buf_json_str(b, p->v[i]);
	}
	buf_putc(b, ']');
}

void patterns_print_filters(const struct patterns *p, struct buf *b)
{
	size_t n = 0;

	buf_putc(b, '{');
	for (size_t i = 0; i < p->n; i++) {
		const struct filter *f = filter_of(p, i);

		if (!f)
			continue;
		if (n++)
			buf_putc(b, ',');
		buf_json_str(b, p->v[i]);
		buf_putc(b, ':');
		buf_json_str(b, filter_text(f));
	}
	buf_putc(b, '}');
}
