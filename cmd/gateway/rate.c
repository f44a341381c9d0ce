#include "rate.h"

enum { MILLI = 1000 };

void rate_init(struct rate *r, int64_t per_s, int64_t now_ms)
{
	*r = (struct rate){ per_s, per_s * MILLI, now_ms };
}

static void fill(struct rate *r, int64_t now_ms)
{
	int64_t full = r->per_s * MILLI, gone = now_ms - r->at_ms;

	r->at_ms = now_ms;
	if (gone >= 2 * MILLI || r->milli + gone * r->per_s > full)
		r->milli = full;
	else if (gone > 0)
		r->milli += gone * r->per_s; /* per ms, of a thousandth */
}

bool rate_take(struct rate *r, int64_t now_ms)
{
	if (!r->per_s)
		return true;
	fill(r, now_ms);
	if (r->milli < MILLI)
		return false;
	r->milli -= MILLI;
	return true;
}

void rate_charge(struct rate *r, int64_t n, int64_t now_ms)
{
	int64_t full = r->per_s * MILLI;

	fill(r, now_ms);
	r->milli = n < 2 * r->per_s ? r->milli - n * MILLI : -full;
	if (r->milli < -full)
		r->milli = -full;
}

void rate_give_back(struct rate *r)
{
	r->milli += r->per_s ? MILLI : 0;
}

int64_t rate_wait_ms(const struct rate *r)
{
	int64_t lacks = MILLI - r->milli;

	return r->per_s && lacks > 0 ? (lacks + r->per_s - 1) / r->per_s : 1;
}
