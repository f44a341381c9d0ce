#include "proxy_pool.h"

#include "common/backoff.h"

bool pool_is_well(const struct pool_proxy *p, int64_t now_ms)
{
	return p->hold_ms <= now_ms;
}

/* The mixer of splitmix64: close hashes give far weights. */
static uint64_t weight(uint64_t proxy, uint64_t host)
{
	uint64_t x = proxy ^ (host + 0x9e3779b97f4a7c15 + (proxy << 6));

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* 0: it may start; more: in so many ms; POOL_BUSY. */
static int64_t wait_of(const struct pool_rules *r, const struct pool_proxy *p,
		       int64_t now_ms)
{
	int64_t most = p->failures ? 1 : r->requests;

	if (p->hold_ms > now_ms)
		return p->hold_ms - now_ms;
	if (p->busy >= most)
		return POOL_BUSY;
	return p->next_ms > now_ms ? p->next_ms - now_ms : 0;
}

static int pick_sticky(const struct pool_proxy *v, size_t n, uint64_t host,
		       int64_t now_ms)
{
	uint64_t best = 0, w;
	int at = -1;

	for (size_t i = 0; i < n; i++) {
		if (!pool_is_well(&v[i], now_ms))
			continue;
		w = weight(v[i].hash, host);
		if (at < 0 || w > best) {
			best = w;
			at = (int)i;
		}
	}
	return at;
}

/* The first that may start, from `turn` on. */
static int pick_next(const struct pool_rules *r, const struct pool_proxy *v,
		     size_t n, size_t turn, int64_t now_ms)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = (turn + i) % n;

		if (wait_of(r, &v[at], now_ms) == 0)
			return (int)at;
	}
	return -1;
}

/* The shortest wait among those that are well, or else of all. */
static int64_t shortest(const struct pool_rules *r, const struct pool_proxy *v,
			size_t n, int64_t now_ms, bool held)
{
	int64_t best = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		int64_t w = wait_of(r, &v[i], now_ms);

		if (!held && !pool_is_well(&v[i], now_ms))
			continue;
		if (!any || (w != POOL_BUSY && (best == POOL_BUSY || w < best)))
			best = w;
		any = true;
	}
	return best;
}

int pool_pick(const struct pool_rules *r, const struct pool_proxy *v, size_t n,
	      size_t turn, uint64_t host, int64_t now_ms, int64_t *wait_ms_r,
	      bool *held_r)
{
	int at;

	*held_r = true;
	for (size_t i = 0; i < n && *held_r; i++)
		*held_r = !pool_is_well(&v[i], now_ms);
	*wait_ms_r = 0;
	if (!*held_r && r->sticky) {
		at = pick_sticky(v, n, host, now_ms);
		*wait_ms_r = wait_of(r, &v[at], now_ms);
		return *wait_ms_r ? -1 : at;
	}
	at = *held_r ? -1 : pick_next(r, v, n, turn, now_ms);
	if (at < 0)
		*wait_ms_r = shortest(r, v, n, now_ms, *held_r);
	return at;
}

void pool_start(const struct pool_rules *r, struct pool_proxy *p,
		int64_t now_ms)
{
	p->busy++;
	p->next_ms = now_ms + r->delay_ms;
}

static void fail(struct pool_proxy *p, int64_t now_ms)
{
	/* Those that were under way beside it tell nothing new. */
	if (p->hold_ms > now_ms)
		return;
	p->failures++;
	p->hold_ms = now_ms +
		     backoff_ms(POOL_HOLD_MS, p->failures, POOL_HOLD_MAX_MS);
}

void pool_end(struct pool_proxy *p, enum pool_end how, uint64_t host,
	      int64_t now_ms)
{
	p->busy--;
	switch (how) {
	case POOL_GOOD:
		p->failures = 0;
		p->hold_ms = 0;
		p->doubt = 0;
		break;
	case POOL_NEUTRAL: break;
	case POOL_DOUBT:
		if (p->doubt && p->doubt != host)
			fail(p, now_ms);
		p->doubt = host;
		break;
	case POOL_FAILED: fail(p, now_ms); break;
	}
}
