#ifndef NOTIFIER_VITALS_H
#define NOTIFIER_VITALS_H

/*
 * vitals - is all well? Pure: time is passed in (monotonic ms).
 *
 * All is well while the store's clock moves and we are not behind it, each
 * process that matters was heard of lately, and no watch is stale.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum {
	VITALS_CLOCK_MS = 15 * 1000, /* the store says it each second */
	VITALS_HEARD_MS = 30 * 1000, /* the others each other second */
	VITALS_TOOLS_MAX = 16,
	VITALS_REASON_MAX = 160,
};

struct vitals {
	int64_t clock_ms; /* when the store's clock moved last; -1: never */
	size_t stale;	  /* watches */
	struct vitals_tool {
		const char *name; /* borrowed */
		int64_t heard_ms; /* -1: never */
	} tool[VITALS_TOOLS_MAX];
	size_t n_tools;
};

/* Of a process that was just heard of; of one that does not matter: nothing. */
void vitals_heard(struct vitals *v, struct str tool, int64_t now_ms);

/* False, with the first thing that is wrong. */
bool vitals_are_good(const struct vitals *v, int64_t now_ms,
		     char why[VITALS_REASON_MAX]);

#endif
