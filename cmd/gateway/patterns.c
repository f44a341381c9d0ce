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
	for (size_t i = 0; i < p->n; i++)
		free_text(p->v[i]);
	free(p->v);
	*p = (struct patterns){ 0 };
}

void patterns_copy(struct patterns *to, const struct patterns *from)
{
	*to = (struct patterns){ .n = from->n, .cap = from->n };
	if (from->n)
		to->v = xcalloc(from->n, sizeof(*to->v));
	for (size_t i = 0; i < from->n; i++)
		to->v[i] = copy_text(from->v[i]);
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

bool patterns_add(struct patterns *p, struct str pattern)
{
	size_t at = place(p, pattern);

	if (at < p->n && str_eq(p->v[at], pattern))
		return true;
	if (p->n == PATTERNS_MAX)
		return false;
	xgrow(&p->v, &p->cap, p->n, sizeof(*p->v));
	memmove(p->v + at + 1, p->v + at, (p->n - at) * sizeof(*p->v));
	p->v[at] = copy_text(pattern);
	p->n++;
	return true;
}

bool patterns_remove(struct patterns *p, struct str pattern)
{
	size_t at = place(p, pattern);

	if (at == p->n || !str_eq(p->v[at], pattern))
		return false;
	free_text(p->v[at]);
	p->n--;
	memmove(p->v + at, p->v + at + 1, (p->n - at) * sizeof(*p->v));
	return true;
}

bool patterns_match(const struct patterns *p, struct str topic)
{
	for (size_t i = 0; i < p->n; i++)
		if (topic_matches(topic, p->v[i]))
			return true;
	return false;
}

void patterns_key(const struct patterns *p, struct buf *b)
{
	for (size_t i = 0; i < p->n; i++) {
		buf_add_str(b, p->v[i]);
		buf_putc(b, '\n'); /* no pattern has control characters */
	}
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
