#ifndef COMMON_STATS_H
#define COMMON_STATS_H

/*
 * stats - a process's counters and gauges, by name.
 *
 * Names are Prometheus' ("fetches_total"), labels one word each. They travel
 * as JSON in $stats/TOOL/ID every STATS_EVERY_MS and come out of /metrics as
 * weir_TOOL_NAME. At most STATS_MAX of them; more are not kept.
 */
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum { STATS_MAX = 128, STATS_EVERY_MS = 2000, STATS_STALE_MS = 10000 };

struct stats;

struct stats *stats_new(void);
void stats_free(struct stats **sp);

/* label may be NULL. Names and labels must live as long as s: literals. */
void stats_add(struct stats *s, const char *name, const char *label, int64_t n);
void stats_set(struct stats *s, const char *name, const char *label, int64_t v);
int64_t stats_get(const struct stats *s, const char *name, const char *label);

/* Add {"name":1,"name{label}":2,...} to b. */
void stats_print(const struct stats *s, struct buf *b);

#endif
