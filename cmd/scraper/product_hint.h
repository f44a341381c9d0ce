#ifndef SCRAPER_PRODUCT_HINT_H
#define SCRAPER_PRODUCT_HINT_H

/*
 * product_hint - the currency that a page's bare "$", "kr" or number is in.
 */
#include "extract.h"
#include "price.h"
#include "schemaorg.h"

/* The ISO 4217 code in s, in capitals; absent where s is none. */
struct str product_currency(struct str s, struct arena *a);

/*
 * What is known of prices on this page before one is read: the currency of the
 * page's offers, else of its scripts ("currency":"GBP"); the country of its
 * host's name, its language, and what the watch says.
 */
void product_hints(const struct dom *d, const struct product *products,
		   const struct document *doc, struct arena *a,
		   struct price_hints *h_r);

#endif
