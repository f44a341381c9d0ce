#ifndef GATEWAY_WHEN_H
#define GATEWAY_WHEN_H

/*
 * when - "since" and "until" as people write them: a position, a time
 * (RFC 3339), or an age such as 90d, which is a time before now.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/event.h"
#include "common/journal.h"
#include "common/str.h"

struct when {
	bool is_position;
	struct position pos;
	int64_t us; /* recorded at or after (since), before or at (until) */
};

bool when_parse(struct str s, int64_t now_us, struct when *w_r);

/*
 * The first offset to read for "since" w. *recovered_r: all that there was
 * after it is still there.
 */
int when_since(struct journal *j, const struct when *w, uint64_t *first_r,
	       bool *recovered_r, struct err *e);

/* The last offset to read for "until" w. A foreign epoch is EX_USAGE. */
int when_until(struct journal *j, const struct when *w, uint64_t *last_r,
	       struct err *e);

#endif
