#ifndef SCRAPER_XPATH_H
#define SCRAPER_XPATH_H

/*
 * xpath - find nodes, attributes and texts by XPath 1.0 in a document.
 *
 * libxml2 evaluates, over a copy of the same document that CSS selectors see,
 * so HTML is as browsers parse it, its names in lower case. A prefix means
 * what the document uses it for; a name without one is in any default
 * namespace (`//entry` finds Atom's), because that is what people write.
 *
 * Work is bounded: an evaluation of more than XPATH_STEPS_MAX steps fails, and
 * sooner where sets are joined (//li//a, //a/following::a, //a|//b): there
 * libxml2 compares what it finds with all that it has found before, and a step
 * may cost as much as the document has nodes. Such an expression may take
 * XPATH_JOINS_MAX / nodes steps, which is about a second, but always
 * XPATH_WALKS for each node: what that may cost in documents of more than
 * 16,000 nodes is bounded by the time limit of the process only.
 */
#include "dom.h"

enum {
	XPATH_TEXT_MAX = 4096,	   /* bytes of an expression */
	XPATH_STEPS_MAX = 5000000, /* some tenths of a second */
	XPATH_WALKS = 8,	   /* over the document, at least, of a join */
};

#define XPATH_JOINS_MAX INT64_C(2000000000) /* steps times nodes */

struct xpath;

/* NULL with *e (EX_CONFIG): what is wrong, at which byte (from 1). */
struct xpath *xpath_compile(struct str text, struct err *e);
void xpath_free(struct xpath **xp);

/*
 * The document as libxml2 wants it. Made at the first search; the caller has
 * one per document, zeroed but for dom, and ends it.
 */
struct xpath_doc {
	const struct dom *dom;
	struct xpath_tree *tree;
};
void xpath_doc_fini(struct xpath_doc *doc);

struct xpath_found {
	const struct dom_node *node; /* an attribute's element; or NULL */
	struct str value;	     /* of an attribute, string, number,
					boolean; absent: a node was found */
};

/*
 * What x finds from context, in document order; a string, number or boolean is
 * one find. *found_r is in the arena. 0, or -1 with *e (EX_DATAERR): too much
 * work, or a function that there is not.
 */
int xpath_select(const struct xpath *x, struct xpath_doc *doc,
		 const struct dom_node *context, struct arena *a,
		 struct xpath_found **found_r, size_t *n_r, struct err *e);

#endif
