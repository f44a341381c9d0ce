#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

/*
 * metrics - figures of many processes in Prometheus' text format 0.0.4.
 *
 *	weir_TOOL_NAME{id="ID",kind="LABEL"} VALUE
 *
 * A label "transport=sse,class=live" is two of their own. Metrics of one name
 * stand together under one HELP and one TYPE: "_total" is a counter, an object
 * (stats.h) a histogram, anything else a gauge. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/str.h"

enum {
	METRICS_LABEL_MAX = 128, /* bytes of a label */
	METRICS_BOUNDS_MAX = 64, /* buckets of a histogram */
};

/* One figure; value is JSON that metrics_check() has passed. */
struct metrics_sample {
	struct str tool, id, name, label, value;
};

/* What can become a metric: its name and label, and a number or histogram. */
bool metrics_check(struct str name, struct str label, struct str value);

/* Sorts them. Of one name, those that are not of the first one's type are left
 * out. */
void metrics_print(struct metrics_sample *v, size_t n, struct buf *out);

/* A label's value, as it stands between quotes. */
void metrics_escape(struct str value, struct buf *out);

/* What a metric is, in one sentence; NULL where it is not known. */
const char *metrics_help(struct str name); /* metrics_help.c */

#endif
