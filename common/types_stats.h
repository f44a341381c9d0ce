#ifndef COMMON_TYPES_STATS_H
#define COMMON_TYPES_STATS_H

/*
 * types_stats - what the analyzer makes of prices: price.stats, price.anomaly.
 * See types.h.
 */
#include "common/shape.h"

struct type_window { /* one window of price.stats */
	bool present;
	struct str min, max, mean, median; /* decimals */
	struct str change, change_percent; /* decimals, signed */
	struct str n;			   /* JSON number: observations */
};

struct type_stats { /* price.stats/ITEM */
	struct str item, source, price, currency;
	struct type_window h1, h24, d7, d30, all; /* "1h" "24h" "7d" "30d" */
	struct str z;	  /* decimal, robust z-score of the newest price */
	struct str trend; /* rising, falling, steady */
	struct str slope; /* decimal, per day */
};

struct type_anomaly {	 /* price.anomaly/ITEM */
	struct str kind; /* low, high, all-time-low, jump */
	struct str item, source, price, currency, previous, median, z, message;
};

extern const struct shape shape_stats, shape_anomaly;

#endif
