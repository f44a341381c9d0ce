#ifndef SCRAPER_DOM_BUILD_H
#define SCRAPER_DOM_BUILD_H

/*
 * dom_build - a document from a parser's events, in document order.
 *
 * For dom_html.c and dom_xml.c only. Everything given is copied into the
 * arena; text that arrives in pieces becomes one text node.
 */
#include "common/buf.h"

#include "dom.h"

enum { DOM_NAMES = 128 }; /* slots; a power of two */

/* A name of the document, seen lately. */
struct dom_name {
	struct str text;
	enum dom_tag tag;
};

/* Pieces of one kind, side by side; those to come. */
struct dom_row {
	char *next;
	size_t left, made;
};

struct dom_builder {
	struct arena *a;
	struct dom *dom;
	struct dom_node *at; /* what is open */
	struct dom_row nodes, attrs;
	struct dom_attr *last_attr;
	struct buf text;				    /* not yet a node */
	struct dom_name tags[DOM_NAMES], others[DOM_NAMES]; /* to be shared */
};

void dom_build_init(struct dom_builder *b, struct arena *a, bool xml);
/* The text of name stays as long as the arena, as dom_build_name() has it. */
void dom_build_open(struct dom_builder *b, const struct dom_name *name,
		    struct str ns);
const struct dom_name *dom_build_name(struct dom_builder *b, struct str name);
void dom_build_attr(struct dom_builder *b, struct str name, struct str value);
bool dom_build_has_attr(const struct dom_builder *b, struct str name);
void dom_build_close(struct dom_builder *b);
void dom_build_text(struct dom_builder *b, struct str text);
void dom_build_comment(struct dom_builder *b, struct str text);

/* Ends the work: the builder holds nothing afterwards. */
struct dom *dom_build_finish(struct dom_builder *b);

#endif
