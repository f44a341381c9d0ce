#include "retry.h"

#include "common/backoff.h"

#define SEND INT64_C(60000) /* what one takes: ms in a minute */

int64_t retry_pause_ms(unsigned failures, uint32_t random)
{
	int64_t ms = backoff_ms(RETRY_FIRST_MS, failures, RETRY_MAX_MS);

	return ms / 2 + random % (ms / 2 + 1);
}

static int64_t full(const struct bucket *b)
{
	int64_t burst = b->per_minute / 10;

	return (burst > 1 ? burst : 1) * SEND;
}

void bucket_init(struct bucket *b, int64_t per_minute, int64_t now_ms)
{
	*b = (struct bucket){ .per_minute = per_minute, .at_ms = now_ms };
	b->level = full(b);
}

int64_t bucket_wait_ms(struct bucket *b, int64_t now_ms)
{
	int64_t gone = now_ms - b->at_ms;

	if (b->per_minute == 0)
		return 0;
	if (gone > SEND)
		gone = SEND; /* fills any bucket */
	if (gone > 0) {
		b->level += gone * b->per_minute;
		b->at_ms = now_ms;
	}
	if (b->level > full(b))
		b->level = full(b);
	if (b->level >= SEND)
		return 0;
	return (SEND - b->level + b->per_minute - 1) / b->per_minute;
}

void bucket_take(struct bucket *b)
{
	if (b->per_minute)
		b->level -= SEND;
}
