#ifndef SCRAPER_PROXY_POOL_H
#define SCRAPER_PROXY_POOL_H

/*
 * proxy_pool - which proxy of a pool is next. Pure: time is passed in
 * (monotonic ms).
 *
 * In turn, or for each host always the same one: the proxy whose hash with the
 * host's is the highest (rendezvous hashing), so that one that fails loses its
 * own hosts only, and gets them back.
 *
 * A proxy that fails is left alone, twice as long each time; then one request
 * at a time tries it, until one goes well, which forgets all failures. What
 * may be a host's fault (it does not get there, the host blocks it) counts only
 * once it happens with a second host in a row.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	POOL_HOLD_MS = 10 * 1000, /* after the first failure */
	POOL_HOLD_MAX_MS = 30 * 60 * 1000,
	POOL_BUSY = -1, /* wait for an end */
};

struct pool_rules {
	int64_t requests; /* through one proxy at a time */
	int64_t delay_ms; /* between two starts through one */
	bool sticky;
};

/* Zeroed but for its hash: one that was never used. */
struct pool_proxy {
	uint64_t hash;	   /* of its URL */
	int64_t next_ms;   /* nothing starts before */
	int64_t hold_ms;   /* left alone until then */
	uint64_t doubt;	   /* the host of a failure that may be its own */
	unsigned busy;	   /* requests under way */
	unsigned failures; /* in a row */
};

enum pool_end {
	POOL_GOOD,    /* it brought an answer */
	POOL_NEUTRAL, /* says nothing about it */
	POOL_DOUBT,   /* its fault or the host's */
	POOL_FAILED,
};

/*
 * The proxy for a host (by hash), or -1: with *wait_ms the time until one may
 * be used, POOL_BUSY while one that is well has to end something first.
 * *held_r: none is well, so that it may be long.
 */
int pool_pick(const struct pool_rules *r, const struct pool_proxy *v, size_t n,
	      size_t turn, uint64_t host, int64_t now_ms, int64_t *wait_ms_r,
	      bool *held_r);

void pool_start(const struct pool_rules *r, struct pool_proxy *p,
		int64_t now_ms);
void pool_end(struct pool_proxy *p, enum pool_end how, uint64_t host,
	      int64_t now_ms);

/* Not left alone now. */
bool pool_is_well(const struct pool_proxy *p, int64_t now_ms);

#endif
