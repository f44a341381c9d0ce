#ifndef GATEWAY_BUCKETS_H
#define GATEWAY_BUCKETS_H

/*
 * buckets - a topic's values summed up by spans of time: the first, lowest,
 * highest and last of each span, and how many there were. Exact decimals.
 *
 * Values are added from the newest back (as the journal's chain gives them).
 * Spans start at multiples of their length since 1970.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/decimal.h"

struct bucket {
	int64_t start_us;
	struct decimal first, min, max, last;
	uint64_t n;
};

/* Zeroed but for span_us, it is empty. */
struct buckets {
	int64_t span_us;
	struct bucket *v; /* newest first */
	size_t n, cap;
};

void buckets_add(struct buckets *b, int64_t time_us, struct decimal value);
void buckets_free(struct buckets *b);

/* Add the newest `limit` of them as a JSON array, oldest first. */
void buckets_print(const struct buckets *b, size_t limit, struct buf *out);

#endif
