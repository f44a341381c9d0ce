#include "tally.h"

#include <stdlib.h>

#include "common/xmem.h"

static struct tally_entry *count(struct tally *t, struct str key)
{
	uint64_t hash = str_hash(key);
	struct tally_entry *e = NULL;

	for (size_t i = 0; i < t->n && !e; i++)
		if (t->v[i].hash == hash)
			e = &t->v[i];
	if (!e) {
		if (t->n == TALLY_MAX || key.len > TALLY_KEY_MAX) {
			t->others++;
			return NULL;
		}
		xgrow(&t->v, &t->cap, t->n, sizeof(*t->v));
		e = &t->v[t->n++];
		*e = (struct tally_entry){ .hash = hash };
		e->key = xstrndup(key.p, key.len);
		str_make_printable(e->key);
	}
	e->count++;
	return e;
}

uint64_t tally_add(struct tally *t, struct str key)
{
	const struct tally_entry *e = count(t, key);

	return e ? e->count : 0;
}

uint64_t tally_rate(struct tally *t, struct str key, int64_t now_ms)
{
	struct tally_entry *e = count(t, key);

	if (!e)
		return 0;
	if (e->second != now_ms / 1000) {
		e->second = now_ms / 1000;
		e->in_second = 0;
	}
	return ++e->in_second;
}

void tally_release(struct tally *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].key);
	free(t->v);
	*t = (struct tally){ 0 };
}
