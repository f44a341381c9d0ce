#ifndef ALERTER_LIFECYCLE_H
#define ALERTER_LIFECYCLE_H

/*
 * lifecycle - what follows from verdicts: the life of the alerts of one rule
 * and one thing.
 *
 *	          it is so            for so long          an acknowledgement
 *	INACTIVE ──────────► PENDING ────────────► FIRING ──────────► ACKED
 *	    ▲ │                  │ held back   ▲      │                 │
 *	    │ └─ a first sight   └► SUPPRESSED ┘      │                 │
 *	    │        └► QUIET                         │                 │
 *	    └─────────────────────────────────────────┴─────────────────┘
 *	              it is not so any more, by the hysteresis
 *
 * Pure: no clock; the time is that of the events (recordedtime). A rule fires
 * when something becomes so, once, and is ready again when it is no longer so.
 * What is not known neither fires a rule nor makes it ready.
 */
#include "rule.h"

enum life {
	LIFE_INACTIVE,
	LIFE_PENDING,	 /* so, but not yet for long enough */
	LIFE_QUIET,	 /* so since it was first seen: no news */
	LIFE_SUPPRESSED, /* so, and nobody was told */
	LIFE_FIRING,
	LIFE_ACKED, /* firing, and somebody takes care of it */
};

/* "inactive" … "acknowledged": as alerts say it. QUIET is inactive to them. */
const char *life_name(enum life life);

/* What keeps an alert from being told. */
enum hold {
	HOLD_NONE,
	HOLD_COOLDOWN,	/* told a short time ago */
	HOLD_SILENCE,	/* a silence covers it */
	HOLD_INHIBITED, /* another alert fires */
};

/* "cooldown" …: the reason of alert.suppressed. */
const char *hold_name(enum hold hold);

/* Of one rule and one thing. At first: LIFE_FRESH. */
struct rule_state {
	enum life life;
	enum hold hold;	  /* what suppresses it */
	bool ending;	  /* firing, though it is not so: until due_us */
	bool happened;	  /* firing, but it is nothing that lasts */
	uint32_t said;	  /* the last judgements, the newest in bit 0 */
	int64_t fired_us; /* when alert.new was last said */
	int64_t due_us;	  /* when something is to be done, or CLK_NONE */
};
#define LIFE_FRESH                                       \
	{                                                \
		.fired_us = CLK_NONE, .due_us = CLK_NONE \
	}

enum { LIFE_ACK_MS = 24 * 60 * 60 * 1000 }; /* for what only happened */

struct occasion {
	int64_t recorded_us;
	bool momentary;	       /* it happens, and does not last */
	bool quiet;	       /* a first sight: no news */
	enum hold hold;	       /* a silence, or what inhibits it */
	int64_t hold_until_us; /* CLK_NONE: nobody knows */
};

enum rule_action {
	RULE_NOTHING,
	RULE_FIRE,
	RULE_SUPPRESS, /* would fire, but for st->hold */
	RULE_RESOLVE,
};

/* Zeroed: none of it was asked for. */
enum rule_action rule_step(const struct rule *r, struct rule_state *st,
			   enum verdict v, const struct occasion *o);

/*
 * The deadline of a state has come, or what it was suppressed for is over.
 * RULE_SUPPRESS also where it was suppressed before.
 */
enum rule_action rule_due(const struct rule *r, struct rule_state *st,
			  const struct occasion *o);

/* The thing is gone: nothing is so any more. The cooldown goes on. */
enum rule_action rule_gone(const struct rule *r, struct rule_state *st,
			   int64_t recorded_us);

/* Somebody takes care of it, or no longer does. False: that changes nothing. */
bool rule_ack(struct rule_state *st, bool undo);

/* Is it so, as far as was told? Then the hysteresis holds. */
bool rule_is_firing(const struct rule_state *st);

/* It will be told later, if it is still so. */
bool rule_is_held(const struct rule_state *st);

/* True if the state is worth keeping. */
bool rule_state_matters(const struct rule_state *st);

#endif
