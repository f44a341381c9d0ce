#include "table.h"

#include <stdlib.h>

#include "common/xmem.h"

enum { BUCKETS_FIRST = 64 };

static struct table_entry **slot(const struct table *t, struct str key,
				 uint64_t hash)
{
	struct table_entry **at = &t->bucket[hash & (t->n_buckets - 1)];

	while (*at && ((*at)->hash != hash || !str_eq((*at)->key, key)))
		at = &(*at)->next;
	return at;
}

static void grow(struct table *t)
{
	struct table old = *t;

	t->n_buckets = old.n_buckets ? old.n_buckets * 2 : BUCKETS_FIRST;
	t->bucket = xcalloc(t->n_buckets, sizeof(struct table_entry *));
	for (size_t i = 0; i < old.n_buckets; i++) {
		struct table_entry *e = old.bucket[i];

		while (e) {
			struct table_entry *next = e->next;
			struct table_entry **at = slot(t, e->key, e->hash);

			e->next = NULL;
			*at = e;
			e = next;
		}
	}
	free(old.bucket);
}

static void entry_free(struct table_entry *e)
{
	free((char *)(uintptr_t)e->key.p);
	free(e->v);
	free(e);
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->n_buckets; i++) {
		struct table_entry *e = t->bucket[i];

		while (e) {
			struct table_entry *next = e->next;

			entry_free(e);
			e = next;
		}
	}
	free(t->bucket);
	*t = (struct table){ 0 };
}

void table_add(struct table *t, struct str key, void *value)
{
	uint64_t hash = str_hash(key);
	struct table_entry **at, *e;

	if (t->n >= t->n_buckets)
		grow(t);
	at = slot(t, key, hash);
	if (!*at) {
		e = xcalloc(1, sizeof(*e));
		e->hash = hash;
		e->key = (struct str){ xstrndup(key.p, key.len), key.len };
		*at = e;
		t->n++;
	}
	e = *at;
	xgrow(&e->v, &e->cap, e->n, sizeof(*e->v));
	e->v[e->n++] = value;
}

void table_remove(struct table *t, struct str key, const void *value)
{
	struct table_entry **at, *e;

	if (t->n_buckets == 0)
		return;
	at = slot(t, key, str_hash(key));
	e = *at;
	for (size_t i = 0; e && i < e->n; i++) {
		if (e->v[i] == value) {
			e->v[i] = e->v[--e->n];
			break;
		}
	}
	if (e && e->n == 0) {
		*at = e->next;
		entry_free(e);
		t->n--;
	}
}

const struct table_entry *table_find(const struct table *t, struct str key)
{
	return t->n_buckets ? *slot(t, key, str_hash(key)) : NULL;
}
