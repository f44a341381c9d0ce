#ifndef GATEWAY_RING_H
#define GATEWAY_RING_H

/*
 * ring - the newest events, each framed once, shared by all clients that take
 * frames of its kind.
 *
 * Holds every event after ring_floor(), in order, as whole frames.
 * Frames that follow each other usually lie next to each other in memory, so
 * that many of them go out in one write. The oldest make room for the newest;
 * who needs those reads the journal.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct ring;

struct ring_item {
	uint64_t offset;
	struct str topic, frame;
};

/* At most `slots` events in at most `bytes` of frames. */
struct ring *ring_new(size_t slots, size_t bytes);
void ring_free(struct ring **rp);

/* Forget everything: nothing up to and including `offset` is here. */
void ring_reset(struct ring *r, uint64_t offset);

/*
 * Take a copy of one event's frame; offsets only rise. An event that is larger
 * than the ring leaves it empty behind that event.
 */
void ring_add(struct ring *r, uint64_t offset, struct str topic,
	      struct str frame);

/*
 * The newest event's frame, while it is here, becomes another one that is not
 * longer.
 */
void ring_shorten(struct ring *r, struct str frame);

/* Everything that was added after this offset is here. */
uint64_t ring_floor(const struct ring *r);

/*
 * Items have sequence numbers, rising by one. The first that is after
 * `offset` (>= floor), the one behind the newest, and the item itself, which
 * is valid until the next ring_add().
 */
uint64_t ring_after(const struct ring *r, uint64_t offset);
uint64_t ring_end(const struct ring *r);
const struct ring_item *ring_at(const struct ring *r, uint64_t seq);

#endif
