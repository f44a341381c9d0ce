#ifndef COMMON_CONTRACT_H
#define COMMON_CONTRACT_H

/*
 * contract - what a good fetch of a watch has at least: so many items, and a
 * price that can be true. Pure.
 *
 * The scraper does not believe what breaks it (implausible), and the alerter,
 * which does not believe the scraper, judges it again by what was told.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/decimal.h"
#include "common/types_watch.h"

enum { CONTRACT_REASON_MAX = 128 };

struct contract { /* zeroed: anything will do */
	int64_t min_items;
	bool has_min, has_max;
	struct decimal min, max; /* of a price; both are allowed themselves */
};

/* What the watch says, which its shape has checked. */
void contract_read(const struct type_watch *w, struct contract *c_r);

/*
 * False, with why: "3 items, fewer than 5"; "price 1.00 is not within
 * 10-5000". No price (absent) breaks nothing: a sold out product has none.
 */
bool contract_takes_items(const struct contract *c, int64_t n,
			  char why[CONTRACT_REASON_MAX]);
bool contract_takes_price(const struct contract *c, struct str price,
			  char why[CONTRACT_REASON_MAX]);

#endif
