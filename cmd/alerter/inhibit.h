#ifndef ALERTER_INHIBIT_H
#define ALERTER_INHIBIT_H

/*
 * inhibit - alerts that fire and, while they do, let others tell nobody.
 *
 * An alert of the same rule is never inhibited by it, nor is one by itself.
 */
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

#include "policy.h"

enum { INHIBITORS_MAX = 1000 }; /* that fire at once; more inhibit nothing */

struct inhibitor;

struct inhibitors { /* zeroed: none */
	struct inhibitor **v;
	size_t n, cap;
};

/* What the ledger keeps of one: all that it is judged by. */
void inhibitor_encode(const struct policy *p, struct str alert, struct buf *b);

/* By its alert's id. -1 with *e: damaged, or INHIBITORS_MAX are there. */
int inhibitors_put(struct inhibitors *all, struct str id, struct str text,
		   struct err *e);
bool inhibitors_remove(struct inhibitors *all, struct str id);
void inhibitors_free(struct inhibitors *all);

/*
 * The id of an alert that inhibits this one (id, data, the topic of its
 * alert.new), or absent.
 */
struct str inhibitors_find(const struct inhibitors *all, struct str id,
			   struct str topic, struct str alert);

/* The value at "item.kind" of an object, as JSON; false: there is none. */
bool field_get(struct str object, struct str path, struct str *value_r);

#endif
