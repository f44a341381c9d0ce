#ifndef ALERTER_PERCOLATE_H
#define ALERTER_PERCOLATE_H

/*
 * percolate - many rules and searches against one event.
 *
 * Not each of them is asked: the event finds those that may say yes. Where,
 * and in which currency, a rule looks is a place (places.h) that the event is
 * in or not. One that asks for words is kept under one of them, the one that
 * fewest others ask for, beside its next two words and its bounds of the price
 * (vocabulary.h); so an event looks at those that are kept under its own words,
 * and what it looks at lies in a row. One without words is kept in its place.
 *
 * Rules are kept compiled. Of a search only this is kept, and its text; it is
 * compiled when it is wanted.
 *
 * What was found is in the order of ids, searches after rules, so that nothing
 * depends on when they were set.
 */
#include <stdbool.h>
#include <stddef.h>

#include "rule.h"

struct percolator;

struct percolator *percolator_new(void);
void percolator_free(struct percolator **pp); /* and all rules in it */

/* Takes rule, and frees a search; so is one of the same kind and id. */
void percolator_put(struct percolator *p, struct rule *rule);
void percolator_remove(struct percolator *p, bool is_search, struct str id);

/*
 * NULL if there is none. What is returned here and by percolator_found() is
 * valid until that rule is replaced or removed, and of a search only until
 * PERCOLATOR_COMPILED others were asked for.
 */
enum { PERCOLATOR_COMPILED = 16 };
const struct rule *percolator_get(struct percolator *p, bool is_search,
				  struct str id);
/* Its text, as it was set; absent if there is none. */
struct str percolator_text(const struct percolator *p, bool is_search,
			   struct str id);
size_t percolator_count(const struct percolator *p);

/*
 * Find those that may say yes to what they are judged against; all others do
 * not. The next call forgets them.
 */
void percolator_find(struct percolator *p, const struct matter *m);

/* Add one to what was found, in its place, whatever it says. */
void percolator_find_also(struct percolator *p, bool is_search, struct str id);

/* What was found, from 0. */
size_t percolator_n_found(const struct percolator *p);
const struct rule *percolator_found(struct percolator *p, size_t i);

/* It says yes: there is nothing else that it asks for. */
bool percolator_is_sure(const struct percolator *p, size_t i);

/* For measurements: how many were looked at for the last event. */
size_t percolator_looked_at(const struct percolator *p);

#endif
