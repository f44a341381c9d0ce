#ifndef ALERTER_PLACES_H
#define ALERTER_PLACES_H

/*
 * places - where rules and searches look: topics, sources and currencies.
 *
 * Many look in the same place, which is kept as long as one does. Of an event
 * it is noted once in which places it happens; then asking for one is looking
 * at a bit. Those that ask for no words are kept in their place, by the price
 * that they ask for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#include "table.h"

enum { PLACE_TOPICS_MAX = 2 };

/* All of these must be so. */
struct place_spec {
	struct str topics[PLACE_TOPICS_MAX]; /* one of these patterns */
	size_t n_topics;
	const struct str *sources; /* one of these */
	size_t n_sources;	   /* 0: any, or none */
	struct str currency;	   /* absent: any, or none */
};

/* The price of an event is between these two. */
struct range {
	float low, high; /* -INFINITY and INFINITY where nothing is asked */
};

struct span {
	struct range range;
	float most; /* the highest end of those that are searched with it */
	uint32_t what;
};

struct place {
	struct place_spec spec;
	char *key; /* what spec borrows from */
	size_t key_len;
	struct span *v; /* sorted by their low end, but if it is dirty */
	size_t n, cap;
	bool dirty;
	uint32_t users;
};

struct places {
	struct table by_key, by_topic;
	struct place **place;
	size_t n, cap;
	uint32_t *free;
	size_t n_free, cap_free;
	uint64_t *admitted; /* a bit for each place */
	size_t cap_admitted;
	uint32_t *list; /* the same as a list */
	size_t n_list, cap_list;
};

void places_init(struct places *p);
void places_free(struct places *p);

/* One who looks there more, or less; where nobody looks is forgotten. */
uint32_t places_take(struct places *p, const struct place_spec *spec);
void places_leave(struct places *p, uint32_t place);

/* Note the places of an event; source and currency may be absent. */
void places_admit(struct places *p, struct str topic, struct str source,
		  struct str currency);

static inline bool places_has(const struct places *p, uint32_t place)
{
	return p->admitted[place >> 6] >> (place & 63) & 1;
}

void places_put(struct places *p, uint32_t place, struct range range,
		uint32_t what);
void places_remove(struct places *p, uint32_t place, uint32_t what);

/* Calls fn for what is kept in this place and has some price of `price`. */
void places_each(struct places *p, uint32_t place, struct range price,
		 void (*fn)(void *arg, uint32_t what), void *arg);

#endif
