#ifndef GATEWAY_CACHE_H
#define GATEWAY_CACHE_H

/*
 * cache - single events as frames, for the next client that is sent the same
 * one, in whatever company.
 *
 * The frames lie in a ring of bytes that is written round and round; a table
 * with one place for each of some kinds and offsets says where. What was
 * overwritten, or has lost its place to another, is made again. Takes no memory
 * before it is used.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#include "frame.h"

enum {
	CACHE_SLOTS = 4096,
	CACHE_BYTES = 1 << 20, /* of topics and frames */
	CACHE_LARGEST = CACHE_BYTES / 8,
};

struct cache;

struct cache *cache_new(void);
void cache_free(struct cache **cp);

/* Forget all: offsets are another journal's now. */
void cache_clear(struct cache *c);

struct cached {
	struct str topic, frames;
};

/* False: not here. Valid until the next cache_add(). */
bool cache_find(const struct cache *c, enum frame_kind kind, uint64_t offset,
		struct cached *r);

/* Keep a copy; not of what is larger than CACHE_LARGEST. Offsets are from 1. */
void cache_add(struct cache *c, enum frame_kind kind, uint64_t offset,
	       struct str topic, struct str frames);

#endif
