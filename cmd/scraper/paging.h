#ifndef SCRAPER_PAGING_H
#define SCRAPER_PAGING_H

/*
 * paging - a list that goes on over several pages, as one look at it. Pure.
 *
 * Pages come one after the other. Their entries are one set by id, each where
 * it was met first, for entries move from page to page while we read. The look
 * ends at the last page, at as many as the watch wants, and where going on is
 * no use: a page that was read already, or one without an entry that is new to
 * this look. So lists without an end have one here.
 *
 * With the newest entry first it also ends at a page whose entries were all
 * known before, unless the look before was cut short: then there may be
 * unknown ones below.
 */
#include "common/arena.h"

#include "bag.h"
#include "item.h"
#include "watchstate.h"

enum paging_end {
	PAGING_GOES_ON,
	PAGING_LAST,	    /* there is no next page */
	PAGING_LIMIT,	    /* as many as the watch wants; there are more */
	PAGING_NOTHING_NEW, /* entries that earlier pages had, or none */
	PAGING_KNOWN,	    /* all of a page were known before this look */
	PAGING_LOOP,	    /* next is a page that was read */
	PAGING_FULL,	    /* ITEM_MAX entries */
	PAGING_ELSEWHERE,   /* next is on a host that the watch does not name */
	PAGING_FAILED,	    /* a page could not be read */
};

/* The name in events: "last", "nothing-new" … */
const char *paging_name(enum paging_end end);

struct paging_rules {
	unsigned max;		 /* pages of one look, 1 to WATCH_PAGES_MAX */
	bool ends_known;	 /* at a page of known entries */
	bool is_whole;		 /* without the last page it is but a part */
	struct str home;	 /* the watch's URL */
	const struct str *hosts; /* further ones that pages may be on */
	size_t n_hosts;
};

struct paging {
	const struct paging_rules *rules;
	struct arena *a;
	enum paging_end end;
	struct bag known; /* before this look; only if ends_known */
	struct bag met;	  /* in this look */
	size_t met_room;
	struct bag urls;	/* that were read */
	struct observation all; /* of all pages that could be read */
	unsigned n;		/* of them */
	struct str next;	/* where it goes on */
};

/* before: what is known of the watch. All is borrowed and in the arena. */
void paging_begin(struct paging *p, const struct paging_rules *rules,
		  const struct watch_state *before, struct arena *a);

/*
 * A page was read from url, the watch asked for it as `asked`; o is
 * OUTCOME_FOUND or OUTCOME_EMPTY and lives as long as the arena. True where the
 * look goes on, at p->next.
 */
bool paging_add(struct paging *p, struct str asked, struct str url,
		const struct observation *o);

/* The next page could not be read. reason: one line. */
void paging_fail(struct paging *p, enum outcome outcome, struct str reason);

#endif
