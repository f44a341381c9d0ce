#ifndef SIM_CATALOGUE_H
#define SIM_CATALOGUE_H

/*
 * catalogue - the goods of the simulated shops and ads: names and usual
 * prices. Prices are in US dollars; the shop of plain pages asks the same
 * number in euros.
 */
#include <stddef.h>
#include <stdint.h>

#include "world.h"

struct catalogue_thing {
	const char *title;
	int64_t cents; /* what it usually goes for */
};

/* Only the fields that do not change, list price, pace and step are set. */
extern const struct product catalogue_products[];
extern const size_t catalogue_n_products;

extern const struct catalogue_thing catalogue_things[];
extern const size_t catalogue_n_things;

extern const char *const catalogue_notes[], *const catalogue_places[];
extern const size_t catalogue_n_notes, catalogue_n_places;

/* What each shop page shows beside its product: never the offer itself. */
extern const struct catalogue_thing catalogue_related[3];

#endif
