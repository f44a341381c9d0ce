#ifndef SCRAPER_DOM_H
#define SCRAPER_DOM_H

/*
 * dom - one parsed HTML (or XML) document, whoever parsed it.
 *
 * HTML is parsed as browsers do (WHATWG HTML, myhtml behind it), XML by
 * libxml2 without entities or network. Before parsing, bytes become UTF-8:
 * byte order mark, then the HTTP header's charset, then <meta>, then content
 * (valid UTF-8, else windows-1252). Refused: documents larger than
 * DOM_BYTES_MAX or nested deeper than DOM_DEPTH_MAX (HTML parsers are
 * quadratic in depth).
 *
 * Nodes live as long as the document. Element and attribute names of HTML are
 * lower case. The layout is open so that selectors can walk it quickly; only
 * dom.c writes to it.
 */
#include "common/arena.h"
#include "common/err.h"
#include "common/str.h"

#include "dom_tag.h"

enum {
	DOM_BYTES_MAX = 8 << 20,
	DOM_DEPTH_MAX = 1000,
	DOM_NODES_MAX = 2000000,
};

enum dom_type { DOM_DOCUMENT, DOM_ELEMENT, DOM_TEXT, DOM_COMMENT };

struct dom_attr {
	struct str name, value;
	struct dom_attr *next;
};

struct dom_node {
	enum dom_type type : 8;
	enum dom_tag tag : 8; /* of name; of what is no element DOM_TAG_OTHER */
	unsigned order;	      /* position in the document, from 0 */
	uint32_t attr_bits;   /* dom_attr_bit() of its attributes */
	struct str name; /* of an element; in XML with its prefix, as written */
	struct str ns;	 /* namespace URI; absent for HTML's own and for none */
	struct str text; /* of a text or comment node */
	struct dom_attr *attrs;
	struct dom_node *parent, *first, *last, *prev, *next;
};

struct dom {
	struct dom_node *root; /* DOM_DOCUMENT */
	struct dom_node *html; /* the <html> element, or XML's root element */
	struct str lang;       /* <html lang>, or absent */
	uint32_t attr_bits;    /* of all its elements */
	unsigned n_nodes;      /* the order of each is less */
	bool xml;
};

/*
 * Parse body. Everything is in the arena. NULL with *e (EX_DATAERR) where it
 * is over a limit or cannot be decoded. An empty body gives an empty document.
 */
struct dom *dom_parse_html(struct str body, struct str content_type,
			   struct arena *a, struct err *e);

/* Lenient: recovers what it can of broken XML. */
struct dom *dom_parse_xml(struct str body, struct str content_type,
			  struct arena *a, struct err *e);

/*
 * Most elements do not have what they are asked for: an attribute that is there
 * has its bit set, of 32 by length and first byte.
 */
static inline uint32_t dom_attr_bit(struct str name)
{
	size_t first = name.len ? (unsigned char)name.p[0] : 0;

	return UINT32_C(1) << ((name.len * 7 + first) & 31);
}

/* False: no element of the document has it. */
static inline bool dom_may_have(const struct dom *d, const char *name)
{
	return d->attr_bits & dom_attr_bit(str_from(name));
}

/* The value of an attribute; absent if there is none ("" is not absent). */
static inline struct str dom_attr(const struct dom_node *n, const char *name)
{
	struct str wanted = str_from(name);

	if (!(n->attr_bits & dom_attr_bit(wanted)))
		return (struct str){ 0 };
	for (const struct dom_attr *at = n->attrs; at; at = at->next)
		if (str_eq(at->name, wanted))
			return at->value;
	return (struct str){ 0 };
}

/*
 * The next node in document order below top (top itself not), or NULL; not one
 * of the children of n.
 */
static inline const struct dom_node *dom_skip(const struct dom_node *top,
					      const struct dom_node *n)
{
	while (n != top) {
		if (n->next)
			return n->next;
		n = n->parent;
	}
	return NULL;
}

/* The same, into the children of n first. */
static inline const struct dom_node *dom_walk(const struct dom_node *top,
					      const struct dom_node *n)
{
	return n->first ? n->first : dom_skip(top, n);
}

/* All text below n joined, as DOM's textContent; script and style included. */
struct str dom_text_content(const struct dom_node *n, struct arena *a);

/*
 * Text as a reader sees it: head, script, style, template, noscript and
 * elements with the attribute hidden left out (but not n itself), block
 * elements and <br> on lines of their own, white space folded, no empty
 * lines. (The common part of innerText.)
 */
struct str dom_visible_text(const struct dom_node *n, struct arena *a);

/* The same without what is below nodes whose order is set in ignored. */
struct str dom_visible_text_but(const struct dom_node *n, const bool *ignored,
				struct arena *a);

/* The bytes as UTF-8, by the rules above; a copy only where it is needed. */
struct str dom_to_utf8(struct str body, struct str content_type,
		       struct arena *a);

/*
 * Open the tables of the web's encodings, for a process that cannot open a file
 * later; others cannot be read then. They stay for the life of the process.
 */
void dom_load(void);

#endif
