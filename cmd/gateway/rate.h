#ifndef GATEWAY_RATE_H
#define GATEWAY_RATE_H

/*
 * rate - how often something may happen: a bucket of tokens, which fills at a
 * steady rate up to what a second brings. Pure: the time is passed in.
 */
#include <stdbool.h>
#include <stdint.h>

struct rate {
	int64_t per_s; /* 0: as often as it likes */
	int64_t milli; /* thousandths of tokens that are there */
	int64_t at_ms; /* when that was so */
};

/* A full bucket. */
void rate_init(struct rate *r, int64_t per_s, int64_t now_ms);

/* Take a token; false: there is none. */
bool rate_take(struct rate *r, int64_t now_ms);

/*
 * Take more than one, for what is done already. What is not there is owed, but
 * no more than a second brings.
 */
void rate_charge(struct rate *r, int64_t n, int64_t now_ms);

/* It was not needed. */
void rate_give_back(struct rate *r);

/* Until there is one again, at least 1. */
int64_t rate_wait_ms(const struct rate *r);

#endif
