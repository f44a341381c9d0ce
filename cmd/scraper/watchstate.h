#ifndef SCRAPER_WATCHSTATE_H
#define SCRAPER_WATCHSTATE_H

/*
 * watchstate - what is remembered of a watch between two fetches.
 *
 * Versions (ETag, Last-Modified) and content always belong together: they are
 * those of the last answer that extraction could read. Text borrows from the
 * bytes it was decoded from, or from an arena.
 *
 * What an older format does not have is absent: its ids that went have no
 * time, and are remembered from the next look on.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"

#include "confirm.h"
#include "item.h"

enum {
	WATCHSTATE_GONE_MAX = 4096,    /* ids remembered after they went */
	WATCHSTATE_TRAILS_MAX = 10000, /* values that wait to be confirmed */
	WATCHSTATE_TEXT_MAX = 1 << 20, /* bytes of a page's text */
};

/* An entry of a list: what is compared, and what "gone" tells. */
struct known {
	struct str id, title, price, list_price, currency, availability;
	struct str condition, updated, link, image;
	uint64_t summary; /* hash; 0: none */
};

/* An entry that is no longer in the list. */
struct gone {
	uint64_t id;	/* hash */
	uint64_t value; /* hash of what it said; 0: told as gone */
	int64_t time_s; /* since 1970; 0: not known */
};

struct watch_state {
	uint64_t config;      /* hash of what makes findings comparable */
	bool based;	      /* the baseline was taken */
	bool observed;	      /* there was an outcome */
	enum outcome outcome; /* the last one; never OUTCOME_FOUND */
	uint64_t polls;	      /* of a mock: the last that moved its price */
	struct str etag, last_modified;
	/* An item's price; the last that was seen. */
	struct str price, currency, availability;
	bool priceless;	  /* published without a price since */
	struct str offer; /* data of its last price.update */
	bool stale;	  /* said to be too old to be the best */
	int64_t good_us;  /* the last good fetch before this was written */
	bool cut;	  /* of the last look not all could be read */
	/* A list's entries in its order, and those that left, oldest first. */
	struct known *known;
	size_t n_known;
	struct gone *gone;
	size_t n_gone;
	uint64_t full; /* the most entries that it ever had */
	/* What was seen of late and is not confirmed. */
	struct trail *trails;
	size_t n_trails;
	/* A page's text, a line each. */
	struct str text;
};

void watchstate_encode(const struct watch_state *s, struct buf *b);

/*
 * -1 with *e: EX_DATAERR where the bytes are not those of _encode(); *s_r is
 * then the state of a watch that was never fetched.
 */
int watchstate_decode(struct str bytes, struct arena *a,
		      struct watch_state *s_r, struct err *e);

#endif
