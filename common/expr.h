#ifndef COMMON_EXPR_H
#define COMMON_EXPR_H

/*
 * expr - what people ask of an event: filters and the conditions of rules.
 *
 *	price <= 8000 and currency == "USD" and not source in ["ebay"]
 *	price < lowest("30d") and text mentions "red bicyc*"
 *
 * The language is weir-expr(7). A text is compiled once, and refused with line,
 * column and what was probably meant where it is no expression. Matching reads
 * the event's JSON as it is, if it must at all, in one pass that ends with the
 * last field it needs, and builds nothing.
 *
 * A test has three answers: yes, no and unknown, where the field is not there
 * or is of a kind that the test says nothing about. `not` leaves unknown as it
 * is, and only yes matches: what is not known never makes an event match.
 */
#include <stdbool.h>

#include "common/buf.h"
#include "common/decimal.h"
#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

enum {
	EXPR_MAX = 4096,      /* bytes, as written and in the canonical form */
	EXPR_DEPTH_MAX = 32,  /* parentheses and `not` in each other */
	EXPR_NODES_MAX = 256, /* tests, and what joins them */
	EXPR_LIST_MAX = 256,  /* values in one list */
	EXPR_PATH_MAX = 32,   /* names and indexes of one field */
	EXPR_INDEX_MAX = 99999, /* highest index in a list */
	EXPR_MATCHES_MAX = 8,	/* regular expressions; of each see regex.h */
	EXPR_VALUE_MAX = 256,	/* bytes of a value in expr_values() */
	EXPR_PHRASES_MAX = 256, /* of all clauses of expr_needs() */
};

struct expr;

/*
 * Free with expr_free(). NULL with *e: EX_DATAERR, "line 1, column 7: ...";
 * columns count characters from 1.
 */
struct expr *expr_compile(struct str text, struct err *e);

/*
 * Likewise the condition of a rule, which may also ask what was before the
 * event: previous(), lowest("30d"), drop("7d") … In a filter these are
 * mistakes; all else is one language.
 */
struct expr *expr_compile_rule(struct str text, struct err *e);
void expr_free(struct expr **xp);

/*
 * What a tool's --filter says; *x_r is NULL where it was not given. -1 with
 * *e: EX_USAGE.
 */
int expr_option(const char *text, struct expr **x_r, struct err *e);

/*
 * The canonical form: the same expression without needless spaces, parentheses
 * and ways to write a number or a text. What it compiles to has the same form,
 * so it serves as the key under which equal filters are one. Lives as long as
 * x.
 */
struct str expr_text(const struct expr *x);

/* ---- asking ---- */

/*
 * Does it hold for this event? ev->data was checked (json_check). x holds what
 * is worked with, so it serves one thread at a time; that is memory which is
 * kept from one event to the next, unless texts with escapes take more than
 * 16 KiB.
 */
bool expr_match(struct expr *x, const struct event *ev);

/* Ordered, so that `and` is the least of its answers and `or` the greatest. */
enum expr_answer { EXPR_NO, EXPR_UNKNOWN, EXPR_YES };

/* Of the price before this event, as far as it is in the event's currency. */
enum expr_fact {
	EXPR_PREVIOUS, /* the price before */
	EXPR_LOWEST,   /* of the prices that held at any time in the window */
	EXPR_HIGHEST,
};

/* What a rule knows beside the event. A zeroed one knows nothing. */
struct expr_facts {
	/*
	 * The time before the event that a fact is of is window_us long, 0 for
	 * EXPR_PREVIOUS. False: it is not known. drop(), rise() and their per
	 * cent are computed from these and the event's price. May be NULL.
	 */
	bool (*number)(void *arg, enum expr_fact which, int64_t window_us,
		       struct decimal *r);
	void *arg;
	/*
	 * Where the caller has made them: the words (words_add) of each of the
	 * texts that `text` is of (weir-expr(7)), a newline between two.
	 * Absent: they are looked for in the event.
	 */
	struct str row;
};

/*
 * The answer in full. facts may be NULL. slack is 0, or the hysteresis as a
 * fraction (1% is 0.01) with which it is asked whether it still holds: the
 * limit on the right of each <, <=, > and >= between numbers is moved by so
 * much of itself, to where more holds; within a `not` that is the other way. So
 * what holds without slack holds with it.
 */
enum expr_answer expr_ask(struct expr *x, const struct event *ev,
			  const struct expr_facts *facts, struct decimal slack);

/*
 * How often a regular expression gave up on a text (regex.h), so that it was
 * not known whether the text matches.
 */
uint64_t expr_given_up(const struct expr *x);

/*
 * Add, as a JSON object, the fields and functions that it asks, each under its
 * canonical form, with their values in this event; null where not known. Texts
 * are cut, and lists and objects left out, above EXPR_VALUE_MAX bytes.
 */
void expr_values(struct expr *x, const struct event *ev,
		 const struct expr_facts *facts, struct buf *b);

/* ---- what must be so ---- */

struct expr_topic {
	struct str text;
	bool is_prefix; /* topics that begin so; or this one */
};

/*
 * At least one of these is in the row of `text`, as words_contain() finds it.
 * One that does not end in a space ends in the beginning of a word.
 */
struct expr_clause {
	const struct str *rows;
	size_t n;
};

struct expr_strings {
	const struct str *v;
	size_t n; /* 0: any, or none */
};

/*
 * Conditions without which it cannot hold (without slack), for an index: an
 * event that does not meet all of these gets no YES from expr_ask(). Each may
 * be missing. What they are is found in `and`, `or` and the tests that they
 * join, not below a `not`. Lives as long as x.
 */
struct expr_needs {
	const struct expr_topic *topics;   /* one of these */
	size_t n_topics;		   /* 0: any */
	const struct expr_clause *clauses; /* all of these */
	size_t n_clauses;
	/*
	 * data.price is a number, or text that is one, from min to max; one of
	 * too many digits for struct decimal may be.
	 */
	bool has_min, has_max;
	struct decimal min, max;
	/* data.currency and data.source are the text of one of these. */
	struct expr_strings currencies, sources;
};

const struct expr_needs *expr_needs(struct expr *x);

#endif
