#ifndef ALERTER_FRESHNESS_H
#define ALERTER_FRESHNESS_H

/*
 * freshness - watches that do not keep what they promise: a good fetch that is
 * no older than they allow, with so many items, and a price that can be true.
 *
 * A watch with such a contract has "fresh/ID" in the ledger: what it is, when
 * it was last known to be fetched well and by which event, all by recordedtime,
 * and how the last fetch ended that was not good. A good fetch is told by what
 * it found, by observation.change or, within a minute, by observation.summary,
 * and is judged here again by its items and its price. So a watch is stale once
 * none of these came for `fresh` and FRESHNESS_GRACE_MS more: that is never too
 * early, and late by three minutes at most. One without `fresh` is stale with
 * the first fetch that breaks its contract. Nothing of this needs the scraper
 * to be alive.
 *
 * It is told by watch.stale and watch.fresh, in turns, and judged like a rule
 * (judge.c) of the id RULE_FRESH.
 */
#include "alerter.h"
#include "common/types_watch.h"

enum { FRESHNESS_GRACE_MS = 2 * 60 * 1000 }; /* two summaries */

#define FRESHNESS_KEY STR("fresh/")

/*
 * The watch of ev was set to w (NULL: it is gone). It counts from here on, but
 * for one of a file, which has no time: that from its first fetch on.
 */
int freshness_set(struct alerter *al, struct stage *s, const struct event *ev,
		  const struct type_watch *w, struct err *e);

/* The outcome of a fetch that broke the contract. */
#define FRESHNESS_BROKEN "implausible"

/* How a fetch ended. */
struct freshness_end {
	bool well;
	int64_t items;		    /* -1: not told */
	struct str price;	    /* of the item; absent: none */
	struct str outcome, reason; /* where it was not well */
};

/* A fetch of this watch has ended. */
int freshness_fetched(struct alerter *al, struct stage *s,
		      const struct event *ev, struct str watch,
		      const struct freshness_end *end, struct err *e);

/*
 * The same for all that an observation.change or .summary names; of a chat
 * scraper.status says whether it is live, and the summary that it still is.
 */
int freshness_observed(struct alerter *al, struct stage *s,
		       const struct event *ev, struct err *e);

/* The deadline of key has come. */
int freshness_due(struct alerter *al, struct stage *s, struct str key,
		  int64_t now_us, struct err *e);

/* The deadline of what the ledger has under key; CLK_NONE: none. */
int64_t freshness_deadline(struct str val, struct arena *a);

#endif
