#ifndef COMMON_EXPR_H
#define COMMON_EXPR_H

/*
 * expr - what people ask of an event: filters and the conditions of rules.
 *
 *	price <= 8000 and currency == "USD" and not source in ["ebay"]
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
};

struct expr;

/*
 * Free with expr_free(). NULL with *e: EX_DATAERR, "line 1, column 7: ...";
 * columns count characters from 1.
 */
struct expr *expr_compile(struct str text, struct err *e);
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

/*
 * Does it hold for this event? ev->data was checked (json_check). x holds what
 * is worked with, so it serves one thread at a time; that is memory which is
 * kept from one event to the next, unless texts with escapes take more than
 * 16 KiB.
 */
bool expr_match(struct expr *x, const struct event *ev);

#endif
