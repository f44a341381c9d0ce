#ifndef SCRAPER_PRODUCT_CHOICE_H
#define SCRAPER_PRODUCT_CHOICE_H

/*
 * product_choice - which of the products that a page names is its own, and
 * which of the prices is the one to pay.
 */
#include "extract.h"
#include "layout.h"
#include "markup.h"
#include "product_hint.h"
#include "schemaorg.h"

enum { PRODUCT_CLAIMS_MAX = 64 }; /* different amounts that are named */

/* One amount that the sources name for the product. */
struct product_claim {
	struct decimal amount;
	struct str currency;
	const struct offer *offer;
	enum thing_source source; /* the first to name it */
	unsigned sources;	  /* all that name it, as bits */
	unsigned n_offers;	  /* of the first source at this amount */
	bool in_stock, open, old; /* offered; as seen on the page */
	bool best;		  /* the one that a reader would take */
	int score;
};

struct product_page {
	const struct document *doc;
	struct arena *arena;
	const struct dom *dom;
	struct things things;
	struct product *products;
	struct str document_title, canonical;
	struct price_hints hints;
	const struct layout *layout;
	const struct markup *markup;
	/* What is chosen. */
	const struct product *mains[THING_SOURCES]; /* NULL: none */
	struct product_claim claims[PRODUCT_CLAIMS_MAX];
	size_t n_claims;
	size_t n_offers;   /* of the first source that has a main product */
	bool is_catalogue; /* what is called the product is a list of them */
	bool is_zero;	   /* its price is given as 0, which is none */
	bool is_unseen;	   /* the price in its data is not on the page */
};

/* Set p->mains: the page's own product by each source. */
void product_choose_mains(struct product_page *p);

/* Set p->claims from the main products; the likeliest of them, or NULL. */
const struct product_claim *product_choose_claim(struct product_page *p);

/*
 * The visible price that holds in place of the claim c (NULL: there is none):
 * because the page shows c's only as a former price or not at all, or because
 * nothing else says a price and this one is beyond doubt. NULL: c holds.
 */
const struct markup_price *product_choose_visible(
	const struct product_page *p, const struct product_claim *c);

/* The price of an offer; the currency is absent where it says none. */
bool product_read_amount(const struct product_page *p, const struct offer *o,
			 struct decimal *amount_r, struct str *currency_r);

/* Whether this is what pages say where a thing can be had. */
bool product_is_in_stock(struct str availability);

#endif
