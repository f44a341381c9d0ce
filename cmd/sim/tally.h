#ifndef SIM_TALLY_H
#define SIM_TALLY_H

/*
 * tally - how often something was asked for.
 *
 * Counts per key, for at most TALLY_MAX keys of TALLY_KEY_MAX bytes; what is
 * over is counted as `others`. A zeroed struct tally is empty.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum { TALLY_MAX = 2048, TALLY_KEY_MAX = 512 };

struct tally_entry {
	char *key; /* printable UTF-8 */
	uint64_t hash, count;
	int64_t second; /* of the last tally_rate() */
	uint64_t in_second;
};

struct tally {
	struct tally_entry *v;
	size_t n, cap;
	uint64_t others;
};

/* Count one; the count so far, this one included. 0: no room for the key. */
uint64_t tally_add(struct tally *t, struct str key);

/* Count one, and return how many there were within this second of now_ms. */
uint64_t tally_rate(struct tally *t, struct str key, int64_t now_ms);

void tally_release(struct tally *t);

#endif
