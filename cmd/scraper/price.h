#ifndef SCRAPER_PRICE_H
#define SCRAPER_PRICE_H

/*
 * price - the price in a piece of text, as people write prices.
 *
 *	"1.250,60 €"  "US$ 1,250.60"  "1 250 Kč"  "CHF 1'250.60"  "1250€ 60"
 *	"₹1,25,060"  "from 12.50"  "12–15 €"  "12万円"  "Free"
 *
 * Takes digits of all scripts, the separators and groupings in use, and signs,
 * words and ISO codes before, after and inside of the number. Of several
 * numbers the first with a currency beside it is the price, else the first
 * that is no percentage, measure, date or time. Of a range it is the lowest.
 * A text without a price has none; it is never read as zero.
 */
#include <stdbool.h>

#include "common/decimal.h"
#include "common/str.h"

#include "currency.h"

/* What is known beside the text; all may be absent. */
struct price_hints {
	struct str page;     /* ISO 4217, as the page says elsewhere */
	struct str country;  /* "DE", or the top-level domain of the page */
	struct str lang;     /* of the page, "de-AT" */
	struct str currency; /* the watch's, ISO 4217 */
};

struct price {
	bool found;
	struct decimal amount;	      /* with the digits that were written */
	char currency[CURRENCY_SIZE]; /* "" where nothing tells */
	bool free;   /* the text says so in words; amount is 0 */
	bool from;   /* "from", or the lowest of a range */
	bool hinted; /* other hints might give another price or currency */
	bool aside;  /* the words beside it say it is no price to pay */
	bool weak;   /* what names the currency is also another word: "km" */
};

/*
 * Read text. `near` is more text that may name the currency (a label, a
 * column's head, an ISO code); no price is taken from it. hints may be NULL.
 *
 * The currency is that of the sign in text, else of one in near, else the
 * page's, its country's, its language's, the watch's. A sign that several
 * currencies share means the first of these, in that order, that is one of
 * them; else the one that it mostly means (a bare "$" is USD). It is given also
 * where no price is found.
 *
 * Returns p_r->found.
 */
bool price_parse(struct str text, struct str near,
		 const struct price_hints *hints, struct price *p_r);

/*
 * The same of a text alone, but false, and nothing found, where no currency is
 * named in it: sooner, for the many numbers of a page.
 */
bool price_parse_marked(struct str text, const struct price_hints *hints,
			struct price *p_r);

/* The currency of a price that says none, by the same order; or absent. */
struct str price_hint(const struct price_hints *h);

#endif
