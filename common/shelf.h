#ifndef COMMON_SHELF_H
#define COMMON_SHELF_H

/*
 * shelf - keys and values in memory, in the order of their keys.
 *
 * Any bytes are a key, and of two of which one is the beginning of the other
 * the shorter one comes first. A zeroed struct shelf is empty and ready.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct shelf {
	void *root;
	size_t n;		     /* keys */
	struct shelf_bucket *bucket; /* the same by their hashes */
	size_t n_buckets;
};

void shelf_free(struct shelf *s);

/* The value is valid until this key is put or removed. */
bool shelf_get(const struct shelf *s, struct str key, struct str *val_r);

/* Copies both; val may be a part of the value that it replaces. */
void shelf_put(struct shelf *s, struct str key, struct str val);

/* False: it was not there. key may be the one that is kept. */
bool shelf_remove(struct shelf *s, struct str key);

/*
 * The first key that begins with prefix and is greater than `after` (absent:
 * the first of all). Both results are valid until that key is put or removed.
 */
bool shelf_next(const struct shelf *s, struct str prefix, struct str after,
		struct str *key_r, struct str *val_r);

#endif
