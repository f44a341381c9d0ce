#ifndef SCRAPER_FETCHER_H
#define SCRAPER_FETCHER_H

/*
 * fetcher - fetch what is asked for, as politely as was promised.
 *
 * Requests wait in a line per origin (scheme, host, port) until robots.txt is
 * known and politeness allows the next one. Redirects are followed one by one,
 * each a request of its own: to another origin it waits there, and what
 * robots.txt of that one forbids is not fetched. A watch's own headers stay
 * with its host.
 *
 * A fetch goes by the first of its ways that is open, and on to the next where
 * that one fails, or the site blocks it or asks for less. Politeness is per
 * site, by whatever way; a site that blocks the last of them is left alone
 * itself.
 *
 * Each request ends in one callback from the loop, never from fetcher_get().
 */
#include "common/http.h"
#include "common/loop.h"

#include "classify.h"
#include "egress.h"
#include "politeness.h"

struct fetcher;
struct fetch;

struct fetcher_conf {
	struct loop *loop;
	struct http *http;
	struct egress *egress;
	const struct netguard *guard;		 /* of http */
	bool (*spend)(void *arg, struct way *w); /* see trip.h */
	void (*left)(void *arg, bool provider, enum pool_end how, bool changed);
	void *arg;
	struct polite_rules polite;
	bool holds;	    /* leave alone hosts that say so */
	const char *robots; /* the agent's name; NULL: robots.txt is not read */
	size_t max_bytes;
	int64_t timeout_ms, connect_ms;
	int64_t max_redirects, max_active;
};

struct fetcher *fetcher_new(const struct fetcher_conf *conf);
/* For requests that start from now on. Its loop and http stay. */
void fetcher_set(struct fetcher *f, const struct fetcher_conf *conf);
/* After its users have cancelled what they have under way. */
void fetcher_free(struct fetcher **fp);

struct fetch_request {
	const char *url; /* copied */
	/* Borrowed until the callback; see struct watch. */
	const struct http_headers *headers, *version;
	const struct str *via; /* copied: names of ways, in order */
	size_t n_via;	       /* 0: directly */
	bool conditional;
	bool ignores_robots; /* robots.txt is not asked about it */
};

/*
 * How it ended: v is what classify() says, or that robots.txt forbids it; a
 * the answer, r the response (NULL where none came). All die with the return.
 * sent_us is when its first request left (monotonic; 0: none did), so that it
 * shows how long it had to wait.
 */
struct fetched {
	const struct verdict *v;
	const struct answer *a;
	const struct http_response *r;
	int64_t sent_us;
	/* By which way the last request went; absent, NULL: directly. */
	struct str via;
	const char *proxy;
};
typedef void fetch_fn(void *arg, const struct fetched *f);

struct fetch *fetcher_get(struct fetcher *f, const struct fetch_request *req,
			  fetch_fn *fn, void *arg);

/* Drop it; its callback does not come. NULL is fine. */
void fetch_cancel(struct fetch **fp);

/* For how long the site of this URL is left alone; 0: it is not. */
int64_t fetcher_hold_ms(const struct fetcher *f, const char *url);

/* Read every robots.txt again before the next request. */
void fetcher_forget_robots(struct fetcher *f);

/*
 * So many places of max_active are taken by answers that were given, but are
 * still worked on: what waits for a place waits for these, too.
 */
void fetcher_hold(struct fetcher *f, size_t places);

/* Requests that wait, and requests under way. */
size_t fetcher_waiting(const struct fetcher *f);
size_t fetcher_active(const struct fetcher *f);

#endif
