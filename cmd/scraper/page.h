#ifndef SCRAPER_PAGE_H
#define SCRAPER_PAGE_H

/*
 * page - a fetched page, parsed, with what selectors on it need.
 *
 * For kinds html and page. Its member err holds the first search by a selector
 * that failed (too much work): readers of fields have no way to say so.
 */
#include "dom.h"
#include "extract.h"
#include "xpath.h"

struct page {
	struct dom *dom;
	struct xpath_doc xpath;
	struct document doc; /* url: as <base href> says */
	struct err err;	     /* code 0: none */
};

/*
 * Parse doc: as XML where its type or its beginning says that it is (and it is
 * not XHTML), else as HTML. False where *o says already how it ended: empty,
 * or parse-fail for what is no text or over a limit. page_fini() either way.
 */
bool page_init(struct page *p, const struct document *doc, struct arena *a,
	       struct observation *o);
void page_fini(struct page *p);

/* False, and *o says so, where the body is of another format: PDF, a picture. */
bool page_is_text(const struct document *doc, struct arena *a,
		  struct observation *o);

#endif
