#include "politeness.h"

#include "common/backoff.h"

#include "draw.h"

static int64_t delay(const struct polite_rules *r, const struct polite_host *h)
{
	return h->asked_ms > r->delay_ms ? h->asked_ms : r->delay_ms;
}

/* How far ahead of its time a start may be. Who asks for a delay means it. */
static int64_t slack(const struct polite_rules *r, const struct polite_host *h)
{
	return h->asked_ms || r->burst < 1 ? 0 : (r->burst - 1) * r->delay_ms;
}

int64_t polite_wait(const struct polite_rules *r, const struct polite_host *h,
		    int64_t now_ms)
{
	int64_t at = h->arrival_ms - slack(r, h);

	if (h->busy >= r->per_host)
		return POLITE_BUSY;
	if (at < h->hold_ms)
		at = h->hold_ms;
	return at > now_ms ? at - now_ms : 0;
}

void polite_start(const struct polite_rules *r, struct polite_host *h,
		  int64_t now_ms)
{
	if (h->arrival_ms < now_ms)
		h->arrival_ms = now_ms;
	h->arrival_ms += delay(r, h);
	h->busy++;
}

/* base, doubled with each strike, with up to a tenth on top. */
static int64_t growing(const struct polite_rules *r,
		       const struct polite_host *h, int64_t base)
{
	int64_t ms = backoff_ms(base, h->strikes, r->hold_max_ms);

	return ms + draw_below(h->seed, h->strikes, ms / 10 + 1);
}

static void hold(const struct polite_rules *r, struct polite_host *h,
		 int64_t ms, int64_t now_ms)
{
	if (ms > r->hold_max_ms)
		ms = r->hold_max_ms;
	if (h->hold_ms < now_ms + ms)
		h->hold_ms = now_ms + ms;
}

void polite_end(const struct polite_rules *r, struct polite_host *h,
		enum polite_end how, int64_t retry_ms, int64_t now_ms)
{
	h->busy--;
	switch (how) {
	case POLITE_GOOD: h->strikes = 0; break;
	case POLITE_NEUTRAL: break;
	case POLITE_LIMITED:
		h->strikes++;
		hold(r, h, retry_ms ? retry_ms : growing(r, h, r->limited_ms),
		     now_ms);
		break;
	case POLITE_BLOCKED:
		h->strikes++;
		hold(r, h, growing(r, h, r->blocked_ms), now_ms);
		break;
	}
}

void polite_ask(struct polite_host *h, int64_t delay_ms)
{
	if (delay_ms > POLITE_DELAY_MAX_MS)
		delay_ms = POLITE_DELAY_MAX_MS;
	h->asked_ms = delay_ms > 0 ? delay_ms : 0;
}
