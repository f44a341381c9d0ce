#include "tally.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/blob.h"
#include "common/xmem.h"

#include "shelves.h"

/* Where it is, or where it goes; there is room. */
static uint64_t *slot(const struct tally *t, uint64_t hash)
{
	size_t i = (size_t)hash & (t->cap - 1);

	while (t->v[i] && t->v[i] != hash)
		i = (i + 1) & (t->cap - 1);
	return &t->v[i];
}

static void grow(struct tally *t)
{
	struct tally more = { .n = t->n, .cap = t->cap ? 2 * t->cap : 256 };

	more.v = xcalloc(more.cap, sizeof(*more.v));
	for (size_t i = 0; i < t->cap; i++)
		if (t->v[i])
			*slot(&more, t->v[i]) = t->v[i];
	free(t->v);
	*t = more;
}

/* False: it was counted before. */
static bool is_new(struct tally *t, struct str id)
{
	uint64_t hash = str_hash_id(id), *at;

	if (!hash)
		hash = 1;
	if (2 * t->n >= t->cap && t->n < TALLY_MAX)
		grow(t);
	at = slot(t, hash);
	if (*at)
		return false;
	if (t->n < TALLY_MAX) {
		*at = hash;
		t->n++;
	}
	return true;
}

int64_t tally_add(struct tally *t, const char *dir, struct str data)
{
	int64_t bytes = 0;
	struct str id;

	while (blob_next(&data, &id))
		if (is_new(t, id))
			bytes += shelves_bytes(dir, id);
	return bytes;
}

void tally_free(struct tally *t)
{
	free(t->v);
	*t = (struct tally){ 0 };
}
