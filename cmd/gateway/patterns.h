#ifndef GATEWAY_PATTERNS_H
#define GATEWAY_PATTERNS_H

/*
 * patterns - what one client wants to hear: a small sorted set of topic
 * patterns (event.h), each with a filter on its events or without one.
 *
 * An event is wanted if there is a pattern for its topic whose filter, where it
 * has one, holds.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/event.h"
#include "common/str.h"

#include "filters.h"

enum {
	PATTERNS_MAX = 128,	   /* of one client */
	PATTERNS_FILTERS_MAX = 16, /* different filters of one client */
};

/* Zeroed it is empty. Owns its texts, and holds its filters. */
struct patterns {
	struct str *v;
	struct filter **filter; /* of each; NULL: none has one */
	size_t n, cap;
};

void patterns_free(struct patterns *p);
void patterns_copy(struct patterns *to, const struct patterns *from);

/*
 * Add one; false if the set is full. One that is there already has the new
 * filter from then on.
 */
bool patterns_add(struct patterns *p, struct str pattern);
bool patterns_add_filtered(struct patterns *p, struct str pattern,
			   struct filter *f); /* f may be NULL */
/* Take one out; false if it was not in. */
bool patterns_remove(struct patterns *p, struct str pattern);

/* It is one of them, whatever its filter. */
bool patterns_have(const struct patterns *p, struct str pattern);

/* How many different filters there are. */
size_t patterns_filters(const struct patterns *p);

/* Some events of a topic may be wanted; every one of them is; this one is. */
bool patterns_match(const struct patterns *p, struct str topic);
bool patterns_cover(const struct patterns *p, struct str topic);
bool patterns_want(const struct patterns *p, const struct event *ev);

/* Equal sets are those with the same patterns and filters. */
bool patterns_eq(const struct patterns *a, const struct patterns *b);
uint64_t patterns_hash(const struct patterns *p);

/* The set as a JSON array; its filters as an object, "PATTERN":"FILTER". */
void patterns_print(const struct patterns *p, struct buf *b);
void patterns_print_filters(const struct patterns *p, struct buf *b);

#endif
