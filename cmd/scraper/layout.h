#ifndef SCRAPER_LAYOUT_H
#define SCRAPER_LAYOUT_H

/*
 * layout - a page as a reader sees it, as far as can be told without drawing
 * it: what is visible, how far apart things stand, what is crossed out, what
 * is aside from the page's subject, and where its title is.
 *
 * Distances are in visible characters: all but white space, in the order of
 * the document.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

#include "dom.h"

enum { LAYOUT_TITLE_MAX = 400 }; /* visible characters of a title */

enum layout_flag {
	LAYOUT_HIDDEN = 1 << 0,
	LAYOUT_STRUCK = 1 << 1,	    /* crossed out */
	LAYOUT_ASIDE = 1 << 2,	    /* menus, carts, other products */
	LAYOUT_LINK = 1 << 3,	    /* in a link to elsewhere */
	LAYOUT_TITLE_PATH = 1 << 4, /* the title is in it */
	LAYOUT_PICTURE = 1 << 5, /* has a picture that leads to what it names */
};

struct layout_note {
	uint32_t pos, end; /* visible characters before it, before its end */
	uint16_t words;	   /* enum word, of the element itself */
	uint8_t flags;	   /* enum layout_flag, inherited ones too */
};

struct layout {
	const struct dom *dom;
	struct arena *arena;
	const struct dom_node **nodes; /* by order; NULL: no such node */
	struct layout_note *notes;     /* by order */
	size_t n;
	struct str title; /* absent: none found */
	const struct dom_node *title_node;
	bool for_one; /* the page is made for one product */
};

/*
 * names: what may be the subject's name (absent ones are skipped); they tell
 * the title from other headings.
 */
struct layout *layout_read(const struct dom *d, const struct str *names,
			   size_t n_names, struct arena *a);

static inline struct layout_note *layout_note(const struct layout *l,
					      const struct dom_node *n)
{
	return &l->notes[n->order];
}

static inline uint32_t layout_length(const struct layout *l,
				     const struct dom_node *n)
{
	return layout_note(l, n)->end - layout_note(l, n)->pos;
}

/* The distance of two positions. */
static inline uint32_t layout_apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * The visible text of a short element, as it would stand on one line, in *b
 * (b->full: it is longer than max bytes).
 */
struct str layout_text(const struct layout *l, const struct dom_node *top,
		       size_t max, struct buf *b);

/* How many of the first words of s are in name, in percent. */
int layout_likeness(struct str s, struct str name);

/* Whether the element itself crosses out what is in it. */
bool layout_is_struck(const struct dom_node *n);

#endif
