#ifndef SCRAPER_PRICE_ASIDE_H
#define SCRAPER_PRICE_ASIDE_H

/* price_aside - amounts that stand beside a price and are not what it costs. */
#include <stdbool.h>

#include "plain.h"

/*
 * Do the words right before or behind the amount at bytes from … to, its signs
 * included, say that it is a former price, a saving, shipping, or the price of
 * a unit ("Statt 20 €", "save $5", "4,90 € Versand", "25 €/kg")?
 */
bool price_is_aside(const struct plain *t, size_t from, size_t to);

#endif
