#ifndef NOTIFIER_RETRY_H
#define NOTIFIER_RETRY_H

/*
 * retry - when to send: pauses after failures, and a channel's rate. Pure:
 * time and chance are passed in.
 */
#include <stdint.h>

enum {
	RETRY_FIRST_MS = 1000,
	RETRY_MAX_MS = 15 * 60 * 1000,
};

/*
 * The pause after so many failures in a row (from 1): doubles each time, up to
 * RETRY_MAX_MS; between half and all of it, as `random` says.
 */
int64_t retry_pause_ms(unsigned failures, uint32_t random);

/*
 * A token bucket: per_minute sends in a minute, of these a tenth (at least one)
 * at once after a rest. per_minute 0: no limit.
 */
struct bucket {
	int64_t per_minute;
	int64_t level; /* a send takes 60000 */
	int64_t at_ms; /* when level was true; monotonic */
};

void bucket_init(struct bucket *b, int64_t per_minute, int64_t now_ms);

/* 0: one may go. Else ask again in so many ms. */
int64_t bucket_wait_ms(struct bucket *b, int64_t now_ms);
void bucket_take(struct bucket *b);

#endif
