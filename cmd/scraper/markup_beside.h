#ifndef SCRAPER_MARKUP_BESIDE_H
#define SCRAPER_MARKUP_BESIDE_H

/* markup_beside - what stands beside an amount, as a reader sees it. */
#include "common/buf.h"

#include "layout.h"
#include "price_aside.h"

/*
 * What the line of an amount says of it in other elements than its own, n:
 * "Shipping", "was", "a month". A line is what holds the amount and little
 * else, as far as it is about no other amount. text: what n shows; b, line: for
 * use in between.
 */
enum price_aside markup_beside(const struct layout *l, const struct dom_node *n,
			       struct str text, struct buf *b,
			       struct buf *line);

#endif
