#include "asked.h"

#include <sysexits.h>

#include "common/since.h"
#include "common/xmem.h"

#include "api.h"
#include "http.h"

int asked_since(struct gateway *g, struct str since, const struct str *pattern,
		size_t n, struct position *pos_r, bool *whole_r, struct err *e)
{
	struct journal_want want = { .pattern = pattern, .n = n };
	struct journal *j;
	struct since w;
	uint64_t first = 1;
	int whole;

	*whole_r = true;
	if (position_parse(since, pos_r))
		return 0;
	if (!since_parse(since, clk_wall_us(), &w))
		return err_set(e, EX_USAGE,
			       "since: not a position, a time or an age");
	j = gateway_journal(g, e);
	whole = j ? since_first(&w, j, &want, &first, e) : -1;
	if (whole < 0)
		return -1;
	/* The position before what was recorded then. */
	*pos_r = (struct position){ hub_epoch_of(g->hub), first - 1 };
	*whole_r = whole == 1;
	return 0;
}

static bool read_since(struct gateway *g, const struct net_request *r,
		       struct asked *a, struct err *e)
{
	/* A browser that comes back has both; where it was is what counts. */
	bool is_back = r->last_event_id.len > 0;
	struct str text = is_back ? r->last_event_id : http_param(r, "since");

	a->recovered = true;
	a->has_since = text.p != NULL;
	if (!a->has_since)
		return true;
	if (is_back)
		return position_parse(text, &a->since) ||
		       !err_set(e, EX_USAGE, "Last-Event-ID: not a position");
	return asked_since(g, text, a->patterns.v, a->patterns.n, &a->since,
			   &a->recovered, e) == 0;
}

bool asked_read(struct session *s, const struct net_request *r, struct asked *a,
		struct err *e)
{
	static const char *const names[] = { "topic*", "since", "last",
					     "filter" };

	return http_check_params(r, names, ARRAY_LEN(names), e) &&
	       api_wanted(s->g, s->conn, r, &a->patterns, e) &&
	       http_param_filter(r, hub_filters(s->g->hub), &a->patterns,
				 &a->filter, e) &&
	       http_param_flag(r, "last", &a->last, e) &&
	       read_since(s->g, r, a, e);
}

void asked_free(struct asked *a)
{
	patterns_free(&a->patterns);
	filter_drop(&a->filter);
}

int asked_subscribe(struct live *l, const struct asked *a,
		    struct position *pos_r, bool *recovered_r, struct err *e)
{
	const struct hub_wish wish = { a->patterns.v, a->patterns.n,
				       a->has_since ? &a->since : NULL, a->last,
				       a->filter };
	int rc = hub_subscribe(l->s.g->hub, &l->client, &wish, pos_r,
			       recovered_r, e);

	gateway_charge(l->s.g, THROTTLE_SUBSCRIPTION, l->s.conn, l->s.who->user,
		       l->client.looked / HUB_LOOKED_COST);
	*recovered_r &= a->recovered;
	return rc;
}
