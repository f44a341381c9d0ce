#ifndef SCRAPER_DIFF_H
#define SCRAPER_DIFF_H

/*
 * diff - what an observation says that was not known before. Pure.
 *
 * With an item: price.update/ITEM when price or availability changes. A list:
 * listing.new, .update and .gone/SOURCE, the list taken as a set by id. A page:
 * page.change/WATCH with the lines that came and went, and the name of the
 * whole text, which the caller must keep before it says so.
 *
 * What a page does not say is no change: a missing price or availability
 * leaves the known one as it was, and an entry is gone only when a list with
 * other entries lacks it. The first sight of a watch is its baseline. An entry
 * that comes back is an update, so that lists which show their entries in turn
 * do not announce the same one for ever.
 */
#include "common/arena.h"
#include "common/types.h"

#include "item.h"
#include "watchstate.h"

enum {
	DIFF_LINES_MAX = 400, /* of a page, added and removed each */
	DIFF_LINE_BYTES_MAX = 1000,
	DIFF_PAGE_BYTES_MAX = 60000, /* of all lines, added and removed each */
};

struct diff_watch {
	struct str id, source, url;
	const struct type_item *item; /* NULL: a list, or a page */
	bool page;
	size_t keep_max; /* bytes of a page's text to keep; 0: none */
};

struct diff_event {
	struct str topic, data;
};

struct diff {
	struct diff_event *events;
	size_t n;
	bool moved; /* `after` says other than `before`: to be written */
	enum outcome outcome; /* OUTCOME_CHANGED or _UNCHANGED */
	struct str keep;      /* the text that an event names as a blob */
};

/*
 * o->outcome is OUTCOME_FOUND. Fills *after_r (all but etag, last_modified,
 * observed and outcome, which it copies) and *d_r; both borrow from before, o
 * and the arena.
 */
void diff_found(const struct diff_watch *w, const struct watch_state *before,
		const struct observation *o, struct arena *a,
		struct watch_state *after_r, struct diff *d_r);

/* observation.change/WATCH; how a fetch ended, in another way than before. */
struct diff_ending {
	enum outcome outcome, previous;
	bool first; /* there is no previous one */
	struct str reason;
	int status;	 /* 0: none */
	int64_t next_us; /* CLK_NONE: not known */
	size_t items;
};

/* True if the two count as different: changed and unchanged do not. */
bool diff_ends_otherwise(enum outcome a, enum outcome b);

struct diff_event diff_ending(const struct diff_watch *w,
			      const struct diff_ending *end, struct arena *a);

#endif
