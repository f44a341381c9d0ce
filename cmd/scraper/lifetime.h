#ifndef SCRAPER_LIFETIME_H
#define SCRAPER_LIFETIME_H

/*
 * lifetime - for how long an answer stays fresh (RFC 9111, 4.2), as a private
 * cache counts it: by max-age, else by Expires and Date, less the age that it
 * has already. Nothing is guessed: an answer that says neither is stale at
 * once, as is one with no-cache or no-store, one that varies by anything
 * (Vary: *), and one whose words make no sense. s-maxage is for caches that
 * many share. Pure.
 */
#include <stdint.h>

#include "common/str.h"

struct http_response;

#define LIFETIME_MAX_MS INT64_C(31536000000) /* a year; more is cut to it */

/* Header fields; absent where there was none. Several of one: with commas. */
struct lifetime {
	struct str cache_control, expires, date, age, vary;
};

/* In ms from now_us, when it came; at least 0. */
int64_t lifetime_ms(const struct lifetime *l, int64_t now_us);

/* The same of a response. */
int64_t lifetime_of(const struct http_response *r, int64_t now_us);

#endif
