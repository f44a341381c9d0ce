#ifndef GATEWAY_OUTCOMES_H
#define GATEWAY_OUTCOMES_H

/*
 * outcomes - how the last fetch of each watch ended, and since when fetches of
 * it end like that: the newest observation.change of each watch there is.
 */
#include "common/buf.h"
#include "common/journal.h"

enum {
	OUTCOMES_WATCHES_MAX = 10000, /* looked at, in the order of their ids */
	OUTCOMES_SHOWN_MAX = 1000,    /* that end well; likewise that do not */
};

/*
 * Add {"total","outcomes":{"changed":3,…},"list":[{"id","outcome","since",
 * "reason","next"},…]} with those first that do not end well; "next" is there
 * while it is ahead, and "none" counts those that were not fetched yet. -1
 * with *e.
 */
int outcomes_print(struct journal *j, struct buf *b, struct err *e);

#endif
