#ifndef COMMON_STATS_H
#define COMMON_STATS_H

/*
 * stats - a process's counters, gauges and histograms, by name.
 *
 * Names are Prometheus' ("fetches_total"). A label is one word, or says what it
 * is of: "transport=sse,class=live". They travel as JSON in $stats/TOOL/ID
 * every STATS_EVERY_MS and come out of /metrics as weir_TOOL_NAME. At most
 * STATS_MAX of them, and STATS_TIMES_MAX histograms; more are not kept.
 */
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum {
	STATS_MAX = 192,
	STATS_TIMES_MAX = 8,
	STATS_BOUNDS = 17, /* buckets of a histogram, and one for all above */
	STATS_EVERY_MS = 2000,
	STATS_STALE_MS = 10000,
};

struct stats;

struct stats *stats_new(void);
void stats_free(struct stats **sp);

/* label may be NULL. Names and labels must live as long as s: literals. */
void stats_add(struct stats *s, const char *name, const char *label, int64_t n);
void stats_set(struct stats *s, const char *name, const char *label, int64_t v);
int64_t stats_get(const struct stats *s, const char *name, const char *label);

/*
 * How long something took, counted into buckets from 100 us to 30 s. The name
 * ends in "_seconds". Asked for once and kept, so that adding to it is cheap;
 * it lives as long as s. NULL where there are too many: nothing is added.
 */
struct stats_times;
struct stats_times *stats_times(struct stats *s, const char *name,
				const char *label);
void stats_took(struct stats_times *t, int64_t us); /* below 0 is 0 */

/*
 * Add {"name":1,"name{label}":2,...} to b. A histogram is an object: the upper
 * bounds in seconds, how many took at most so long, then all, and their sum:
 *
 *	{"le":[0.0001,0.00025],"n":[3,9,12],"sum":0.004711}
 */
void stats_print(const struct stats *s, struct buf *b);

#endif
