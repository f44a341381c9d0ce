#ifndef EXPLAIN_ACCOUNT_H
#define EXPLAIN_ACCOUNT_H

/*
 * account - a way as people read it, or as JSON Lines. Pure. What came from
 * outside is printed without control characters, and cut.
 */
#include "way.h"

enum {
	ACCOUNT_TEXT_MAX = 300, /* bytes of one value */
	ACCOUNT_LINES_MAX = 20, /* of a list */
};

void account_print(const struct way *w, struct buf *b);

/* {"step":ROLE,"event":EVENT}, a line each. */
void account_print_json(const struct way *w, struct buf *b);

#endif
