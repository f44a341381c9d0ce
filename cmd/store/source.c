#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/xmem.h"

struct sources {
	struct source **slot;
	struct source *newest; /* the last that was asked for */
	size_t max, n_slots, n;
	struct arena arena;
	struct source *touched;
};

struct sources *sources_new(size_t max)
{
	struct sources *s = xcalloc(1, sizeof(*s));

	s->max = max;
	s->n_slots = max * 4;
	s->slot = xcalloc(s->n_slots, sizeof(struct source *));
	return s;
}

void sources_free(struct sources **sp)
{
	struct sources *s = *sp;

	if (!s)
		return;
	arena_free(&s->arena);
	free(s->slot);
	free(s);
	*sp = NULL;
}

void sources_clear(struct sources *s)
{
	memset(s->slot, 0, s->n_slots * sizeof(*s->slot));
	arena_reset(&s->arena);
	s->n = 0;
	s->touched = s->newest = NULL;
}

struct source *sources_find(struct sources *s, struct journal *j,
			    struct str name, struct err *e)
{
	uint64_t last, hash;
	struct source **at;
	bool transient;

	/* Events of one source come in runs. */
	if (s->newest && str_eq(s->newest->name, name))
		return s->newest;
	hash = str_hash_fast(name);
	at = &s->slot[hash % s->n_slots];
	while (*at && !((*at)->hash == hash && str_eq((*at)->name, name)))
		if (++at == s->slot + s->n_slots)
			at = s->slot;
	if (*at)
		return s->newest = *at;
	if (journal_write_source(j, name, &last, &transient, e) < 0)
		return NULL;
	*at = arena_alloc(&s->arena, sizeof(**at));
	(*at)->name = arena_str(&s->arena, name);
	(*at)->hash = hash;
	(*at)->last = last;
	(*at)->transient = transient;
	s->n++;
	return s->newest = *at;
}

void sources_touch(struct sources *s, struct source *src)
{
	if (src->touched)
		return;
	src->touched = true;
	src->next_touched = s->touched;
	s->touched = src;
}

struct source *sources_touched(const struct sources *s)
{
	return s->touched;
}

void sources_settle(struct sources *s)
{
	struct source *src = s->touched;

	for (; src; src = src->next_touched)
		src->touched = src->moved = src->hello = false;
	s->touched = NULL;
	/* One batch may bring WRITER_BATCH new ones; the table has the room. */
	if (s->n >= s->max)
		sources_clear(s);
}
