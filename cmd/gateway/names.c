#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

static size_t place(const struct names *s, struct str text)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(str_from(s->v[mid].text), text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_at(const struct names *s, size_t at, struct str text)
{
	return at < s->n && str_is(text, s->v[at].text);
}

bool names_add(struct names *s, struct str text)
{
	size_t at = place(s, text);

	if (is_at(s, at, text)) {
		s->v[at].connections++;
		return true;
	}
	if (s->n == NAMES_MAX)
		return false;
	xgrow(&s->v, &s->cap, s->n, sizeof(*s->v));
	memmove(s->v + at + 1, s->v + at, (s->n++ - at) * sizeof(*s->v));
	s->v[at] = (struct name){ xstrndup(text.p, text.len), 1 };
	return true;
}

void names_take(struct names *s, struct str text)
{
	size_t at = place(s, text);

	if (!is_at(s, at, text) || --s->v[at].connections > 0)
		return;
	free(s->v[at].text);
	memmove(s->v + at, s->v + at + 1, (--s->n - at) * sizeof(*s->v));
}

void names_free(struct names *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].text);
	free(s->v);
	*s = (struct names){ 0 };
}

void names_add_all(struct names *to, const struct names *from)
{
	for (size_t i = 0; i < from->n; i++)
		names_add(to, str_from(from->v[i].text));
}

void names_print(const struct names *a, const struct names *b, struct buf *out)
{
	bool any = false;

	buf_putc(out, '[');
	for (size_t i = 0; i < a->n; i++) {
		struct str text = str_from(a->v[i].text);

		if (b && is_at(b, place(b, text), text))
			continue;
		if (any)
			buf_putc(out, ',');
		buf_json_str(out, text);
		any = true;
	}
	buf_putc(out, ']');
}

bool names_eq(const struct names *a, const struct names *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].text, b->v[i].text) != 0)
			return false;
	return true;
}
