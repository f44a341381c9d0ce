#ifndef SOAK_WATCH_H
#define SOAK_WATCH_H

/*
 * watch - the gateway's memory, looked at all the time.
 *
 * What is allocated must be the same in the end as in the beginning: the least
 * of each half is compared, as what is needed for a moment is no leak. Of the
 * second half that is without the answers on their way, which the gateway counts
 * and bounds itself. It may count some that are out already, so that in the
 * first half they are left in: a busy machine is no leak, and a leak of each
 * connection is far above both.
 */
#include <stdbool.h>
#include <stddef.h>

void watch_begin(void);
/* Another program: what was seen so far says nothing about it. */
void watch_anew(void);

struct watch_half {
	size_t n;     /* looks */
	size_t least; /* bytes allocated, as said above */
	size_t most;  /* without the answers on their way */
};
struct watched {
	struct watch_half half[2];
	size_t held; /* the most of those answers */
};
struct watched watch_end(void);

#endif
