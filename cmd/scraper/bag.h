#ifndef SCRAPER_BAG_H
#define SCRAPER_BAG_H

/*
 * bag - how often a text is in a collection; a hash table in an arena.
 *
 * Sized once for at most n different texts, which it borrows.
 */
#include <stddef.h>

#include "common/arena.h"
#include "common/str.h"

struct bag_slot {
	struct str text; /* absent: free */
	size_t count;	 /* the caller's; 0 when new */
};

struct bag {
	struct bag_slot *slots;
	size_t mask;
};

struct bag bag_new(struct arena *a, size_t n);

/* The slot of a text, made if there is none. */
struct bag_slot *bag_slot(struct bag *b, struct str text);

/* The count of a text, 0 if there is none. */
size_t bag_count(const struct bag *b, struct str text);

#endif
