#ifndef CHART_SERIES_H
#define CHART_SERIES_H

/*
 * series - the prices of an item, one line for each source, from its events.
 *
 * Events may come in any order of time. One currency is drawn: prices in others
 * are counted, and so is what comes when a limit is reached.
 */
#include <stdint.h>

#include "common/arena.h"
#include "common/event.h"

enum {
	SERIES_LINES_MAX = 8,	     /* drawn: more cannot be told apart */
	SERIES_READ_MAX = 64,	     /* sources, each in each currency */
	SERIES_POINTS_MAX = 1 << 20, /* of one line */
};

struct series_point {
	int64_t time_us;
	double price; /* a place in the picture, not an amount */
};

struct series_line {
	struct str source, currency;
	struct series_point *v; /* by time, once series_finish() was called */
	size_t n, cap;
	struct str last; /* the newest price as text, from last_us */
	int64_t last_us;
};

struct series {
	struct arena arena;
	struct str item, title, target, currency; /* of the newest event */
	int64_t newest_us; /* CLK_NONE before the first */
	struct series_line line[SERIES_READ_MAX];
	size_t n;
	uint64_t n_foreign; /* other currencies */
	uint64_t n_beyond;  /* over a limit */
};

/*
 * item: the only one that is taken; absent: that of the first event. currency:
 * the one that is drawn; absent: that of the newest price.
 */
void series_init(struct series *s, struct str item, struct str currency);

/*
 * Take one event; what is no price.update of the item is passed over. -1 with
 * *e: EX_DATAERR, its data is none of a price.update.
 */
int series_add(struct series *s, const struct event *ev, struct err *e);

/* All was read: only what is drawn stays, each line in the order of time. */
void series_finish(struct series *s);
void series_free(struct series *s);

#endif
