#ifndef SCRAPER_POLITENESS_H
#define SCRAPER_POLITENESS_H

/*
 * politeness - when the next request to a host may start. Pure: time is passed
 * in (monotonic ms).
 *
 * A host gets at most so many requests at a time, and one per delay (a token
 * bucket with a small burst, kept as the theoretical arrival time of GCRA).
 * Its robots.txt may ask for a longer delay. A host that says "later" is left
 * alone for as long as it says; one that blocks us, much longer, twice as long
 * each time. A success forgets this.
 */
#include <stdint.h>

struct polite_rules {
	int64_t per_host;   /* requests at a time */
	int64_t delay_ms;   /* between two starts */
	int64_t burst;	    /* starts in a row after a rest, at least 1 */
	int64_t limited_ms; /* hold on "later" without a time */
	int64_t blocked_ms; /* hold on a block */
	int64_t hold_max_ms;
};

enum {
	POLITE_DELAY_MAX_MS = 5 * 60 * 1000, /* of what robots.txt asks for */
	POLITE_BUSY = -1,
};

/* Zeroed: a host that was never asked. */
struct polite_host {
	uint64_t seed;	    /* a hash of its name */
	int64_t arrival_ms; /* when the bucket is full again */
	int64_t hold_ms;    /* nothing starts before */
	int64_t asked_ms;   /* the delay that it asks for; 0: none */
	unsigned busy;	    /* requests under way */
	unsigned strikes;   /* holds in a row */
};

enum polite_end {
	POLITE_GOOD,	/* an answer to work with: forgets strikes */
	POLITE_NEUTRAL, /* no answer, or one that says nothing about us */
	POLITE_LIMITED,
	POLITE_BLOCKED,
};

/*
 * 0: a request may start now. More: ask again in so many ms. POLITE_BUSY: when
 * one of those under way has ended.
 */
int64_t polite_wait(const struct polite_rules *r, const struct polite_host *h,
		    int64_t now_ms);

void polite_start(const struct polite_rules *r, struct polite_host *h,
		  int64_t now_ms);

/* retry_ms: what the host's Retry-After asks for; 0: nothing. */
void polite_end(const struct polite_rules *r, struct polite_host *h,
		enum polite_end how, int64_t retry_ms, int64_t now_ms);

/* Take over the delay that robots.txt asks for; -1 or 0: none. */
void polite_ask(struct polite_host *h, int64_t delay_ms);

#endif
