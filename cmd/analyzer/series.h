#ifndef ANALYZER_SERIES_H
#define ANALYZER_SERIES_H

/*
 * series - the prices of one item at one source, in bounded memory.
 *
 * A price holds from its time until the next one; a time without a price is a
 * gap and weighs nothing. The series is a list of segments. When there are
 * SERIES_MAX of them, the two neighbours that are shortest in relation to
 * their age become one, so that detail gets coarser with age and never runs
 * out: minimum, maximum and the number of observations stay exact; the price
 * of such a segment is its time-weighted mean, rounded to SERIES_MEAN_SCALE
 * digits (or those of the prices, if they have more).
 *
 * Pure: no clock; times are those of the events and never run backwards (an
 * earlier one counts as the last one).
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/decimal.h"
#include "common/str.h"

enum { SERIES_MAX = 256, SERIES_MEAN_SCALE = 4 };

struct segment {
	int64_t start_us;
	struct decimal price, min, max;
	uint32_t count; /* prices seen in it; 0: a gap, without a price */
};

struct series {
	char currency[4]; /* "" where no event says one */
	struct decimal first;
	struct decimal low, high; /* of all time */
	uint64_t count;		  /* prices seen since the first */
	size_t n;
	struct segment seg[SERIES_MAX]; /* by time; the last one still holds */
};

/* Empty it, for prices in this currency (absent: none is said). */
void series_init(struct series *s, struct str currency);

/* A price was seen; NULL: there is none from now on. */
void series_add(struct series *s, int64_t time_us, const struct decimal *price);

/* The price that holds now, NULL where there is none. */
const struct decimal *series_price(const struct series *s);

/* The end of segment i, if it is `now_us` now. */
int64_t series_end(const struct series *s, size_t i, int64_t now_us);

/*
 * As bytes, in a format that starts with its version, and back. False where
 * the bytes are not that.
 */
void series_encode(const struct series *s, struct buf *b);
bool series_decode(struct str bytes, struct series *s);

#endif
