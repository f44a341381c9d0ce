#ifndef BOT_LOOKUP_H
#define BOT_LOOKUP_H

/*
 * lookup - where things are looked up by name: lines "KIND FILE".
 *
 * FILE holds a watch of a list, as weir-scraper reads it, with {query} in its
 * URL: {"url":"https://shop.example/search?q={query}","kind":"html",…}. KIND
 * is the kind of item that is found there. Pure but for reading the files.
 */
#include "common/buf.h"
#include "common/opt.h"

enum {
	LOOKUPS_MAX = 16,
	LOOKUP_FILE_MAX = 64 << 10, /* bytes */
	LOOKUP_QUERY_MAX = 200,
	LOOKUP_FINDS_MAX = 8,
	LOOKUP_TITLE_MAX = 80,
};

struct lookups {
	struct {
		struct str kind;
		char *watch; /* JSON, one line */
	} v[LOOKUPS_MAX];
	size_t n;
};

/* Borrows kinds from the lines. -1 with *e: EX_CONFIG. */
int lookups_load(const struct opt_list *lines, struct lookups *ls_r,
		 struct err *e);
void lookups_free(struct lookups *ls);

/* NULL: there is no such kind. */
const char *lookups_find(const struct lookups *ls, struct str kind);

/* The watch with the query in its URL, percent-encoded (RFC 3986). */
void lookup_watch(const char *watch, struct str query, struct buf *b);

/*
 * What the scraper found, a line each, as a JSON array of at most
 * LOOKUP_FINDS_MAX {"url","title","price","currency"}. How many.
 */
size_t lookup_finds(struct str lines, struct buf *b);

#endif
