#ifndef SCRAPER_NEXT_URL_H
#define SCRAPER_NEXT_URL_H

/*
 * next_url - where a list goes on, as a URL. Pure.
 */
#include "common/arena.h"
#include "common/str.h"

enum {
	NEXT_CURSOR_MAX = 1024, /* bytes of what a parameter becomes */
	NEXT_PARAM_MAX = 64,	/* of its name */
};

/*
 * What a document says of its next page: an address as seen from url, or,
 * where param is there, what that parameter of url's query becomes. False
 * where it says that there is none (nothing, "null", "false"), or what it says
 * is no http(s) URL of at most ITEM_URL_MAX bytes.
 */
bool next_url(struct str url, struct str param, struct str said,
	      struct arena *a, struct str *next_r);

/*
 * The target of rel="next" in a Link header (RFC 8288), as seen from url.
 * False where there is none.
 */
bool next_url_of_header(struct str header, struct str url, struct arena *a,
			struct str *next_r);

#endif
