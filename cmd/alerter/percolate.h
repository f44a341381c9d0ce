#ifndef ALERTER_PERCOLATE_H
#define ALERTER_PERCOLATE_H

/*
 * percolate - many rules and searches against one event.
 *
 * A rule with keywords is found by one word of them, its longest: only events
 * with that word look at it. A rule for one topic is found by the topic. Only
 * what is left is tried every time. Rules are given in the order of their
 * ids, searches after rules, so that nothing depends on when they were set.
 */
#include <stdbool.h>
#include <stddef.h>

#include "rule.h"

struct percolator;

struct percolator *percolator_new(void);
void percolator_free(struct percolator **pp); /* and all rules in it */

/* Takes rule; one of the same kind and id is freed. */
void percolator_put(struct percolator *p, struct rule *rule);
void percolator_remove(struct percolator *p, bool is_search, struct str id);

/* NULL if there is none. */
const struct rule *percolator_get(const struct percolator *p, bool is_search,
				  struct str id);
size_t percolator_count(const struct percolator *p);

/*
 * The rules that may concern an event of this topic and source with this row
 * of words; each must still be judged. The array is valid until the next call
 * on p. *n_r: how many.
 */
const struct rule *const *percolator_find(struct percolator *p,
					  struct str topic, struct str source,
					  struct str row, size_t *n_r);

#endif
