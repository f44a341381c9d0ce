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
 * other entries lacks it and it was not pushed off the page by new ones
 * (diff_list.c). The first sight of a watch is its baseline. An entry that
 * comes back in time is an update, so that lists which show their entries in
 * turn do not announce the same one for ever.
 *
 * With a rule of confirmation (confirm.h) a value that differs is told, and
 * known, once it was seen often enough: an item's price with its currency, its
 * availability, a page's text, and of a list that an entry is there, that it is
 * gone, and what it says.
 */
#include "common/arena.h"
#include "common/types_part.h"

#include "item.h"
#include "watchstate.h"

enum {
	DIFF_LINES_MAX = 400, /* of a page, added and removed each */
	DIFF_LINE_BYTES_MAX = 1000,
	DIFF_PAGE_BYTES_MAX = 60000, /* of all lines, added and removed each */
};

/* How long an entry that went is not new, where a watch says nothing. */
#define DIFF_FORGET_MS (INT64_C(30) * 24 * 3600 * 1000)

/* What a page shows of the list that is watched. */
enum diff_list {
	DIFF_PART,   /* its beginning, in some order */
	DIFF_NEWEST, /* its beginning, the newest entry first */
	DIFF_WHOLE,  /* all of it: what is absent is gone */
};

struct diff_watch {
	struct str id, source, url;
	const struct type_item *item; /* NULL: a list, or a page */
	bool page, feed;
	const struct page_rules *rules; /* of a page, or NULL */
	enum diff_list list;
	int64_t forget_s; /* so long after it went an entry is not new */
	struct confirm confirm;
	bool no_robots;	 /* robots.txt is not asked */
	size_t keep_max; /* bytes of a page's text to keep; 0: none */
};

struct diff_event {
	struct str topic, data;
	/* What moved: as it is now, and as it was; NULL: there is none. */
	const struct item *item;
	const struct known *before;
};

struct diff {
	struct diff_event *events;
	size_t n;
	bool moved; /* `after` says other than `before`: to be written */
	bool waits; /* something is to be confirmed */
	enum outcome outcome; /* OUTCOME_CHANGED or _UNCHANGED */
	struct str keep;      /* the text that an event names as a blob */
};

/*
 * o->outcome is OUTCOME_FOUND, made at now_us. Fills *after_r (all but etag,
 * last_modified, observed and outcome, which it copies) and *d_r; both borrow
 * from before, o and the arena.
 */
void diff_found(const struct diff_watch *w, const struct watch_state *before,
		const struct observation *o, int64_t now_us, struct arena *a,
		struct watch_state *after_r, struct diff *d_r);

/* The event TYPE/SUBJECT with that data. */
struct diff_event diff_event_of(const char *type, struct str subject,
				const struct shape *shape, const void *data,
				struct arena *a);

/* observation.change/WATCH; how a fetch ended, in another way than before. */
struct diff_ending {
	enum outcome outcome, previous;
	bool first; /* there is no previous one */
	struct str reason;
	int status; /* 0: none */
	struct str via, proxy;
	int64_t next_us; /* CLK_NONE: not known */
	size_t items;
	unsigned pages; /* of the list; 0: it is no such list */
	struct str stopped;
};

/* True if the two count as different: changed and unchanged do not. */
bool diff_ends_otherwise(enum outcome a, enum outcome b);

struct diff_event diff_ending(const struct diff_watch *w,
			      const struct diff_ending *end, struct arena *a);

#endif
