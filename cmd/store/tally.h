#ifndef STORE_TALLY_H
#define STORE_TALLY_H

/*
 * tally - what the blobs that some events name take on disk, each counted once
 * however many name it.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

/* Blobs that are known apart; those beyond count each time they are named. */
enum { TALLY_MAX = 1 << 20 };

struct tally {	     /* zeroed is empty */
	uint64_t *v; /* hashes of ids; 0: free */
	size_t n, cap;
};

/* The bytes of those that data names and that were not counted before. */
int64_t tally_add(struct tally *t, const char *dir, struct str data);
void tally_free(struct tally *t); /* and empty it */

#endif
