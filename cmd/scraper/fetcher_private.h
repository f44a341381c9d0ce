#ifndef SCRAPER_FETCHER_PRIVATE_H
#define SCRAPER_FETCHER_PRIVATE_H

/*
 * Between fetcher.c (requests, answers), fetcher_site.c (sites and their
 * lines), fetcher_robots.c, and fetcher_way.c (by which way a request goes);
 * nobody else includes this.
 */
#include "fetcher.h"
#include "robots_cache.h"
#include "schedule.h"
#include "trip.h"

enum {
	SITES = 4096, /* slots of the table, by hash */
	/*
	 * Remembered: one for each watch that there may be, or robots.txt would
	 * be asked for with every fetch; and redirects may name many more.
	 */
	SITES_MAX = 64 << 10,
};

/* A way that the site has sent away while there were others. */
struct site_way {
	struct polite_host polite;
	struct site_way *next;
	char id[];
};

/* One origin: "https://shop.example:8443". */
struct site {
	struct schedule_entry entry; /* first: when to try again */
	struct fetcher *fetcher;
	char *origin;
	uint64_t host; /* a hash of it */
	struct polite_host polite;
	struct site_way *ways;
	struct robots_cache robots;
	unsigned robots_tried;	  /* ways that did not get there */
	unsigned robots_lost;	  /* lines of one that did not */
	struct http_call *asking; /* for robots.txt: one of these */
	struct trip *asking_trip;
	char *robots_url; /* where it leads; NULL: nowhere yet */
	unsigned robots_hops;
	struct site *robots_at; /* whose turn is taken; NULL: nobody's */
	struct fetch *asker;	/* in line, for whom; NULL: it has gone */
	struct fetch *first, **last;
	bool ready;    /* in the line for a free place, or a seat */
	unsigned pins; /* in use up the stack */
	struct site *next, *next_ready;
};

struct fetch {
	struct fetcher *fetcher;
	struct site *site;
	char *url;
	const struct http_headers *headers, *version;
	struct str *via;       /* heap; NULL: directly */
	size_t n_via, way;     /* the one that is tried now */
	unsigned tries;	       /* lines of it that failed */
	struct verdict *fell;  /* how the way before ended, or NULL */
	struct str by;	       /* the way that the last request went */
	bool provided;	       /* the request goes by a provider */
	char proxy[128];       /* the last that it went through, or "" */
	bool conditional, own; /* own: still at the watch's host */
	bool ignores_robots;
	int64_t hops;
	int64_t sent_us;	/* its first request; 0: not yet */
	struct http_call *call; /* under way: one of these */
	struct trip *trip;
	struct fetch *next; /* while it waits */
	fetch_fn *fn;
	void *arg;
};

struct fetcher {
	struct fetcher_conf conf;
	struct loop_timer *timer;
	struct schedule schedule;
	struct trips trips;
	struct site *sites[SITES];
	struct site *ready, **ready_last;
	size_t n_sites, waiting, active, held;
};

/* ---- fetcher_site.c ---- */

/* The site of a URL: one that is known, or a new one. */
struct site *site_of(struct fetcher *f, struct str url);
/* With its line and what it asks for. */
void site_free(struct site *s);

/* To the end of the line, and out of it. */
void site_add(struct site *s, struct fetch *ft);
void site_remove(struct site *s, struct fetch *ft);
void fetch_free(struct fetch *ft);

/* Look at the line again at that time, instead of when it was to be. */
void site_retry(struct site *s, int64_t at_ms);
/* … in so many ms at the latest; or, POOL_BUSY, when something has ended. */
void site_wait(struct site *s, int64_t ms, int64_t now_ms);
void site_await(struct site *s);

/* ---- fetcher_robots.c ---- */

/* Whose turn it is when this one asks for it: s itself, or where it leads. */
struct site *site_robots_turn(struct site *s, const struct fetch *ft);
/* False: no way is open to this one, which is over. */
bool site_ask_robots(struct site *s, struct fetch *ft, int64_t now_ms);

/* ---- fetcher.c ---- */

/* Its end: the callback, then it is gone. r NULL: there was no answer. */
void fetch_finish(struct fetch *ft, const struct verdict *v,
		  const struct answer *a, const struct http_response *r);
/* A request of this site has ended. */
void fetcher_give_place(struct fetcher *f, struct site *s);

/* ---- fetcher_way.c ---- */

enum { WAY_LINES_MAX = 3 }; /* of a pool, for a request that all of them lose */

enum choice {
	CHOICE_GO,   /* with the seat; its way NULL: directly */
	CHOICE_WAIT, /* so many ms, or POOL_BUSY */
	CHOICE_END,  /* no way is left; the verdict says why */
};

enum choice way_choose(struct fetch *ft, int64_t now_ms, struct seat *seat_r,
		       int64_t *wait_ms_r, struct verdict *v_r);

/*
 * A request has ended like that: is there another way to try? Then ft is set
 * for it, and what the site thinks of this one is noted. Else what it thinks
 * of it is forgotten where all is well.
 */
bool way_next(struct fetch *ft, const struct verdict *v,
	      enum http_result result, enum trip_end how, int64_t now_ms);

/*
 * By which way robots.txt is asked for, with `tried` ways having failed: those
 * of the fetch that cost nothing, in order (or directly, where none does),
 * then the providers. False: there are no more.
 */
bool way_for_robots(const struct fetch *ft, unsigned tried, struct str *id_r);

bool way_is_direct(struct str id);

/* It may go by another way than directly. */
bool way_is_choice(const struct fetch *ft);

/* Why no way is open, as a verdict. */
void way_say_shut(enum egress_answer why, const char *reason,
		  struct verdict *v_r);

void site_ways_free(struct site *s);

#endif
