#ifndef ALERTER_TABLE_H
#define ALERTER_TABLE_H

/*
 * table - text to a set of pointers, hashed.
 *
 * Keys are copied. The sets keep no order.
 */
#include <stddef.h>

#include "common/str.h"

struct table_entry {
	struct table_entry *next; /* in its bucket */
	uint64_t hash;
	struct str key;
	void **v;
	size_t n, cap;
};

struct table {
	struct table_entry **bucket;
	size_t n_buckets, n; /* keys */
};

void table_free(struct table *t);
void table_add(struct table *t, struct str key, void *value);
void table_remove(struct table *t, struct str key, const void *value);

/* NULL if nothing is there. */
const struct table_entry *table_find(const struct table *t, struct str key);

#endif
