#include "common/arena.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

enum { ARENA_BLOCK = 16 << 10, ARENA_BLOCK_MAX = 1 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t cap, used;
	_Alignas(max_align_t) char mem[];
};

/*
 * As much again as there is: many small blocks would be given back to the
 * system, and be taken again, with each reset.
 */
static size_t next_block(const struct arena *a)
{
	if (a->block)
		return a->block;
	if (a->used > ARENA_BLOCK_MAX)
		return ARENA_BLOCK_MAX;
	return a->used > ARENA_BLOCK ? a->used : ARENA_BLOCK;
}

static struct arena_block *block_new(size_t cap, struct arena_block *next)
{
	struct arena_block *b = xmalloc(sizeof(*b) + cap);

	*b = (struct arena_block){ .next = next, .cap = cap };
	return b;
}

static void *take(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *b = a->head;

	size = (size + align - 1) & ~(align - 1);
	if (!b || b->cap - b->used < size) {
		size_t cap = next_block(a);

		a->head = b = block_new(cap < size ? size : cap, b);
	}
	b->used += size;
	a->used += size;
	return b->mem + b->used - size;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

char *arena_strdup(struct arena *a, struct str s)
{
	char *p = take(a, s.len + 1);

	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){ arena_strdup(a, s), s.len };
}

/*
 * One block for as much as there was, as far as it may be kept: what is given
 * back to the system costs a page fault for each page of the next document.
 */
void arena_reset(struct arena *a)
{
	const size_t most = a->keep > ARENA_BLOCK ? a->keep : ARENA_BLOCK;
	const size_t want = a->used < a->keep ? a->used : a->keep;
	struct arena_block *kept = NULL, *next;

	for (struct arena_block *b = a->head; b; b = next) {
		next = b->next;
		if (b->cap > most || b->cap < want ||
		    (kept && kept->cap >= b->cap)) {
			free(b);
			continue;
		}
		free(kept);
		kept = b;
	}
	if (!kept && want)
		kept = block_new(want, NULL);
	if (kept) {
		kept->next = NULL;
		kept->used = 0;
	}
	a->head = kept;
	a->used = 0;
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	a->head = NULL;
	a->used = 0;
}
