#ifndef SCRAPER_SCHEMAORG_H
#define SCRAPER_SCHEMAORG_H

/*
 * schemaorg - products and their offers in what a page says about itself.
 *
 * Reads schema.org's vocabulary, data-vocabulary.org's where the names are the
 * same, and OpenGraph's product names. Nothing is judged here: every product
 * is listed with every price that it is offered at, as the page words it.
 */
#include <stdbool.h>

#include "thing.h"

enum {
	PRODUCTS_MAX = 256, /* of one page and source; the rest is left out */
	OFFERS_MAX = 256,   /* of one product */
};

struct offer {
	struct str price, list_price, currency;
	struct str shipping, unit_price, unit;
	struct str availability, condition, seller;
	struct str name, sku, mpn, gtin, url; /* a variant's own */
	const struct dom_node *node; /* where the price stands; may be NULL */
	bool lowest; /* price is the lowest of several (lowPrice) */
	struct offer *next;
};

struct product {
	enum thing_source source;
	const struct thing *thing;
	struct str name, summary, brand, sku, mpn, gtin, image, url, rating;
	struct str availability, condition, seller;
	struct offer *offers; /* in the page's order */
	size_t n_offers;
	bool aside; /* in a list, or as something related to another one */
	bool typed; /* its type says product; else only its offers do */
	struct product *next;
};

/* All products of ts, in the page's order of each source. */
struct product *schemaorg_products(struct things *ts);

/* Whether s is a GTIN-8, -12, -13 or -14 with a right check digit. */
bool schemaorg_is_gtin(struct str s);

#endif
