#ifndef GATEWAY_FILTERS_H
#define GATEWAY_FILTERS_H

/*
 * filters - expressions on events (common/expr.h), each compiled once for all
 * who ask the same, and asked once for each event.
 *
 * Equal expressions, however they are written, are one struct filter: their
 * addresses are equal, too.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

enum { FILTERS_MAX = 1000 }; /* different ones of a process */

struct filters;
struct filter;

struct filters *filters_new(void);
void filters_free(struct filters **fp); /* after all of its filters */

/*
 * The filter that says this, held; filter_drop() it. NULL with *e: EX_DATAERR
 * as expr_compile(), EX_UNAVAILABLE if there are FILTERS_MAX others.
 */
struct filter *filters_get(struct filters *all, struct str text, struct err *e);

struct filter *filter_hold(struct filter *f); /* f; NULL is fine */
void filter_drop(struct filter **fp);	      /* the last one frees it */

/* Its canonical form; lives as long as f. */
struct str filter_text(const struct filter *f);

/*
 * Does it hold for an event? What it said of the last one, by epoch and offset,
 * it says again without a look.
 */
bool filter_match(struct filter *f, const struct event *ev);

struct filters_counts {
	size_t filters;	   /* now */
	uint64_t tests;	   /* events that a filter has looked at */
	uint64_t given_up; /* texts that a regular expression gave up on */
};
struct filters_counts filters_count(const struct filters *all);

#endif
