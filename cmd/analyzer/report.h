#ifndef ANALYZER_REPORT_H
#define ANALYZER_REPORT_H

/* report - what the analyzer has found, as the data of events. */
#include "common/types_finding.h"

#include "anomaly.h"
#include "series.h"
#include "window.h"

/* Add the data of price.stats. v: at the time of the newest price. */
void report_stats(const struct type_price *price, struct str source,
		  const struct view *v, const struct anomaly *anomaly,
		  struct arena *a, struct buf *b);

/*
 * Add the data of a price.anomaly of this kind. before: the price before it,
 * or NULL.
 */
void report_anomaly(const struct type_price *price, struct str source,
		    const char *kind, const struct decimal *before,
		    const struct anomaly *anomaly, struct arena *a,
		    struct buf *b);

#endif
