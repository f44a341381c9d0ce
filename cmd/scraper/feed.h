#ifndef SCRAPER_FEED_H
#define SCRAPER_FEED_H

/*
 * feed - the parts of kind "feed", by syntax: extract_feed.c chooses, these
 * read. Each adds the entries as items, in the document's order. False: the
 * document is no feed.
 */
#include "dom.h"
#include "extract.h"

/*
 * RSS 0.90 to 2.0, Atom 0.3 and 1.0, CDF; Dublin Core, Media RSS, iTunes,
 * content:encoded, Google's product data. Prefixes without a declaration mean
 * what they usually do.
 */
bool feed_read_xml(const struct dom *d, const struct document *doc,
		   struct arena *a, struct observation *o);

/* JSON Feed 1.0 and 1.1. */
bool feed_read_json(const struct json *root, const struct document *doc,
		    struct arena *a, struct observation *o);

/*
 * Where the feed goes on, into o->next: link rel=next of Atom (RFC 5005), also
 * in RSS, and next_url of JSON Feed.
 */
void feed_next_xml(const struct dom *d, const struct document *doc,
		   struct arena *a, struct observation *o);
void feed_next_json(const struct json *root, const struct document *doc,
		    struct arena *a, struct observation *o);

#endif
