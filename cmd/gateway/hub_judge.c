/* Clients that have fallen too far behind what they want. */
#include "hub_private.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

/* The newest events of a rule's topics, after where a client stands. */
struct newest {
	struct owed *o;
	uint64_t after, upto;
};

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	const struct newest *all = arg;
	struct owed *o = all->o;

	if (t->last <= all->after || t->last > all->upto)
		return 0;
	if (o->n == HUB_LAST_MAX)
		return err_set(e, EX_DATAERR, "more than %d topics",
			       HUB_LAST_MAX);
	xgrow(&o->offset, &o->cap, o->n, sizeof(*o->offset));
	o->offset[o->n++] = t->last;
	return 0;
}

static int find_newest(struct journal *j, const struct patterns *p,
		       struct str rule, struct newest *all)
{
	struct err e;
	int rc = journal_begin(j, &e);

	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		struct str both = lag_common(p->v[i], rule);

		if (both.p)
			rc = journal_topics(j, both, (struct str){ 0 },
					    on_topic, all, &e);
	}
	journal_end(j);
	if (rc == 0)
		hub_sort_offsets(all->o);
	return rc;
}

/* Everything that these say matches the rule's pattern. */
static bool is_all_within(const struct patterns *p, struct str rule)
{
	for (size_t i = 0; i < p->n; i++)
		if (!topic_matches(p->v[i], rule))
			return false;
	return true;
}

/*
 * Of the rule's topics only the newest events, of others all; false: it cannot
 * be said now which those are.
 */
static bool go_on_with_latest(struct hub *h, struct hub_client *c,
			      const struct lag_rule *r)
{
	const struct patterns *p = &c->group->patterns;
	struct journal *j = h->conf.journal(h->conf.arg);
	struct owed *o = xcalloc(1, sizeof(*o));
	struct newest all = { o, c->pos, h->flushed };

	patterns_copy(&o->wanted, p);
	if (!j || find_newest(j, p, r->pattern, &all)) {
		hub_drop_owed(&o);
		return false;
	}
	if (!is_all_within(p, r->pattern)) {
		o->thin = (struct str){ xstrndup(r->pattern.p, r->pattern.len),
					r->pattern.len };
		o->want = c->want;
		o->at = c->pos;
	} else if (o->n == 0) {
		hub_drop_owed(&o);
	}
	hub_owe(c, o);
	c->pos = h->flushed;
	hub_settle(h, c);
	return true;
}

static void disconnect(struct hub *h, struct hub_client *c)
{
	/* Nothing more is sent, and it is not judged again. */
	c->returning = c->blocked = true;
	hub_settle(h, c);
	h->counts.lagged[LAG_DISCONNECT]++;
	h->conf.lagged(c->user, (struct position){ h->epoch, c->pos });
}

static const struct lag_rule *judge(const struct hub *h,
				    const struct hub_client *c)
{
	/* One without a group is choked by answers, and wants no events. */
	if (!h->conf.lag || !c->group || c->returning || c->put_off ||
	    c->owed || c->waiter)
		return NULL;
	return lag_judge(h->conf.lag, &c->group->patterns, c->pos);
}

bool hub_judge(struct hub *h, struct hub_client *c)
{
	const struct lag_rule *r = judge(h, c);
	struct position had = { h->epoch, c->pos };

	if (!r)
		return false;
	if (r->policy == LAG_DISCONNECT) {
		disconnect(h, c);
		return true;
	}
	if (!go_on_with_latest(h, c, r)) {
		c->returning = true; /* it is served all of it, then */
		return false;
	}
	h->counts.lagged[LAG_LATEST]++;
	/* What it is owed comes after what it had, and so may be lost again. */
	h->conf.broken(c->user, had);
	return true;
}

/* Those that read nothing do not come here by themselves. */
void hub_judge_choked(void *hub)
{
	struct hub *h = hub;
	size_t n = h->counts.choked;

	for (size_t i = 0; i < n && i < HUB_LAG_SLICE; i++) {
		struct hub_client *c = h->choked.head;
		const struct lag_rule *r = judge(h, c);

		hub_settle(h, c); /* to the end of the queue */
		if (!r || r->policy != LAG_DISCONNECT)
			continue;
		if (c->lagging)
			disconnect(h, c);
		c->lagging = true;
	}
	loop_timer_start(h->lag,
			 n > HUB_LAG_SLICE
				 ? HUB_LAG_MS * HUB_LAG_SLICE / (int64_t)n
				 : HUB_LAG_MS);
}
