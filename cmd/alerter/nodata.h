#ifndef ALERTER_NODATA_H
#define ALERTER_NODATA_H

/*
 * nodata - what did not come: rules with `absent` and `fewer`, channels that do
 * not deliver, and times of which nothing at all is known.
 *
 * A rule with `absent` has "absent/ID" in the ledger: when something that it
 * is for came last, all by recordedtime, and by which event. One with `fewer`
 * has "fewer/ID/WATCH": how many items the watch found since when. Each is
 * judged like a rule (judge.c) of things that begin with '$'.
 *
 * Where nothing at all was recorded for NODATA_GAP_MS when an absence is due,
 * that is what is told, once, by the rule RULE_GAP; absences count anew from
 * the first event after it. Otherwise each rule would say, of the same hours,
 * that what it is for is silent, and nobody knows that.
 */
#include "alerter.h"

enum {
	NODATA_GAP_MS = 10 * 60 * 1000, /* ten summaries */
	NODATA_ITEMS_MAX = 1000000000,	/* what says it found more is wrong */
	NODATA_SPANS_MAX = 64,		/* counts of a watch; then the shortest
					   is taken for the one before it */
};

#define NODATA_ABSENT_KEY STR("absent/")

/* Rules that no event is judged by: absent, or fewer. */
bool nodata_is(const struct rule *r);

/* The rule is set by ev; or removed, so that nothing is left of it. */
int nodata_set(struct alerter *al, struct stage *s, const struct event *ev,
	       const struct rule *r, struct err *e);
int nodata_remove(struct alerter *al, struct stage *s, struct str id,
		  struct err *e);

/* Something came that such a rule is for. */
int nodata_heard(struct alerter *al, const struct hearing *h,
		 const struct rule *r, struct err *e);

/* Each event, before all else: one after a gap, a count, a channel. */
int nodata_observed(struct alerter *al, struct stage *s, const struct event *ev,
		    struct err *e);

/* The deadline of key has come. */
int nodata_due(struct alerter *al, struct stage *s, struct str key,
	       int64_t now_us, struct err *e);

/* At the start: what the ledger has. */
int nodata_load(struct alerter *al, struct stage *s, struct err *e);

#endif
