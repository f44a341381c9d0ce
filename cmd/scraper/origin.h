#ifndef SCRAPER_ORIGIN_H
#define SCRAPER_ORIGIN_H

/* origin - where a URL is: its scheme, host and port. Pure. */
#include <stdbool.h>

#include "common/str.h"

/* The URL up to its path: its own spelling of the origin is good enough. */
struct str origin_of(struct str url);

/* The same host, and not from https to where everybody can read it. */
bool origin_is_home(struct str from, struct str to);

/* Is url on this host, which may name a port? */
bool origin_is_on(struct str url, struct str host);

#endif
