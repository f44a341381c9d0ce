#ifndef SCRAPER_SCRAPER_H
#define SCRAPER_SCRAPER_H

/*
 * scraper - fetch what is due, and say what changed.
 *
 * A stage that is not pure: it reads watch.set and watch.poll, and what it
 * finds in the world goes with the state that it changed into one transaction.
 * A fetch that ends like the one before and finds nothing new touches memory
 * only; once a minute one observation.summary says which watches were seen.
 */
#include <stdio.h>

#include "common/http.h"
#include "common/stage.h"
#include "common/types_way.h"

#include "extract_pool.h"
#include "fetcher.h"
#include "schedule.h"
#include "stream_link.h"
#include "watch.h"

enum {
	SCRAPER_SUMMARY_MS = 60 * 1000,
	SCRAPER_GATHER_MS = 20,		/* two transactions are so far apart */
	SCRAPER_GATHER_MAX = 256,	/* results; more do not wait */
	SCRAPER_GATHER_BYTES = 8 << 20, /* of their bodies and texts */
	SCRAPER_WATCHES_MAX = 50000,
	SCRAPER_TASKS = 4096, /* slots of the table by id */
};

struct scraper;

struct scraper_conf {
	const char *file;		 /* -w: watches, or NULL */
	const char *proxies, *providers; /* the same of these, or NULL */
	bool counts;		 /* there is a state to count budgets in */
	struct str via[WAY_MAX]; /* of watches that say none */
	size_t n_via;		 /* 0: directly */
	const char *secrets_dir; /* or NULL */
	const char *keep_dir;	 /* where texts and bodies are kept, or NULL */
	size_t keep_max;	 /* bytes of one text; 0: none is kept */
	size_t body_max;	 /* of one body; 0: neither kept nor recorded */
	size_t push_max;	 /* of all that is pushed in and waits */
	bool once;		 /* one pass over all watches, then end */
	FILE *test;		 /* once, and print observations here instead */
	int64_t spread_ms;	 /* of the first fetches after a start */
	struct backoff backoff;
	int64_t cache_max_ms; /* of what Cache-Control asks for; 0: nothing */
	struct http_config http;
	struct fetcher_conf fetcher; /* loop and http are filled in */
	struct backoff reconnect;    /* of streams */
	struct links_conf links;     /* the same: loop is */
	struct extract_pool_conf extract;
	/*
	 * SIGHUP: put the settings as they are now into this struct and call
	 * scraper_apply(), after which those of before may go. -1 with *e:
	 * nothing has changed.
	 */
	int (*reload)(struct scraper *s, struct err *e);
};

/* conf is borrowed. */
struct scraper *scraper_new(const struct scraper_conf *conf);
/* conf has changed: fetch by it from now on. */
void scraper_apply(struct scraper *s);
/* Before stage_run() has ended its loop, by the stage's `close`. */
void scraper_free(struct scraper **sp);

/* --via, as in "direct,pool": -1 with *e, EX_USAGE. The text is borrowed. */
int ways_parse(const char *text, struct str via[WAY_MAX], size_t *n_r,
	       struct err *e);

extern const struct stage_handler scraper_handler; /* self: struct scraper */

#endif
