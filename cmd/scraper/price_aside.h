#ifndef SCRAPER_PRICE_ASIDE_H
#define SCRAPER_PRICE_ASIDE_H

/* price_aside - amounts that stand beside a price and are not what it costs. */
#include <stdbool.h>

#include "plain.h"

enum price_aside {
	PRICE_ASIDE_NONE,   /* they say nothing */
	PRICE_ASIDE_NOT,    /* it is the price to pay: "now" */
	PRICE_ASIDE_FORMER, /* what it cost, or should: "was", "RRP" */
	PRICE_ASIDE_OTHER   /* a saving, shipping, a unit's price, a rate */
};

/*
 * What the words right before or behind the amount at bytes from … to, its
 * signs included, make of it ("Statt 20 €", "save $5", "4,90 € Versand",
 * "25 €/kg").
 */
enum price_aside price_aside(const struct plain *t, size_t from, size_t to);

#endif
