#ifndef ALERTER_RULE_H
#define ALERTER_RULE_H

/*
 * rule - when to alert: what a rule, a saved search or an item's target asks
 * for, and whether something is so. What follows from that: lifecycle.h.
 *
 * Pure: no clock; the time is that of the events. A rule may ask for several
 * things; all must be so. What is not known (no price, another currency) is
 * neither so nor not so.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/clk.h"
#include "common/decimal.h"
#include "common/err.h"
#include "common/event.h"
#include "common/expr.h"
#include "common/types_part.h"

#include "known.h"

struct policy;

/*
 * Where a rule looks - topics, sources, currency - decides whether an event
 * concerns it at all. What it asks of one that does is one expression: its
 * `if`, and what the short forms stand for.
 */
struct rule {
	struct arena arena;   /* holds all text of the rule */
	struct str condition; /* as text; empty: each event will do */
	struct expr **asks;   /* the same, compiled when it is first asked */
	bool has_if;
	struct expr *until; /* NULL: over when it is so no longer */
	struct str text;    /* as it was set */
	bool is_search;
	struct str id;
	struct str on; /* pattern of topics */
	struct str user;
	struct str currency;
	struct shape_list sources, notify, keywords;
	struct str *phrases; /* rows of words (words.h), all must be there */
	size_t n_phrases;
	bool has_target, has_min, has_max, has_percent, has_amount;
	struct decimal target, min, max, percent, amount;
	struct str target_text;
	struct str fresh; /* a duration: of a watch, that it is stale */
	int64_t over_us;  /* of a drop; 0: against the price before */
	struct str stock;
	struct decimal slack;		      /* the hysteresis, 0.01 for 1% */
	int64_t cooldown_us, for_us, keep_us; /* lifecycle.h */
	unsigned of_n, of_m;		      /* of_m 0: each says it */
	struct str absent;		      /* a duration; nodata.h */
	int64_t absent_us;    /* 0: it is not of what is not there */
	struct decimal fewer; /* per cent */
	int64_t fewer_over_us;
	const char *lacks;	/* its kind: so where the matter is stale */
	struct str start, stop; /* chats; or absent */
	const struct policy *policy; /* NULL: it says nothing of telling */
};

#define RULE_USER "default" /* whom a rule without a user tells */

/*
 * Compile the data of rule.set or search.set. NULL with *e (EX_DATAERR) for
 * what the door (type_check) refuses.
 */
struct rule *rule_new(bool is_search, struct str id, struct str data,
		      struct err *e);
void rule_free(struct rule **rp);

/*
 * The rule that an item's own target is, in *r; borrows from item. False
 * where the item has none.
 */
bool rule_from_item(struct rule *r, const struct type_item *item);

/* What a rule is judged against. Text that is not there is absent. */
struct matter {
	const struct event *ev; /* what a condition is asked of */
	struct str topic;
	struct str row; /* words of title and summary */
	struct str price, currency, availability, source;
	struct str previous;	   /* the price before */
	bool stale;		   /* of a watch */
	const struct known *known; /* NULL: no prices before are known */
	int64_t time_us;
};

enum verdict { VERDICT_UNKNOWN, VERDICT_NO, VERDICT_YES };

/* Is it so? firing: it was before, so the hysteresis holds. */
enum verdict rule_judge(const struct rule *r, const struct matter *m,
			bool firing);

/* Add what it asks, and what m answers; see expr_values(). */
void rule_values(const struct rule *r, const struct matter *m, struct buf *b);

/* What it asks, in the canonical form of weir-expr(7); empty: nothing. */
struct str rule_condition(const struct rule *r);

/*
 * The price that a drop is measured against: the highest of the rule's time,
 * or the one before. False where there is none in the same currency.
 */
bool rule_reference(const struct rule *r, const struct matter *m,
		    struct decimal *price_r);

/* Does text hold one of the rule's keywords? */
bool rule_finds(const struct rule *r, struct str text);

/*
 * Does the rule look at such an event at all? A search is for listings, and for
 * the chats that are among its sources.
 */
bool rule_concerns(const struct rule *r, struct str topic, struct str source);

/*
 * True if being so is not a state but happens: a drop against the price
 * before. Such a rule fires each time.
 */
bool rule_is_momentary(const struct rule *r);

/* True if it only fires on a change: "back in stock" needs an "out" before. */
bool rule_needs_change(const struct rule *r);

/*
 * Without these it does not say yes, for an index. A rule that was firing may
 * still say yes beyond them, by its hysteresis.
 */
struct rule_needs {
	struct str topics[2]; /* one of these patterns */
	size_t n_topics;
	struct expr_strings sources; /* one of these; none: any, or none */
	struct str currency;	     /* absent: any, or none */
	const struct expr_clause *clauses; /* of the row, all of these */
	size_t n_clauses;
	bool has_min, has_max; /* of the price */
	struct decimal min, max;
	bool asks; /* it asks for more than this */
};

/* Borrows from r, which keeps what is made for it. */
void rule_needs(struct rule *r, struct rule_needs *needs_r);

/* "target", "drop", "stock", "fresh", "keywords" or "match". */
const char *rule_kind(const struct rule *r);

#endif
