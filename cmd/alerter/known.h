#ifndef ALERTER_KNOWN_H
#define ALERTER_KNOWN_H

/*
 * known - what is known of an item at a source: the last event's data, the
 * last price, and how high and how low the price was when.
 *
 * The heights answer "the highest price of the last week" in bounded memory:
 * a price that was followed by a higher one is never asked for again, so the
 * list falls from its first to its last entry. At KNOWN_EDGES_MAX the entry
 * that differs least from the one behind it goes. The depths are the same the
 * other way round.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/decimal.h"
#include "common/str.h"

enum { KNOWN_EDGES_MAX = 64 };

struct edge {
	struct decimal price;
	int64_t end_us; /* when it no longer held; the last one still holds */
};

struct edges {
	struct edge v[KNOWN_EDGES_MAX];
	size_t n;
};

struct known {
	struct str data; /* of the last price.update, a JSON object */
	int64_t time_us, recorded_us; /* of it */
	struct str price; /* the last one that was not null; or absent */
	struct str currency;
	struct str availability; /* the last one that was said; or absent */
	struct edges highs, lows;
};

/* Nothing is known. */
void known_init(struct known *k);

/* A price holds from now on; prices in another currency are forgotten. */
void known_price(struct known *k, struct str price, struct str currency,
		 int64_t time_us);

/*
 * The highest or lowest price that held at any time after from_us. False where
 * none is known.
 */
bool known_highest(const struct known *k, int64_t from_us, struct decimal *r);
bool known_lowest(const struct known *k, int64_t from_us, struct decimal *r);

/*
 * The data with what is known last in it, where it said nothing of that itself:
 * a price that could not be read is the one before.
 */
struct str known_data(const struct known *k, struct arena *a);

/*
 * As bytes, of this machine, and back: text is borrowed. What versions before
 * wrote, a JSON object, is read too; its text may be from the arena. False:
 * neither.
 */
void known_encode(const struct known *k, struct buf *b);
bool known_decode(struct str bytes, struct arena *a, struct known *k);

#endif
