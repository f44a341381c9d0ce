#ifndef ALERTER_ALERTER_H
#define ALERTER_ALERTER_H

/*
 * alerter - the handler: settings and facts in, alerts and notifications out.
 *
 * Its ledger keeps "rule/ID", "search/ID", "silence/ID", "user/ID" (data as it was set),
 * "watch/ID" (the item of a watch), "fresh/ID" (freshness.h),
 * "price/ITEM/SOURCE" (known.h), "state/…" (state.h), "alert/ID" (judge.c) and
 * those of nodata.h. Rules, searches, silences and deadlines are in memory
 * as well.
 */
#include "common/stage.h"

#include "deadlines.h"
#include "inhibit.h"
#include "percolate.h"
#include "sighting.h"
#include "silence.h"
#include "state.h"
#include "user.h"

struct alerter {
	const char *watches, *rules, *searches; /* files, or NULL */
	struct percolator *percolator;
	struct silences silences;
	struct users users;
	struct deadlines deadlines;
	struct deadlines suppressed; /* keys of states, until who knows */
	/* nodata.h */
	struct deadlines
		uncounted; /* absences that begin with what comes next */
	struct deadlines counting; /* rules with fewer, by id */
	size_t absent;		   /* rules */
	int64_t last_us;	   /* recordedtime of the last event */
	struct inhibitors inhibitors;
	size_t n_groups;	   /* of alerts, that the ledger has */
	struct timeline *timeline; /* or NULL: nobody looks */
	bool feeding;	    /* reading those files: a bad line is an error */
	struct arena arena; /* of one event */
	struct buf key, text;
};

extern const struct stage_handler alerter_handler; /* self: the struct */

void alerter_init(struct alerter *al);
void alerter_fini(struct alerter *al);

/* ---- between alerter.c (events) and judge.c (what rules say) ---- */

/*
 * What a rule is judged by: the event that makes it necessary, and what was
 * seen, now or before. is_set: the rule is new to this.
 */
struct hearing {
	struct stage *stage;
	const struct event *ev;
	const struct sighting *seen;
	int64_t time_us, recorded_us;
	bool is_set;
	bool first; /* nothing was known of this before */
};

int judge_rule(struct alerter *al, const struct hearing *h,
	       const struct rule *r, struct err *e);

/*
 * While an alert fires, alert.update says that the price is lower by so many
 * per cent than what was said last, or that seller or availability changed.
 */
enum { JUDGE_UPDATE_PERCENT = 1 };

/* What the state under key is about is gone. */
int judge_gone(struct alerter *al, const struct hearing *h, struct str key,
	       struct err *e);

/* The rule of the state under key is, since ev; why: "removed", "set anew". */
int judge_drop(struct alerter *al, struct stage *s, const struct event *ev,
	       struct str key, const char *why, struct err *e);

/* Silences, or what inhibits alerts, have changed by ev. */
int judge_suppressed(struct alerter *al, struct stage *s,
		     const struct event *ev, struct err *e);

/* alert.ack/ID: somebody takes care of it, or no longer does. */
int judge_ack(struct alerter *al, struct stage *s, const struct event *ev,
	      struct err *e);

/*
 * Where the ledger is new and the journal is read again, alert.* say what was
 * told, of things too that the journal knows no more.
 */
int judge_learn(struct alerter *al, struct stage *s, const struct event *ev,
		struct err *e);

/* Write a state that a version before has written. */
int judge_renew(struct alerter *al, struct stage *s, struct str key,
		struct err *e);

/* Keep in mind what a state that was read waits for. */
void judge_watch(struct alerter *al, struct str key, const struct state *st);

/* The first deadline has come. */
int judge_due(struct alerter *al, struct stage *s, int64_t now_us,
	      struct err *e);

#endif
