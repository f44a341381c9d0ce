#ifndef GATEWAY_PIECES_H
#define GATEWAY_PIECES_H

/*
 * pieces - what clients that are behind are sent, kept for the next one that
 * wants the same.
 *
 * A piece has the frames of all events in a span of offsets that its owner (a
 * number) wants. Whoever stands anywhere within the span is served from there
 * to its end, and stands where all the others stand then: clients that come
 * from different positions soon go on together. The piece that was not used for
 * longest makes room for a new one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum {
	PIECES_MAX = 16,
	/* Bytes and events that one has memory for at first, */
	PIECES_ROOM = (64 << 10) - 1,
	PIECES_MARKS = 256,
	PIECES_KEEP = 128 << 10, /* and keeps at most for the next */
};

struct pieces;

struct pieces *pieces_new(void);
void pieces_free(struct pieces **pp);

/* Forget all of them. */
void pieces_clear(struct pieces *p);

/* An event, and where its frames begin. */
struct mark {
	uint64_t offset;
	size_t at;
};

/* Valid until the next pieces_begin(). */
struct piece_part {
	struct str frames;
	const struct mark *mark; /* of each event in it; the first one's `at`
				    is where `frames` begin */
	size_t n;
	uint64_t upto; /* and there are none between them and this offset */
};

/* What `owner` wants after an offset; false if no piece has that. */
bool pieces_find(struct pieces *p, uint64_t owner, uint64_t after,
		 struct piece_part *part_r);

/*
 * Make one of what comes after an offset: add each event's frames to the
 * buffer and then say its offset, which rises. It is there once it is ended.
 */
struct buf *pieces_begin(struct pieces *p, uint64_t owner, uint64_t after);
void pieces_add(struct pieces *p, uint64_t offset);
void pieces_end(struct pieces *p, uint64_t upto);

#endif
