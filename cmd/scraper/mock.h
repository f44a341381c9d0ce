#ifndef SCRAPER_MOCK_H
#define SCRAPER_MOCK_H

/*
 * mock - a price that needs no shop: a seeded random walk.
 *
 *	mock:NAME?seed=7&start=12000&step=50&currency=EUR
 *
 * The first poll gives `start`; each further one moves by up to `step` either
 * way, in whole units of the last digit that start or step is written with. It
 * stays between a half and twice of start. The same name, seed and poll number
 * give the same price for ever. Pure.
 */
#include <stdint.h>

#include "common/decimal.h"
#include "common/err.h"
#include "common/str.h"

struct mock {
	uint64_t seed;
	struct decimal start, step; /* of the same scale */
	struct str name;	    /* borrowed from the URL, like currency */
	struct str currency;	    /* absent: not said */
};

/* Defaults: seed 1, start 100, step 1. EX_CONFIG names what is wrong. */
int mock_parse(struct str url, struct mock *m_r, struct err *e);

/*
 * The price of poll n (from 1), given the price of the poll before (ignored
 * for the first).
 */
struct decimal mock_price(const struct mock *m, uint64_t n,
			  struct decimal before);

#endif
