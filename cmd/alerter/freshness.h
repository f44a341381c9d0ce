#ifndef ALERTER_FRESHNESS_H
#define ALERTER_FRESHNESS_H

/*
 * freshness - watches whose last good fetch is older than they allow.
 *
 * A watch that says how `fresh` it must be has "fresh/ID" in the ledger: what
 * it is, when it was last known to be fetched well and by which event, all by
 * recordedtime. A good fetch is told by what it found, by observation.change
 * or, within a minute, by observation.summary. So a watch is stale once none
 * of these came for `fresh` and FRESHNESS_GRACE_MS more: that is never too
 * early, and late by three minutes at most.
 *
 * Being stale is judged like a rule (judge.c) of the id RULE_FRESH.
 */
#include "alerter.h"

enum { FRESHNESS_GRACE_MS = 2 * 60 * 1000 }; /* two summaries */

#define FRESHNESS_KEY STR("fresh/")

/*
 * The watch of ev was set to w (NULL: it is gone). It counts from here on, but
 * for one of a file, which has no time: that from its first fetch on.
 */
int freshness_set(struct alerter *al, struct stage *s, const struct event *ev,
		  const struct type_watch *w, struct err *e);

/* A fetch of this watch has ended, well or not. */
int freshness_fetched(struct alerter *al, struct stage *s,
		      const struct event *ev, struct str watch, bool well,
		      struct err *e);

/* The same for all that an observation.change or .summary names. */
int freshness_observed(struct alerter *al, struct stage *s,
		       const struct event *ev, struct err *e);

/* The deadline of key has come. */
int freshness_due(struct alerter *al, struct stage *s, struct str key,
		  int64_t now_us, struct err *e);

/* The deadline of what the ledger has under key; CLK_NONE: none. */
int64_t freshness_deadline(struct str val, struct arena *a);

#endif
