#ifndef ALERTER_DEADLINES_H
#define ALERTER_DEADLINES_H

/*
 * deadlines - when something is to be done about a key, the earliest first.
 *
 * Equal times are in the order of their keys, as a replay finds them. A heap
 * with its keys hashed: tens of thousands of watches may have one each.
 */
#include <stdint.h>

#include "common/arena.h"
#include "common/clk.h"

#include "table.h"

struct deadline {
	int64_t due_us;
	struct str key;
	size_t place; /* in the heap */
};

struct deadlines {	     /* zeroed: none */
	struct deadline **v; /* v[0] is the first */
	size_t n, cap;
	struct table by_key;
};

/* Set the deadline of key, which is copied; CLK_NONE: it has none. */
void deadlines_set(struct deadlines *d, struct str key, int64_t due_us);

/* The keys, d->n of them, in their order; copied. */
void deadlines_keys(const struct deadlines *d, struct arena *a, struct str *v);
void deadlines_free(struct deadlines *d);

#endif
