#ifndef ALERTER_STATE_H
#define ALERTER_STATE_H

/*
 * state - what the ledger keeps of one rule and one thing, as text, and which
 * of these have a deadline.
 *
 * The key is "state/ITEM/SOURCE/K/RULE"; K is r for rules, s for searches.
 */
#include "common/arena.h"
#include "common/buf.h"

#include "lifecycle.h"

struct state {
	struct rule_state rule;
	bool is_old;	     /* read in the form of a version before */
	struct str alert_id; /* of the alert that was or will be said */
	struct str item;     /* of it, where it is not the thing's */
	/* What was said of it last; see judge.c. */
	struct str price, offer;
	/* What will be said of it. JSON values. */
	struct str cause, alert, note;
};

void state_key(struct buf *b, struct str thing, const struct rule *r);

/* True if key is of this rule, whatever the thing. */
bool state_is_of(struct str key, bool is_search, struct str id);

/* The id of the rule, or search, that key is of. */
struct str state_rule(struct str key, bool *is_search_r);

/* The item, listing or whatever else it is about. */
struct str state_item(struct str key);

/* Something is to be said later. */
bool state_has_more(const struct state *st);

void state_encode(const struct state *st, struct buf *b);
bool state_decode(struct str text, struct arena *a, struct state *st);

/* When something is to be done about it by itself, or CLK_NONE. */
int64_t state_due(const struct state *st);

#endif
