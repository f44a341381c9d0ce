#ifndef GATEWAY_LAG_H
#define GATEWAY_LAG_H

/*
 * lag - how far clients may fall behind, and what happens then.
 *
 * A rule is "PATTERN=POLICY:N": who wants topics of the pattern may miss N of
 * its events. Each rule keeps the offsets of the newest of them, so that one
 * comparison tells whether a position is too old. It counts from when it was
 * made, and whether the client wants each of these events is not asked.
 *
 * Pure.
 */
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#include "patterns.h"

enum {
	LAG_RULES_MAX = 16,
	LAG_EVENTS_MAX = 1000000, /* 8 bytes for each are kept */
};

enum lag_policy {
	LAG_LATEST,	/* goes on with the newest event of each topic */
	LAG_DISCONNECT, /* has to come back */
};

struct lag_rule {
	struct str pattern;
	enum lag_policy policy;
	uint64_t oldest; /* who stands below it has missed more than N */
	/* lag's own: as a ring, of the newest N events and one more */
	uint64_t *offset;
	size_t n, next;
};

struct lag;

/* From rules as text. NULL with *e: EX_USAGE, which one and why. */
struct lag *lag_new(const char *const *rule, size_t n, struct err *e);
void lag_free(struct lag **lp);

void lag_event(struct lag *l, struct str topic, uint64_t offset);
/* It is another journal now. */
void lag_forget(struct lag *l);

/*
 * The first rule that somebody at `pos` is too far behind for, or NULL.
 */
const struct lag_rule *lag_judge(const struct lag *l, const struct patterns *p,
				 uint64_t pos);

/*
 * The topics that match both patterns, as one of them; absent if there are
 * none.
 */
struct str lag_common(struct str a, struct str b);

#endif
