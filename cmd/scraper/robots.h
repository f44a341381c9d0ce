#ifndef SCRAPER_ROBOTS_H
#define SCRAPER_ROBOTS_H

/*
 * robots - what a site's robots.txt lets us fetch (RFC 9309).
 *
 * Compiled once for one agent, then asked for each path. Groups for the same
 * agent are one; where none names the agent those for "*" hold. The longest
 * pattern that matches decides, and allow wins a tie. "*" and a "$" at the end
 * are special; percent-encoding is compared in one normal form. Of the common
 * extensions Crawl-delay is read; Sitemap and all others are passed over.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

enum {
	ROBOTS_BYTES_MAX = 500 << 10, /* what is beyond is not read */
	ROBOTS_PATH_MAX = 8 << 10,    /* what is beyond is not compared */
};

struct robots;

/*
 * Never fails: lines that make no sense are passed over, and an empty body
 * allows everything. `agent` is a product token, or starts with one
 * ("weir/1.0 (+https://…)"); nothing is borrowed. End with robots_free().
 */
struct robots *robots_parse(struct str body, struct str agent);
void robots_free(struct robots **rp);

/*
 * May this be fetched? `target` is what a request line has: the path with its
 * query ("" is "/"). /robots.txt itself always may.
 */
bool robots_allowed(const struct robots *r, struct str target);

/* Crawl-delay in milliseconds, at most an hour; -1 where there is none. */
int64_t robots_delay_ms(const struct robots *r);

/* The path and query of an absolute URL, or of what starts with "/" itself. */
struct str robots_target(struct str url);

#endif
