#ifndef ANALYZER_WINDOW_H
#define ANALYZER_WINDOW_H

/*
 * window - rolling statistics of a series, weighted by how long each price
 * held.
 *
 * All arithmetic is that of exact decimals, rounded half to even at its end,
 * so that the same events give the same digits everywhere. The newest price
 * counts for minimum and maximum at once, for mean and median as it holds.
 */
#include "common/decimal.h"

#include "series.h"

/* A series made ready for questions at one time. Borrows the series. */
struct view {
	const struct series *series;
	int64_t now_us;
	unsigned scale; /* of all coefficients */
	size_t n;	/* segments with a price, cheapest first */
	uint16_t order[SERIES_MAX];
	decimal_coef price[SERIES_MAX]; /* by index of the segment */
	bool usable; /* false: the prices are too far apart for one scale */
};

void view_init(struct view *v, const struct series *s, int64_t now_us);

/* How long segment i held within the last span_us. */
int64_t view_held(const struct view *v, size_t i, int64_t span_us);

/* All that time without gaps. */
int64_t view_known(const struct view *v, int64_t span_us);

/*
 * The weighted median: the lowest price so that it or a lower one held for at
 * least half of the time. False where none has held.
 */
bool view_median(const struct view *v, int64_t span_us, decimal_coef *r);

#define WINDOW_ALL INT64_MAX

struct window {
	struct decimal min, max, mean, median;
	struct decimal change; /* against the price at the window's start */
	struct decimal change_percent;
	bool has_percent; /* the price at the start was not 0 */
	uint64_t n;	  /* prices seen in it */
};

/*
 * The window of the last span_us (WINDOW_ALL: all time). Its start is the
 * first price where that is later. False where nothing is known.
 */
bool window_read(const struct view *v, int64_t span_us, struct window *w);

#endif
