#ifndef ANALYZER_ANOMALY_H
#define ANALYZER_ANOMALY_H

/*
 * anomaly - is a new price unusual, and where are prices going?
 *
 * Robust statistics: medians, so that one wild price neither hides the next
 * one nor makes a normal one look wild. Exact decimals, as in window.h.
 */
#include <stdbool.h>

#include "common/decimal.h"

#include "window.h"

enum {
	ANOMALY_COUNT_MIN = 8,	   /* prices before, for a z-score */
	ANOMALY_LOW_MIN = 3,	   /* prices before, for a new all-time low */
	ANOMALY_Z = 5,		   /* and more, up or down: low, high */
	ANOMALY_JUMP_PERCENT = 20, /* against the price before: jump */
	/*
	 * A price that hardly ever moves has a spread of 0; the least spread
	 * that is reckoned with is this part of the median.
	 */
	ANOMALY_FLOOR_PER_MILLE = 5,
	TREND_SAMPLES = 32,
	TREND_PER_MILLE = 10, /* of the median, over the time looked at */
};

/* The usual: the last 30 days; at least a day of them must be known. */
#define ANOMALY_SPAN_US	 (INT64_C(30) * 86400 * 1000000)
#define ANOMALY_KNOWN_US (INT64_C(86400) * 1000000)

struct anomaly {
	bool low, high;	   /* |z| is ANOMALY_Z or more */
	bool all_time_low; /* lower than every price before */
	bool jump;	   /* by ANOMALY_JUMP_PERCENT or more in one step */
	bool has_z;	   /* z and median are known */
	struct decimal z;  /* two digits */
	struct decimal median;
};

/*
 * Judge a price against the series before it (v at the price's time). z is
 * (price - median) * 0.6745 / MAD, both weighted by time over ANOMALY_SPAN_US;
 * 0.6745 makes it the ordinary z-score where prices are normally distributed.
 * A price that is the same as before is nothing unusual.
 */
void anomaly_judge(const struct view *v, struct decimal price,
		   struct anomaly *a);

struct trend {
	const char *name;     /* rising, falling, steady */
	struct decimal slope; /* per day, four digits more than prices */
};

/*
 * The Theil-Sen slope of TREND_SAMPLES prices evenly spread over the last 30
 * days, or the time since the first price: the median of the slopes of all
 * pairs. Steady if it makes less than TREND_PER_MILLE of the median over that
 * time. False with less than an hour or three prices.
 */
bool trend_read(const struct view *v, struct trend *t);

#endif
