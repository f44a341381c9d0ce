#ifndef ALERTER_SIGHTING_H
#define ALERTER_SIGHTING_H

/*
 * sighting - an event as rules see it: what it is about, what it says, and
 * where the state of rules about it is kept.
 */
#include "common/event.h"
#include "common/types_part.h"

#include "rule.h"

enum { SIGHTING_LISTING_MAX = 64 << 10 }; /* bytes of data in an alert */

enum sighting_kind {
	SIGHTING_PRICE,	  /* price.update: a value that lasts */
	SIGHTING_LISTING, /* listing.new, .update: an ad that lasts */
	SIGHTING_GONE,	  /* listing.gone */
	SIGHTING_PAGE,	  /* page.change: it happens */
	SIGHTING_CHAT,	  /* chat.message: it happens */
	SIGHTING_WATCH,	  /* a watch itself: stale, or not */
	SIGHTING_OTHER,	  /* any other type: it happens */
};

struct sighting {
	enum sighting_kind kind;
	struct matter matter;
	struct type_item item; /* its id is good in a topic */
	struct str watch;
	struct str title; /* what to call it */
	struct str link, seller;
	struct shape_list added, removed; /* a page's lines */
	struct str blob;		  /* and its text */
	struct str listing; /* a listing's data, unless too large; or absent */
	struct str key;	    /* ITEM/SOURCE */
	struct str why;	    /* of a watch: what is wrong with it, or absent */
	bool baseline;
};

/*
 * Read an event; text is borrowed, or from the arena. False for events that
 * no rule is for: settings, alerts, deliveries, and data that the types
 * refuse.
 */
bool sighting_read(const struct event *ev, struct arena *a, struct sighting *s);

#endif
