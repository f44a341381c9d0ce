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
	struct str alert_id; /* of the alert that was said last */
	/* Of a held alert: what will be said. JSON objects. */
	struct str cause, alert, note;
};

void state_key(struct buf *b, struct str thing, const struct rule *r);

/* True if key is of this rule, whatever the thing. */
bool state_is_of(struct str key, bool is_search, struct str id);

/* The id of the rule, or search, that key is of. */
struct str state_rule(struct str key, bool *is_search_r);

void state_encode(const struct state *st, struct buf *b);
bool state_decode(struct str text, struct arena *a, struct state *st);

/* When something is to be done about it by itself, or CLK_NONE. */
int64_t state_due(const struct state *st);

#endif
