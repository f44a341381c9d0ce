#ifndef GATEWAY_EXPIRY_H
#define GATEWAY_EXPIRY_H

/*
 * expiry - moments at which something ends, each its own, in their order.
 *
 * A binary heap; for deadlines that are all equally far away, due.h is cheaper.
 * Pure: the time is passed in. A zeroed item is not in it; items must leave
 * before they go away.
 */
#include <stddef.h>
#include <stdint.h>

struct expiry_item {
	int64_t at_us;
	size_t place; /* in the heap, from 1; 0: not in it */
};

/* Zeroed it is empty. */
struct expiry {
	struct expiry_item **v;
	size_t n, cap;
};

void expiry_free(struct expiry *x);

/* Put one in, or move it. */
void expiry_set(struct expiry *x, struct expiry_item *item, int64_t at_us);
void expiry_drop(struct expiry *x, struct expiry_item *item);

/* When the next one ends; INT64_MAX: never. */
int64_t expiry_next_us(const struct expiry *x);

/* Drop and return one that has ended, or NULL. */
struct expiry_item *expiry_take(struct expiry *x, int64_t now_us);

#endif
