#ifndef SCRAPER_OFFERS_H
#define SCRAPER_OFFERS_H

/*
 * offers - which of several shops' offers for one item is the best. Pure.
 *
 * The lowest price in the item's currency that can be had. An offer in another
 * currency cannot be compared and comes after those; one that cannot be had
 * after all that can, and one without a price last. Where two are equal, the
 * one that was told stays, else that of the watch whose id sorts first.
 *
 * An offer whose watch was not fetched well for too long is stale: it is never
 * news. While all are stale, what was told stays.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/types_finding.h"

struct offer {
	struct type_price price; /* as the watch told it; .watch is its id */
	bool stale;
};

/*
 * The index of the best. told: what was told last (its watch may be gone), or
 * NULL. currency: the item's, or absent: that of what was told, else that of
 * the first offer. -1: there is none that is not stale.
 */
int offers_best(const struct offer *v, size_t n, struct str currency,
		const struct type_price *told);

/* Does the offer say what was told? Shop, price, currency, availability. */
bool offers_same(const struct type_price *a, const struct type_price *b);

#endif
