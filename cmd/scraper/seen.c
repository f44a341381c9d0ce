#include "seen.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

/*
 * The table has twice as many slots as the ring, open addressing, a place of
 * the ring plus one in each. A hash that is there twice has two slots; taking
 * the oldest away moves what follows it up (Knuth, 6.4, algorithm R).
 */
enum { SLOTS = 2 * SEEN_MAX };

struct seen {
	uint64_t ring[SEEN_MAX];
	uint16_t slot[SLOTS];
	size_t next, n; /* where the next one goes */
};

void seen_free(struct seen **sp)
{
	free(*sp);
	*sp = NULL;
}

static size_t home(uint64_t hash)
{
	return (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 53) % SLOTS;
}

static void forget(struct seen *s, size_t place)
{
	size_t i = home(s->ring[place]), k;

	while (s->slot[i] != place + 1)
		i = (i + 1) % SLOTS;
	for (k = (i + 1) % SLOTS; s->slot[k]; k = (k + 1) % SLOTS) {
		size_t from = home(s->ring[s->slot[k] - 1]);

		/* It may move to i unless its home lies between them. */
		if ((k - from) % SLOTS < (k - i) % SLOTS)
			continue;
		s->slot[i] = s->slot[k];
		i = k;
	}
	s->slot[i] = 0;
}

void seen_add(struct seen **sp, uint64_t hash)
{
	struct seen *s = *sp;
	size_t i;

	if (!s)
		*sp = s = xcalloc(1, sizeof(*s));
	if (s->n == SEEN_MAX)
		forget(s, s->next);
	else
		s->n++;
	s->ring[s->next] = hash;
	for (i = home(hash); s->slot[i]; i = (i + 1) % SLOTS)
		;
	s->slot[i] = (uint16_t)(s->next + 1);
	s->next = (s->next + 1) % SEEN_MAX;
}

bool seen_has(const struct seen *s, uint64_t hash)
{
	if (!s)
		return false;
	for (size_t i = home(hash); s->slot[i]; i = (i + 1) % SLOTS)
		if (s->ring[s->slot[i] - 1] == hash)
			return true;
	return false;
}

size_t seen_count(const struct seen *s)
{
	return s ? s->n : 0;
}

uint64_t seen_at(const struct seen *s, size_t i)
{
	return s->ring[(s->next + SEEN_MAX - s->n + i) % SEEN_MAX];
}

/* The first j messages end with what is known, as far as both reach back. */
static bool meets(const struct seen *s, const uint64_t *v, size_t j)
{
	for (size_t k = 1; k <= j && k <= s->n; k++)
		if (v[j - k] != seen_at(s, s->n - k))
			return false;
	return true;
}

size_t seen_overlap(const struct seen *s, const uint64_t *v, size_t n)
{
	size_t known = seen_count(s), best = 0;

	if (!known)
		return 0;
	for (size_t j = n; j > 0; j--) {
		if (!meets(s, v, j))
			continue;
		/* The whole beginning is known: it cannot be by chance. */
		if (j <= known)
			return j;
		if (!best)
			best = j;
	}
	return best;
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

uint64_t seen_hash_id(struct str id)
{
	return mix(str_hash(id));
}

uint64_t seen_hash_content(struct str username, struct str text,
			   int64_t sent_us)
{
	uint64_t h = mix(str_hash(username)) * 31 + str_hash(text);

	return mix(h ^ mix((uint64_t)sent_us + 1));
}
