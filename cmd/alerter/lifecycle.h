#ifndef ALERTER_LIFECYCLE_H
#define ALERTER_LIFECYCLE_H

/*
 * lifecycle - what follows from a verdict: the life of an alert, of one rule
 * and one thing.
 *
 * Pure: no clock; the time is that of the events (recordedtime). A rule fires
 * when something becomes so, once, and is ready again when it is no longer so
 * by the rule's hysteresis. What is not known neither fires a rule nor makes
 * it ready.
 */
#include "rule.h"

/* Of one rule and one thing. Zeroed but for the times, CLK_NONE, at first. */
struct rule_state {
	bool firing;	  /* it is so */
	bool told;	  /* alert.new was said */
	bool held;	  /* it will be said at due_us, if it is still so */
	bool gone;	  /* the thing is; forgotten at due_us */
	int64_t fired_us; /* when alert.new was last said; recordedtime */
	int64_t due_us;
};

struct occasion {
	int64_t recorded_us;
	bool momentary;
	bool quiet;		 /* a first sight: no news */
	bool silenced;		 /* by a silence that ends at silent_until_us */
	int64_t silent_until_us; /* or CLK_NONE: nobody knows */
};

enum rule_action {
	RULE_NOTHING,
	RULE_FIRE,
	RULE_COOLDOWN, /* would fire, but fired a short time ago */
	RULE_SILENCE,  /* would fire, but is silenced */
	RULE_RESOLVE,
};

enum rule_action rule_step(const struct rule *r, struct rule_state *st,
			   enum verdict v, const struct occasion *o);

/* The same when the deadline of a held state has come. */
enum rule_action rule_due(struct rule_state *st, const struct occasion *o);

/* The thing is gone: nothing is so any more. The cooldown goes on. */
void rule_gone(const struct rule *r, struct rule_state *st);

/* True if the state is worth keeping at this time. */
bool rule_state_matters(const struct rule *r, const struct rule_state *st,
			int64_t recorded_us);

#endif
