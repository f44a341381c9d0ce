#ifndef SCRAPER_SELECTOR_H
#define SCRAPER_SELECTOR_H

/*
 * selector - a place on a page, as configurations write it:
 *
 *	{"css":"li.result a","attr":"href"}	{"xpath":"//h1/text()"}
 *
 * A search that fails (too much work) finds nothing and says so in the page's
 * member err.
 */
#include "page.h"

struct selector;

extern const char *const selector_members[]; /* css, xpath, attr; NULL */

/*
 * Compile spec. Without css and xpath it selects the very node that it is
 * asked on. NULL with *e (EX_CONFIG).
 */
struct selector *selector_compile(const struct json *spec, struct err *e);
struct selector *selector_from_css(const char *css, struct err *e);
void selector_free(struct selector **sp);

/* Its text, for messages; "" if it has none. */
const char *selector_text(const struct selector *s);
bool selector_has_attr(const struct selector *s);

/* The nodes that it selects from context; none on failure. */
size_t selector_nodes(const struct selector *s, struct page *p,
		      const struct dom_node *context, struct arena *a,
		      const struct dom_node ***nodes_r);

/*
 * What its first find that says anything says: the attribute, else the text
 * that a reader sees; of elements that cannot have text (img, meta, input …),
 * the attribute in its place. Absent if there is none.
 */
struct str selector_read(const struct selector *s, struct page *p,
			 const struct dom_node *context, struct arena *a);

/* The same of a link: of an element without attr, its href. */
struct str selector_read_link(const struct selector *s, struct page *p,
			      const struct dom_node *context, struct arena *a);

#endif
