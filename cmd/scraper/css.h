#ifndef SCRAPER_CSS_H
#define SCRAPER_CSS_H

/*
 * css - find elements by CSS selectors (Selectors Level 4) in a document.
 *
 * Understood: type, universal and namespaced (ns|el, *|el, |el) selectors, id,
 * class, all attribute operators with i and s, the four combinators, lists,
 * :not() :is() :where() :has() with lists, :nth-child() and :nth-last-child()
 * (with "of S"), :nth-of-type() and its like, :first- :last- :only-child and
 * -of-type, :root :scope :empty :lang() :checked :enabled :disabled :required
 * :optional :link :any-link, and :contains("text"), which CSS lacks. States
 * that a document alone does not have (:hover, :visited, :target …) match
 * nothing; pseudo-elements are errors.
 *
 * In HTML, names are compared without case, and so are the values of the
 * attributes that HTML names for it (type, rel, lang …). In XML a prefix is
 * compared as the document writes it, and a type without one is in any
 * namespace. An escape gives a colon in a name: `dc\:date`.
 *
 * Work is bounded: after CSS_STEPS_MAX comparisons a search fails.
 */
#include "dom.h"

enum {
	CSS_TEXT_MAX = 4096,	  /* bytes of a selector */
	CSS_NESTING_MAX = 16,	  /* :not(:is(…)) */
	CSS_STEPS_MAX = 30000000, /* of one search; some tenths of a second */
};

struct css;

/*
 * NULL with *e (EX_CONFIG): what was expected, and at which byte (from 1).
 * text need not live on.
 */
struct css *css_compile(struct str text, struct err *e);
void css_free(struct css **cp);

/*
 * The elements below root (not itself) that match, in document order; :scope
 * is root, or the root element where root is the document. Compound selectors
 * left of the last may match outside root. *nodes_r is in the arena. 0, or -1
 * with *e (EX_DATAERR) if the work was too much.
 */
int css_select(const struct css *c, const struct dom *dom,
	       const struct dom_node *root, struct arena *a,
	       const struct dom_node ***nodes_r, size_t *n_r, struct err *e);

/* The first of them: 1, 0 if there is none, -1 as above. */
int css_first(const struct css *c, const struct dom *dom,
	      const struct dom_node *root, const struct dom_node **node_r,
	      struct err *e);

/* 1 if node itself matches, with scope for :scope; 0; -1 as above. */
int css_matches(const struct css *c, const struct dom *dom,
		const struct dom_node *scope, const struct dom_node *node,
		struct err *e);

#endif
