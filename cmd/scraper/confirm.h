#ifndef SCRAPER_CONFIRM_H
#define SCRAPER_CONFIRM_H

/*
 * confirm - was a value seen often enough to be believed? Pure.
 *
 * Pages show a wrong price for a moment, or forget half of a list. With a rule
 * of N of M a value that differs from the known one counts once it was seen N
 * times in the last M good observations, this one among them. Values are
 * hashes, for comparing is all that is done with them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"

enum {
	CONFIRM_OF_MAX = 10,
	CONFIRM_AGAIN_MS = 60 * 1000, /* until the next look, by default */
};

/* Zeroed: everything counts at once. */
struct confirm {
	unsigned times, of;
	int64_t again_ms; /* the next look at what waits, at the latest */
};

/* What one thing showed in the observations before this one. */
struct trail {
	uint64_t key; /* whose it is */
	size_t n;
	uint64_t seen[CONFIRM_OF_MAX - 1]; /* oldest first */
};

/*
 * Now `seen` is there in place of `known`. True if it counts; the trail is
 * then empty. Else the trail has it, and is empty as well where the last
 * observations all showed what is known.
 */
bool confirm_see(const struct confirm *c, struct trail *t, uint64_t seen,
		 uint64_t known);

/* The trails of all that a watch tells apart, in the course of one look. */
struct trails {
	const struct confirm *rule;
	struct trail *v;
	bool *asked;
	size_t n, room;
	uint32_t *slots; /* of v, by key; 0: none */
	size_t mask;
};

/* From those of the look before; the look asks for at most `things`. */
struct trails trails_new(const struct confirm *rule, const struct trail *before,
			 size_t n, size_t things, struct arena *a);

/* confirm_see() for the thing of this key; to be asked once for each. */
bool trails_see(struct trails *t, uint64_t key, uint64_t seen, uint64_t known);

/*
 * The look is over: what was not asked for is not there, and was not known.
 * Leaves the trails that wait, at most `max` of them. True if any of them is
 * another than before.
 */
bool trails_end(struct trails *t, size_t max);

#endif
