#ifndef SIM_WORLD_H
#define SIM_WORLD_H

/*
 * world - what the simulated sites are about: products and classified ads.
 *
 * Everything is a pure function of the seed and the number of ticks (and of
 * what was set by hand in between): no clock, no state outside the struct.
 * Each thing draws from a stream of its own, so that changing one by hand
 * leaves the others as they were. World time starts at WORLD_START_S and
 * advances WORLD_TICK_S with each tick; each change by hand takes one second
 * of it, so that no two states share a Last-Modified.
 *
 * The structs are open so that pages can read them; only world.c writes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define WORLD_START_S INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

enum {
	WORLD_TICK_S = 60,
	WORLD_STEP_MAX = 10000, /* ticks in one call */
	WORLD_SOURCES = 3,
	WORLD_ADS_MAX = 500,   /* ads of one source at a time */
	WORLD_ADDED_MAX = 256, /* ads added by hand */
	WORLD_LINES = 12,      /* of the text page */
};
#define WORLD_CENTS_MAX INT64_C(100000000000) /* a thousand million */

struct product {
	const char *id, *kind, *brand, *name, *sku, *about;
	int64_t list_cents; /* what the price wanders around */
	int64_t cents;
	bool in_stock;
	bool held;	   /* by hand: ticks leave price and stock alone */
	int64_t changed_s; /* world time of the last change */
	unsigned pace;	   /* the price moves every pace-th tick on average */
	unsigned step;	   /* prices are multiples of this many cents */
	uint64_t stream;
};

struct ad {
	char id[STR_ID_MAX + 1];
	unsigned source; /* index into world_sources */
	char title[128];
	char place[32];
	int64_t cents;
	bool here; /* listed now */
	int64_t posted_s, changed_s;
	/* Of the slot that makes one ad after the other; added ads have none. */
	uint64_t stream, serial, until, number;
	bool over; /* will not come back */
};

struct world {
	uint64_t seed, tick;
	int64_t now_s;
	struct product *products;
	size_t n_products;
	struct ad *ads; /* all sources' slots, then those added by hand */
	size_t n_ads, n_slots;
	int64_t ads_changed_s;
	uint64_t ads_fail; /* page of each list that cannot be had; 0: none */
};

extern const char *const world_sources[WORLD_SOURCES];

/* The world of seed at tick 0, with n_ads (≤ WORLD_ADS_MAX) slots a source. */
struct world *world_new(uint64_t seed, unsigned n_ads);
void world_free(struct world **wp);

/* Let n (≤ WORLD_STEP_MAX) ticks pass. */
void world_step(struct world *w, unsigned n);

/* NULL where there is none; an ad that is not listed now is none. */
const struct product *world_product(const struct world *w, struct str id);
const struct ad *world_ad(const struct world *w, struct str id);
/* The index of a source, -1 if there is none of that name. */
int world_source(struct str name);

/*
 * Change a product by hand: cents < 0 leaves the price, stock < 0 the stock.
 * False if there is none of that id.
 */
bool world_set(struct world *w, struct str id, int64_t cents, int stock,
	       bool hold);

/*
 * Add an ad by hand, which stays until it is removed, or change (and list
 * again) the one with this id. NULL if the table is full, the id is no id, or
 * belongs to an ad of another source.
 */
const struct ad *world_put_ad(struct world *w, struct str id, unsigned source,
			      struct str title, int64_t cents);
bool world_remove_ad(struct world *w, struct str id);

/*
 * The text page: line i (< WORLD_LINES) as it stands now, one of n_choices,
 * and when any line may last have changed.
 */
unsigned world_line(const struct world *w, unsigned i, unsigned n_choices);
int64_t world_lines_changed_s(const struct world *w);

#endif
