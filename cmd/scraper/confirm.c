#include "confirm.h"

#include <string.h>

bool confirm_see(const struct confirm *c, struct trail *t, uint64_t seen,
		 uint64_t known)
{
	size_t room = c->of > 1 ? c->of - 1 : 0, drop;
	unsigned times = 1;
	bool waits = seen != known;

	/* A rule may have become shorter since. */
	drop = t->n > room ? t->n - room : 0;
	memmove(t->seen, t->seen + drop, (t->n - drop) * sizeof(t->seen[0]));
	t->n -= drop;
	for (size_t i = 0; i < t->n; i++)
		times += t->seen[i] == seen;
	if (waits && times >= c->times) {
		t->n = 0;
		return true;
	}
	if (t->n && t->n == room) {
		memmove(t->seen, t->seen + 1, (t->n - 1) * sizeof(t->seen[0]));
		t->n--;
	}
	for (size_t i = 0; i < t->n; i++)
		waits |= t->seen[i] != known;
	if (waits)
		t->seen[t->n++] = seen;
	else
		t->n = 0;
	return false;
}

/* Where the key's trail is, or would be. */
static uint32_t *slot_of(const struct trails *t, uint64_t key)
{
	size_t at = (size_t)(key ^ key >> 32) & t->mask;

	while (t->slots[at] && t->v[t->slots[at] - 1].key != key)
		at = (at + 1) & t->mask;
	return &t->slots[at];
}

struct trails trails_new(const struct confirm *rule, const struct trail *before,
			 size_t n, size_t things, struct arena *a)
{
	struct trails t = { .rule = rule };
	size_t size = 8;

	if (n == 0 && rule->times <= 1)
		return t; /* none will wait */
	t.room = n + things;
	while (size < 2 * t.room)
		size *= 2;
	t.mask = size - 1;
	t.slots = arena_alloc(a, size * sizeof(*t.slots));
	t.v = arena_alloc(a, (t.room + 1) * sizeof(*t.v));
	t.asked = arena_alloc(a, (t.room + 1) * sizeof(*t.asked));
	for (size_t i = 0; i < n; i++) {
		t.v[i] = before[i];
		*slot_of(&t, before[i].key) = (uint32_t)(i + 1);
	}
	t.n = n;
	return t;
}

bool trails_see(struct trails *t, uint64_t key, uint64_t seen, uint64_t known)
{
	uint32_t *slot;

	if (!t->room)
		return seen != known;
	slot = slot_of(t, key);
	if (!*slot && (seen == known || t->n == t->room))
		return false;
	if (!*slot) {
		t->v[t->n].key = key;
		*slot = (uint32_t)++t->n;
	}
	t->asked[*slot - 1] = true;
	return confirm_see(t->rule, &t->v[*slot - 1], seen, known);
}

bool trails_end(struct trails *t, size_t max)
{
	bool moved = t->n > 0;
	size_t left = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (!t->asked[i])
			confirm_see(t->rule, &t->v[i], 0, 0);
		if (t->v[i].n && left < max)
			t->v[left++] = t->v[i];
	}
	t->n = left;
	return moved;
}
