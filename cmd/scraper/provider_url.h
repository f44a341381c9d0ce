#ifndef SCRAPER_PROVIDER_URL_H
#define SCRAPER_PROVIDER_URL_H

/*
 * provider_url - what to ask a scraping provider for a page.
 *
 * {url} and {key} in the template become the page's URL and the key, with all
 * but the unreserved characters (RFC 3986, 2.3) percent-encoded. What else may
 * stand in a template, provider_check() judges (types.h).
 */
#include "common/buf.h"
#include "common/str.h"

void provider_url(struct str template, struct str url, struct str key,
		  struct buf *b);

/* Replace each `secret` in text by stars, in place. Absent or empty: none. */
void provider_hide(char *text, struct str secret);

#endif
