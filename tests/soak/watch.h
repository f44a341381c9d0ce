#ifndef SOAK_WATCH_H
#define SOAK_WATCH_H

/*
 * watch - the gateway's memory, looked at all the time.
 *
 * What is allocated, but for answers that are on their way (those it counts and
 * bounds itself), must be the same in the end as in the beginning: the least of
 * each half is compared, as what is needed for a moment is no leak.
 */
#include <stdbool.h>
#include <stddef.h>

void watch_begin(void);
/* Another program: what was seen so far says nothing about it. */
void watch_anew(void);

struct watch_half {
	size_t n;     /* looks */
	size_t least; /* bytes allocated, but for answers on their way */
	size_t most;
};
struct watched {
	struct watch_half half[2];
	size_t held; /* the most of those answers */
};
struct watched watch_end(void);

#endif
