#ifndef SCRAPER_ROBOTS_CACHE_H
#define SCRAPER_ROBOTS_CACHE_H

/*
 * robots_cache - what is known of one origin's robots.txt (RFC 9309, 2.3 and
 * 2.4). Pure: answers and time (monotonic ms) are passed in.
 *
 * An answer holds for a day. None there (4xx, or more redirects than are
 * followed): all is allowed. Where the server fails (5xx, 429), what was known
 * before goes on to hold; without it nothing is allowed until the next try.
 * Where it cannot be reached at all, neither can the page.
 */
#include <stdint.h>

#include "common/http.h"

#include "robots.h"

enum {
	ROBOTS_KEEP_MS = 24 * 3600 * 1000,
	/* The first try again, doubled each time: of a server that fails … */
	ROBOTS_FAILING_MS = 60 * 1000,
	ROBOTS_FAILING_MAX_MS = 3600 * 1000,
	/* … and of one that is not reached: watches have their own backoff. */
	ROBOTS_GONE_MS = 2 * 1000,
	ROBOTS_GONE_MAX_MS = 60 * 1000,
	ROBOTS_REDIRECTS = 5,
};

enum robots_verdict {
	ROBOTS_UNKNOWN, /* fetch it, then ask again */
	ROBOTS_ALLOW,
	ROBOTS_DENY,	/* robots.txt says so */
	ROBOTS_FAILING, /* the server does not say; see status */
	ROBOTS_GONE,	/* the server is not reached; see result */
};

/* Zeroed: nothing known. */
struct robots_cache {
	struct robots *rules;	 /* NULL: none */
	bool known;		 /* there was an answer once */
	int64_t until_ms;	 /* it holds until then; 0: nothing known */
	unsigned failures;	 /* in a row */
	enum http_result result; /* of the last try */
	int status;
	char *reason; /* where it was no answer, or NULL */
};

void robots_cache_free(struct robots_cache *c);

enum robots_verdict robots_cache_ask(const struct robots_cache *c,
				     struct str url, int64_t now_ms);

/* Take in the answer to a request for /robots.txt. */
void robots_cache_put(struct robots_cache *c, const struct http_response *r,
		      struct str agent, int64_t now_ms);

#endif
