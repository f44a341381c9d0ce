#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

/*
 * arena - many small pieces of memory that end together.
 *
 * For what one document, event or message gives rise to: take what is needed,
 * then drop all of it with one call. A zeroed struct arena is ready for use.
 * Pieces are zeroed and aligned for any type.
 */
#include <stddef.h>

#include "common/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used;  /* bytes handed out since the last reset */
	size_t block; /* taken from the heap at a time; 0: 16 KiB to 1 MiB,
			 the more the more is in use. Less is for the many that
			 live long and hold little. */
	size_t keep;  /* bytes that a reset may keep, in one block; at the
			 least 16 KiB */
};

void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, struct str s);   /* adds a NUL */
struct str arena_str(struct arena *a, struct str s); /* a copy, with a NUL */

/* Forget every piece, keep a block for reuse. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
