#ifndef SCRAPER_EGRESS_H
#define SCRAPER_EGRESS_H

/*
 * egress - the ways out: pools of proxies and scraping providers, by name.
 *
 * A way has one or more lines (the proxies of a pool; a provider is one), of
 * which each carries so many requests at a time and rests after failures
 * (proxy_pool.h). A request holds a seat on a line from egress_take() to
 * egress_leave(); the way that it is on lives so long, also where a newer
 * setting has taken its place.
 *
 * Whether a provider may be paid is decided later, when its budget is counted
 * (scraper_egress.c); here is only remembered that it was used up.
 */
#include "common/arena.h"
#include "common/err.h"
#include "common/http.h"
#include "common/tz.h"

#include "budget.h"
#include "proxy_pool.h"

enum {
	EGRESS_WAYS_MAX = 256, /* pools and providers */
	EGRESS_REQUESTS = 4,   /* on one line at a time */
	EGRESS_PROVIDER_MS = 70 * 1000,
	EGRESS_REASON_MAX = 256,
};

struct way {
	struct arena arena;
	struct str id;
	bool is_provider;
	char broken[EGRESS_REASON_MAX]; /* why it cannot be used, or "" */
	struct pool_rules rules;
	struct pool_proxy *lines;
	size_t n, turn;
	uint64_t requests, failures;
	char failure[EGRESS_REASON_MAX]; /* the last one */
	/* A pool's. */
	struct http_proxy *proxies; /* one for each line */
	bool names_there;	    /* only the proxy resolves names */
	/* A provider's. */
	struct str template, key;
	struct http_headers *headers;
	struct budget_rules budget;
	struct str account; /* whose requests are counted together */
	int64_t timeout_ms;
	struct shape_list *errors; /* statuses; NULL: the usual ones */
	int64_t used;		   /* as it was counted last */
	int64_t resets_s;
	bool spent; /* nothing is left until then */

	unsigned refs;
	bool told;	  /* its status, as it is now … */
	size_t told_well; /* … with so many lines that are well */
	struct way *next;
};

struct egress_env {
	const char *secrets_dir; /* or NULL */
	struct tz_cache *zones;
};

struct egress;
struct egress *egress_new(void);
void egress_free(struct egress **gp);

/*
 * Take over the data of proxy.set or provider.set; absent: the way is gone.
 * What cannot be used (a secret that is not there) is there and says why. -1
 * with *e: EX_DATAERR, and what was there before is gone.
 */
int egress_set_pool(struct egress *g, struct str id, struct str json,
		    const struct egress_env *env, struct err *e);
int egress_set_provider(struct egress *g, struct str id, struct str json,
			const struct egress_env *env, struct err *e);

/* NULL: there is none. */
struct way *egress_find(const struct egress *g, struct str id, bool provider);
struct way *egress_first(const struct egress *g); /* then by next */

struct seat {
	struct way *way; /* NULL: directly */
	size_t line;
};

enum egress_answer {
	EGRESS_TAKEN, /* there is a seat; it must be left */
	EGRESS_WAIT,  /* ask again in *wait_ms, or POOL_BUSY: after an end */
	EGRESS_RESTS, /* its lines have failed and are left alone */
	EGRESS_SHUT,  /* not by this way, for the reason */
};

/* host: its hash. now_s is the wall clock, now_ms the monotonic one. */
enum egress_answer egress_take(struct egress *g, struct str id, uint64_t host,
			       int64_t now_ms, int64_t now_s,
			       struct seat *seat_r, int64_t *wait_ms_r,
			       char reason_r[EGRESS_REASON_MAX]);

/*
 * How it went; reason: of a failure, else NULL. rest_ms: what a provider asked
 * for, or 0. True where the way is now in another state than before.
 */
bool egress_leave(struct seat *seat, enum pool_end how, const char *reason,
		  int64_t rest_ms, uint64_t host, int64_t now_ms);

/* "budget of NAME is used up until DATE" */
void egress_say_spent(const struct way *w, char reason_r[EGRESS_REASON_MAX]);

/* Does a provider speak of itself by this status? */
bool way_errs(const struct way *w, int status);

/* The proxy of a seat, without credentials; NULL: it has none. */
const char *seat_proxy(const struct seat *seat);

/* How many of its lines are well. */
size_t way_well(const struct way *w, int64_t now_ms);

#endif
