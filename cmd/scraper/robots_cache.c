#include "robots_cache.h"

#include <stdlib.h>

#include "common/backoff.h"
#include "common/xmem.h"

void robots_cache_free(struct robots_cache *c)
{
	robots_free(&c->rules);
	free(c->reason);
	*c = (struct robots_cache){ 0 };
}

enum robots_verdict robots_cache_ask(const struct robots_cache *c,
				     struct str url, int64_t now_ms)
{
	if (!c->until_ms || now_ms >= c->until_ms)
		return ROBOTS_UNKNOWN;
	if (c->known)
		return !c->rules || robots_allowed(c->rules, robots_target(url))
			       ? ROBOTS_ALLOW
			       : ROBOTS_DENY;
	return c->result == HTTP_OK ? ROBOTS_FAILING : ROBOTS_GONE;
}

/* "Unavailable" in the RFC's words: there is none, so all is allowed. */
static bool is_absent(const struct http_response *r)
{
	if (r->result == HTTP_REDIRECTS)
		return true;
	return r->result == HTTP_OK && r->status / 100 == 4 && r->status != 429;
}

static void put_failure(struct robots_cache *c, const struct http_response *r,
			int64_t now_ms)
{
	bool gone = r->result != HTTP_OK;
	int64_t base = gone ? ROBOTS_GONE_MS : ROBOTS_FAILING_MS;
	int64_t max = gone ? ROBOTS_GONE_MAX_MS : ROBOTS_FAILING_MAX_MS;

	c->failures++;
	c->until_ms = now_ms + backoff_ms(base, c->failures, max);
	c->result = r->result;
	c->status = r->status;
	free(c->reason);
	c->reason = gone ? xstrdup(r->reason) : NULL;
}

void robots_cache_put(struct robots_cache *c, const struct http_response *r,
		      struct str agent, int64_t now_ms)
{
	bool found = r->result == HTTP_OK && r->status / 100 == 2;

	if (!found && !is_absent(r)) {
		put_failure(c, r, now_ms);
		return;
	}
	robots_free(&c->rules);
	if (found)
		c->rules = robots_parse(r->body, agent);
	free(c->reason);
	c->reason = NULL;
	c->known = true;
	c->failures = 0;
	c->until_ms = now_ms + ROBOTS_KEEP_MS;
}
