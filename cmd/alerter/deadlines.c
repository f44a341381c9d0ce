#include "deadlines.h"

#include <stdlib.h>

#include "common/xmem.h"

static struct deadline *deadline_new(struct str key, int64_t due_us)
{
	struct deadline *new = xcalloc(1, sizeof(*new));

	new->due_us = due_us;
	new->key = (struct str){ xstrndup(key.p, key.len), key.len };
	return new;
}

static void deadline_free(struct deadline *old)
{
	free((char *)(uintptr_t)old->key.p);
	free(old);
}

static bool is_before(const struct deadline *a, const struct deadline *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us
				      : str_cmp(a->key, b->key) < 0;
}

static void put(struct deadlines *d, size_t at, struct deadline *what)
{
	d->v[at] = what;
	what->place = at;
}

static void sift_up(struct deadlines *d, size_t at, struct deadline *what)
{
	for (; at > 0 && is_before(what, d->v[(at - 1) / 2]); at = (at - 1) / 2)
		put(d, at, d->v[(at - 1) / 2]);
	put(d, at, what);
}

static void sift_down(struct deadlines *d, size_t at, struct deadline *what)
{
	for (;;) {
		size_t down = 2 * at + 1;

		if (down + 1 < d->n && is_before(d->v[down + 1], d->v[down]))
			down++;
		if (down >= d->n || !is_before(d->v[down], what))
			break;
		put(d, at, d->v[down]);
		at = down;
	}
	put(d, at, what);
}

static void drop(struct deadlines *d, struct deadline *old)
{
	struct deadline *last = d->v[--d->n];

	if (last != old) {
		sift_down(d, old->place, last);
		sift_up(d, last->place, last);
	}
	table_remove(&d->by_key, old->key, old);
	deadline_free(old);
}

static void add(struct deadlines *d, struct deadline *new)
{
	xgrow(&d->v, &d->cap, d->n, sizeof(d->v[0]));
	sift_up(d, d->n++, new);
	table_add(&d->by_key, new->key, new);
}

/* The key may be that of the old one. */
void deadlines_set(struct deadlines *d, struct str key, int64_t due_us)
{
	const struct table_entry *old = table_find(&d->by_key, key);
	struct deadline *new = NULL;

	if (due_us != CLK_NONE)
		new = deadline_new(key, due_us);
	if (old)
		drop(d, old->v[0]);
	if (new)
		add(d, new);
}

static int by_key(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void deadlines_keys(const struct deadlines *d, struct arena *a, struct str *v)
{
	for (size_t i = 0; i < d->n; i++)
		v[i] = arena_str(a, d->v[i]->key);
	qsort(v, d->n, sizeof(*v), by_key);
}

void deadlines_free(struct deadlines *d)
{
	for (size_t i = 0; i < d->n; i++)
		deadline_free(d->v[i]);
	free(d->v);
	table_free(&d->by_key);
	*d = (struct deadlines){ 0 };
}
