#ifndef SIM_PAGES_H
#define SIM_PAGES_H

/*
 * pages - what the sites of the world look like.
 *
 * Each renders into *a what stands at `rest`, the path behind the page's own
 * prefix, and sets its type and when it last changed; what is not there is
 * answered with 404. Pure: the same world, base and path give the same bytes.
 */
#include "common/str.h"

#include "answer.h"
#include "world.h"

/*
 * Shops: "" is the index, "jsonld/ITEM", "microdata/ITEM" and "og/ITEM" carry
 * the offer in that form, "plain/ITEM" only in its visible text, as a German
 * shop writes it. "SHOP/" is the index too.
 */
void page_shop(const struct world *w, struct str base, struct str rest,
	       struct answer *a);

/*
 * Classified ads: "[SOURCE/]" the list, "[SOURCE/]feed.xml" RSS 2.0,
 * "[SOURCE/]atom.xml" Atom, "[SOURCE/]api.json", "[SOURCE/]ID" one ad.
 * Without a source: those of all sources. Newest first.
 *
 * args is a JSON object of texts, or absent: "per" ads a page, "page" from 1;
 * there are "pages" at least, and those behind the last one show what that
 * shows.
 */
void page_ads(const struct world *w, struct str base, struct str rest,
	      struct str args, struct answer *a);

/* A timetable whose lines change now and then. */
void page_text(const struct world *w, struct answer *a);

/* "ID.svg": a picture for each id. */
void page_image(struct str rest, struct answer *a);

/* The front page, with links to the others. */
void page_front(const struct world *w, struct answer *a);

#endif
