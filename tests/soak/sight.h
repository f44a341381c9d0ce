#ifndef SOAK_SIGHT_H
#define SOAK_SIGHT_H

/* sight - what a client may see next of one topic, whose events count up. */
#include <stdint.h>

enum sight_state {
	SIGHT_NONE, /* it has not asked, or has taken that back */
	SIGHT_ANY,  /* any newer one: it has just asked, or may have */
	SIGHT_NEXT, /* the one after the last, and nothing else */
};

struct sight {
	enum sight_state state;
	uint64_t seen; /* the last; 0: none */
};

/* NULL, or what is wrong with it. */
const char *sight_take(struct sight *s, uint64_t n);

#endif
