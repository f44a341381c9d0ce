#ifndef SCRAPER_SPECS_H
#define SCRAPER_SPECS_H

/*
 * specs - what a page says of its product in words: "SKU: 0638", a table with
 * a row "Brand", a list of terms.
 *
 * A label is one of a list, in the languages of shops, and stands alone or
 * before a colon; its value is what stands beside it. Of several, the first
 * holds.
 */
#include "layout.h"

struct specs {
	struct str sku, mpn, gtin, brand; /* absent where not said */
};

/* url: of the page, whose host tells the shop's own name before a label. */
void specs_read(const struct layout *l, struct str url, struct specs *s_r);

#endif
