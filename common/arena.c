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

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *b = a->head;
	void *p;

	size = (size + align - 1) & ~(align - 1);
	if (!b || b->cap - b->used < size) {
		size_t cap = next_block(a);

		if (cap < size)
			cap = size;
		b = xmalloc(sizeof(*b) + cap);
		b->cap = cap;
		b->used = 0;
		b->next = a->head;
		a->head = b;
	}
	p = b->mem + b->used;
	b->used += size;
	a->used += size;
	return memset(p, 0, size);
}

char *arena_strdup(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (s.len)
		memcpy(p, s.p, s.len);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){ arena_strdup(a, s), s.len };
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b && b->next) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	/* A block made for one large piece is not worth keeping. */
	if (b && b->cap > ARENA_BLOCK) {
		free(b);
		b = NULL;
	}
	if (b)
		b->used = 0;
	a->head = b;
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
