#ifndef GATEWAY_HEAP_H
#define GATEWAY_HEAP_H

/*
 * heap - what this process has of the C library's memory.
 *
 * What was needed at a peak, as answers that many are slow to read, is freed
 * behind it, but only its end goes back to the system: one block above the rest
 * keeps all. So it is looked at now and then, and what is free given back.
 */
#include <stddef.h>
#include <stdint.h>

enum {
	HEAP_SPARE = 8 << 20,	 /* bytes that may stay for what comes next */
	HEAP_LOOK_MS = 10 * 1000 /* between two looks */
};

struct heap {
	size_t used; /* bytes that are allocated */
	size_t free; /* that are not, but kept; given back ones among them */
};
struct heap heap_look(void);

/*
 * Called as often as one likes: after HEAP_LOOK_MS it looks, and gives back
 * what is free where that is more than HEAP_SPARE. *looked_ms is its own, 0 at
 * first; the time is monotonic, in ms.
 */
void heap_tidy(int64_t *looked_ms, int64_t now_ms);

#endif
