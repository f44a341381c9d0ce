#ifndef SCRAPER_MARKUP_H
#define SCRAPER_MARKUP_H

/*
 * markup - the offer of a page as a reader sees it, where nothing says which
 * text is the price.
 *
 * A visible text of a single amount is a candidate. It is scored by what
 * stands for it (its element's names, a currency, being near the title and the
 * button that buys) and against it (crossed out, in a list of other products,
 * in a link, a word for shipping or instalments). Scores are only good for
 * comparing candidates and for MARKUP_SURE.
 */
#include <stdbool.h>

#include "common/decimal.h"

#include "layout.h"
#include "markup_words.h"
#include "price.h"

enum {
	MARKUP_PRICES_MAX = 2000, /* candidates of one page */
	MARKUP_LIKELY = 45,	  /* enough on what is a product page anyway */
	MARKUP_PROBABLE = 70,	  /* on what by its address may be one */
	MARKUP_SURE = 95,	  /* enough by itself */
};

struct markup_price {
	struct decimal amount;
	struct str text;
	struct str currency; /* ISO 4217; absent: the text has none */
	const struct dom_node *node;
	unsigned pos; /* visible characters before it */
	int score;
	bool old;	  /* crossed out, or named as the former price */
	bool extra;	  /* in parts, of members, of many: not what all pay */
	bool struck;	  /* crossed out, beyond doubt */
	bool aside;	  /* of other products */
	bool listed;	  /* one of many that are made alike */
	bool link;	  /* leads elsewhere */
	bool aside_words; /* its own words say that it is not to be paid */
};

struct markup {
	struct markup_price *prices; /* in document order */
	size_t n_prices;
	const struct markup_price *best; /* NULL: no candidate */
	const struct markup_price *list; /* the former price beside it */
	bool can_buy;			 /* there is a button that buys */
	bool can_buy_here;		 /* … near the title */
	bool sold_out;			 /* it says so near the title */
	bool sold_out_named;		 /* … in an element named for it */
	bool sold_out_by_price;		 /* … beside the best price */
	bool in_stock;			 /* it says so near the title */
};

struct markup *markup_read(const struct layout *l,
			   const struct price_hints *hints);

/* Whether n or what holds it is crossed out or named as a former price. */
bool markup_is_old(const struct dom_node *n);

#endif
