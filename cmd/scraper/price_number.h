#ifndef SCRAPER_PRICE_NUMBER_H
#define SCRAPER_PRICE_NUMBER_H

/*
 * price_number - a number as it is written in a price: which of its commas,
 * dots, spaces and apostrophes group digits, and which one starts the cents.
 */
#include "common/decimal.h"

#include "plain.h"

enum { NUMBER_GROUPS_MAX = 12 };

struct number {
	size_t at, end; /* bytes in the text, [at, end) */
	struct {
		size_t at, len;
	} groups[NUMBER_GROUPS_MAX];  /* of digits */
	char seps[NUMBER_GROUPS_MAX]; /* seps[i] stands after groups[i] */
	size_t n;
	bool split_cents; /* "119. 95": the last separator is a point */
};

/* The number that starts at byte i, if one does. */
bool number_at(const struct plain *t, size_t i, struct number *n_r);

/*
 * Its value; `coins` are the digits after the point of its currency, which
 * decide what "1.250" is. False for what is no amount (a date, a version).
 */
bool number_value(const struct plain *t, const struct number *n, unsigned coins,
		  struct decimal *d_r);

/* Is it without anything that could be cents? */
bool number_is_whole(const struct plain *t, const struct number *n,
		     unsigned coins);

#endif
