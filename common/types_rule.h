#ifndef COMMON_TYPES_RULE_H
#define COMMON_TYPES_RULE_H

/*
 * types_rule - what people want to hear of: rule.set, search.set, silence.set,
 * alert.ack. See types.h.
 */
#include "common/types_user.h"

struct type_near { /* "near": {"lat", "lon", "km"}, JSON numbers */
	bool present;
	struct str lat, lon, km;
};

struct type_search { /* search.set/ID */
	struct str id, user;
	struct str when; /* "if" */
	struct shape_list keywords, sellers;
	struct type_near near;
	struct str score; /* JSON number */
	struct type_bounds price;
	struct str currency;
	struct shape_list sources, notify;
	struct str cooldown;
	struct str max_per_day; /* digits */
	bool digest, resolved;
	struct str priority;
};

struct type_drop { /* "drop": {"percent" or "amount", "over"} */
	bool present;
	struct str percent; /* JSON number */
	struct str amount, over;
};

struct type_of { /* "of": {"n", "m"} */
	bool present;
	struct str n, m; /* digits */
};

struct type_fewer { /* "fewer": {"percent", "over"} */
	bool present;
	struct str percent; /* JSON number */
	struct str over;
};

struct type_rule { /* rule.set/ID */
	struct str id, on, target;
	struct str when; /* "if" */
	struct type_drop drop;
	struct str stock;
	struct shape_list keywords, sources, sellers;
	struct type_near near;
	struct str score; /* JSON number */
	struct type_bounds price;
	struct str currency, hysteresis, cooldown, user;
	struct shape_list notify;
	struct str start, stop; /* ids of chats */
	struct str max_per_day; /* digits */
	struct str priority;
	bool digest, resolved;
	struct type_group group;
	struct type_inhibits inhibits;
	struct shape_subs escalate; /* struct type_step */
	struct str until;	    /* an expression */
	struct str hold;	    /* "for", which is a word of C */
	struct str keep;
	struct type_of of;
	struct str absent;
	struct type_fewer fewer;
};

struct type_silence { /* silence.set/ID: no notification until then */
	struct str id, pattern;
	struct str when; /* "if", which is a word of C */
	struct str until;
	struct shape_list windows; /* hours.h */
	struct str zone, user, note;
};

struct type_ack { /* alert.ack/ALERT */
	struct str user, note;
};

extern const struct shape shape_rule, shape_search, shape_silence, shape_ack;

enum {
	RULE_DATA_MAX = 8 << 10, /* bytes; more would not fit into alerts */
	RULE_WORDS_MAX = 64,	 /* in keywords */
	RULE_NAMES_MAX = 64,	 /* in sources, in sellers */
};

/* The most judgements of which some must say yes. */
enum { RULE_OF_MAX = 32 };

/*
 * Ids of rules that are not set: an item's target, how fresh a watch must be,
 * a channel that does not deliver, a time of which nothing is known.
 */
#define RULE_TARGET  "target"
#define RULE_FRESH   "fresh"
#define RULE_CHANNEL "channel"
#define RULE_GAP     "gap"

/*
 * What a shape cannot say of a rule, search or silence: its id is not one of
 * the above, its pattern is one and not the bare name of a type whose topics
 * all have a subject, its condition is an expression, its keywords hold a word
 * and not too many, some price reaches its target
 * or lies within its bounds, and channels can have the names that it wants to
 * notify. -1 with *e: EX_DATAERR.
 */
int rule_check(const struct type_rule *r, struct str id, struct err *e);
int target_check(struct str target, struct err *e); /* absent is fine */
int search_check(const struct type_search *s, struct err *e);
int silence_check(const struct type_silence *s, struct err *e);

#endif
