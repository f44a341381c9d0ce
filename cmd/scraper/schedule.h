#ifndef SCRAPER_SCHEDULE_H
#define SCRAPER_SCHEDULE_H

/*
 * schedule - what is due when. Pure: time is passed in.
 *
 * Two parts. A heap holds entries by their deadline (monotonic ms); an entry
 * is embedded in what it is about and knows its place, so moving and removing
 * it needs no search. And struct timing says when one watch is due: by
 * interval or cron, spread at start, with jitter, within the hours that it has,
 * more and less often as it changes or does not, and less and less often while
 * it fails.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cron.h"
#include "common/hours.h"
#include "common/tz.h"

struct schedule_entry {
	int64_t due_ms;
	size_t place; /* in the heap, from 1; 0: in none */
};

/* Zeroed: empty. Borrows its entries. */
struct schedule {
	struct schedule_entry **heap;
	size_t n, cap;
};

void schedule_free(struct schedule *s);

/* Add the entry, or move it. */
void schedule_set(struct schedule *s, struct schedule_entry *e, int64_t due_ms);
void schedule_remove(struct schedule *s, struct schedule_entry *e);

/* The entry that is due first, or NULL. */
struct schedule_entry *schedule_first(const struct schedule *s);

enum {
	TIMING_EVERY_MS = 3600 * 1000, /* where a watch says nothing */
	TIMING_EVERY_MIN_MS = 100,     /* shorter intervals are this */
	TIMING_JITTER = 20,	       /* 1/20 of the interval, either way */
	TIMING_OPEN_MS = 60 * 1000,    /* over which an opening is spread */
};

struct timing {
	int64_t every_ms;	 /* where cron is NULL */
	const struct cron *cron; /* borrowed, like tz and hours */
	const struct tz *tz;
	const struct hours *hours; /* NULL: always */
	int64_t min_ms, max_ms;	   /* bounds of every_ms; max_ms 0: fixed */
	uint64_t seed;		   /* a hash of the watch's id */
};

/* How a failing watch is left alone: base, doubled with each failure. */
struct backoff {
	int64_t base_ms, max_ms;
};

/*
 * Milliseconds from now until the first fetch of a watch that was already
 * there: somewhere in the first `spread_ms`, or in its interval where that is
 * shorter, always at the same place; by cron, at its time. -1: never.
 */
int64_t timing_start(const struct timing *t, int64_t spread_ms, int64_t now_us);

/* … until the one after the n-th. -1: never (a cron that has no next time). */
int64_t timing_next(const struct timing *t, uint64_t n, int64_t now_us);

/*
 * … until the one after the n-th, where the last `failures` (at least 1)
 * failed: sooner than timing_next() for what is fetched rarely, later for what
 * is fetched often; between half and all of the doubled base, at most max_ms
 * or the interval, whichever is longer. By cron never later than its time.
 */
int64_t timing_retry(const struct timing *t, const struct backoff *b,
		     unsigned failures, uint64_t n, int64_t now_us);

/*
 * What every_ms is next, after a fetch that found something new, or nothing:
 * half of it, or a quarter more, within min_ms and max_ms. So it settles where
 * one fetch in four finds something new. Of a fixed interval: the same.
 */
int64_t timing_adapt(const struct timing *t, bool changed);

/* An interval within those bounds; any where it is fixed. */
int64_t timing_bounded(const struct timing *t, int64_t every_ms);

/*
 * ms, or where that lies in no window, the time until the next one opens and a
 * little more: those that wait for one opening are spread over TIMING_OPEN_MS,
 * or over their interval where that is shorter. Below 0 stays as it is.
 */
int64_t timing_within(const struct timing *t, int64_t ms, uint64_t n,
		      int64_t now_us);

#endif
