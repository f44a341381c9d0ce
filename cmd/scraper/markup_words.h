#ifndef SCRAPER_MARKUP_WORDS_H
#define SCRAPER_MARKUP_WORDS_H

/*
 * markup_words - what the names that authors give to elements say about them.
 *
 * Classes, ids and the like are read as words in the languages that shops are
 * written in: "priceOld", "price-old" and "prix_barre" mean the same.
 */
#include <stdbool.h>

#include "dom.h"

enum word {
	WORD_PRICE = 1 << 0,   /* a price */
	WORD_NOW = 1 << 1,     /* the one that counts: "final", "sale" */
	WORD_OLD = 1 << 2,     /* the one that no longer counts */
	WORD_EXTRA = 1 << 3,   /* another amount: shipping, instalment, tax */
	WORD_ASIDE = 1 << 4,   /* other products, menus, carts */
	WORD_TITLE = 1 << 5,   /* a name or title */
	WORD_PRODUCT = 1 << 6, /* a product, item, detail */
	WORD_BUY = 1 << 7,     /* buys it, or puts it into the cart */
	WORD_STOCK = 1 << 8,   /* whether it is there */
	WORD_ADD = 1 << 9,     /* "add": with WORD_CART it is WORD_BUY */
	WORD_CART = 1 << 10,
	WORD_BUYBOX = 1 << 11, /* the part of a page that buys its product */
};

/*
 * Names are the same again and again: what those seen lately mean, in a table
 * of MARKUP_SEEN, zeroed at first, that lives no longer than the document.
 */
enum { MARKUP_SEEN = 1024 };
struct markup_seen {
	struct str value;
	unsigned means;
};

/* The words in the names of element n, or'ed. seen may be NULL. */
unsigned markup_words(const struct dom_node *n, struct markup_seen *seen);

/* What a label says: "Add to cart", "Sold out"; 0 if nothing that counts. */
enum label { LABEL_NONE, LABEL_BUY, LABEL_IN_STOCK, LABEL_SOLD_OUT };
enum label markup_label(struct str text);

#endif
