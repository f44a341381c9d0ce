/* What a client asks for: where it stands then, and what "last" owes it. */
#include "hub_private.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct plan *p = arg;
	struct owed *o = p->owed;

	p->looked++;
	/* What is newer comes by itself; what it had it has seen. */
	if (t->last > p->pos || patterns_cover(&o->had, t->topic))
		return 0;
	if (o->n == HUB_LAST_MAX)
		return err_set(e, EX_DATAERR, "last: more than %d topics",
			       HUB_LAST_MAX);
	xgrow(&o->offset, &o->cap, o->n, sizeof(*o->offset));
	o->offset[o->n++] = t->last;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void hub_sort_offsets(struct owed *o)
{
	size_t n = 0;

	if (o->n)
		qsort(o->offset, o->n, sizeof(*o->offset), by_offset);
	for (size_t i = 0; i < o->n; i++)
		if (n == 0 || o->offset[n - 1] != o->offset[i])
			o->offset[n++] = o->offset[i];
	o->n = n;
}

static void plan_owed(const struct hub_wish *wish, struct plan *p)
{
	p->owed = xcalloc(1, sizeof(*p->owed));
	for (size_t i = 0; i < wish->n; i++)
		patterns_add_filtered(&p->owed->wanted, wish->pattern[i],
				      wish->filter);
	if (p->had)
		patterns_copy(&p->owed->had, p->had);
}

/*
 * The newest event of each topic that was not wanted before, or is asked for by
 * the same pattern again; in order.
 */
static int collect_last(struct hub *h, const struct hub_wish *wish,
			struct plan *p, struct err *e)
{
	struct journal *j = h->conf.journal(h->conf.arg);
	int rc = journal_begin(j, e);

	plan_owed(wish, p);
	for (size_t i = 0; i < wish->n; i++)
		patterns_remove(&p->owed->had, wish->pattern[i]);
	for (size_t i = 0; rc == 0 && i < wish->n; i++)
		rc = journal_topics(j, wish->pattern[i], (struct str){ 0 },
				    on_topic, p, e);
	journal_end(j);
	if (rc < 0)
		return -1;
	if (p->owed->n == 0)
		hub_drop_owed(&p->owed);
	else
		hub_sort_offsets(p->owed);
	return 0;
}

/*
 * What is asked for goes on from where the client is, and of that, too, some
 * may have been pruned before anybody here saw it. What the client was told of
 * before was about other patterns.
 */
static int plan_join(struct hub *h, const struct hub_client *c,
		     const struct hub_wish *wish, struct plan *p, struct err *e)
{
	struct journal *j = h->conf.journal(h->conf.arg);
	struct journal_want want = { .pattern = wish->pattern, .n = wish->n };
	bool is_new = false;
	int rc = journal_pruned(j, p->pos, &want, e);

	if (rc < 0)
		return -1;
	for (size_t i = 0; i < wish->n; i++)
		is_new |= !p->had || !patterns_have(p->had, wish->pattern[i]);
	p->recovered &= rc == 0;
	p->want.told = rc || is_new ? want.told : c->want.told;
	return 0;
}

/* Where a client that comes with a position goes on. */
static int resume(struct hub *h, const struct hub_client *c,
		  const struct hub_wish *wish, struct plan *p, struct err *e)
{
	struct journal *j = h->conf.journal(h->conf.arg);
	uint64_t next = 0;
	int rc = journal_resume(j, *wish->since, &p->want, &next, e);

	if (rc < 0)
		return -1;
	p->recovered = rc == 1;
	p->pos = next - 1;
	/*
	 * What the hub has not been told of yet comes live; who has had some of
	 * it already is ahead. Above the newest event is nobody's position.
	 */
	if ((p->pos <= h->flushed || wish->since->offset <= p->pos) &&
	    (rc == 1 || !wish->last))
		return 0;
	p->pos = h->flushed;
	return plan_join(h, c, wish, p, e);
}

/* What the new patterns of a client that has others have missed. */
static int plan_replay(struct hub *h, const struct hub_wish *wish,
		       struct plan *p, struct err *e)
{
	struct journal *j = h->conf.journal(h->conf.arg);
	struct journal_want want = { .pattern = wish->pattern, .n = wish->n };
	uint64_t next = 0;
	int rc = journal_resume(j, *wish->since, &want, &next, e);

	if (rc < 0)
		return -1;
	p->recovered &= rc == 1;
	if (next > p->pos || (!p->recovered && wish->last))
		return 0;
	plan_owed(wish, p);
	p->owed->want = want;
	p->owed->at = next - 1;
	return 0;
}

void hub_plan_free(struct plan *p)
{
	patterns_free(&p->set);
	hub_drop_owed(&p->owed);
}

/* What it will want then. */
static int plan_set(const struct hub_client *c, const struct hub_wish *wish,
		    struct plan *p, struct err *e)
{
	if (c->group) {
		p->had = &c->group->patterns;
		patterns_copy(&p->set, p->had);
	}
	for (size_t i = 0; i < wish->n; i++)
		if (!patterns_add_filtered(&p->set, wish->pattern[i],
					   wish->filter))
			return err_set(e, EX_DATAERR, "more than %d patterns",
				       PATTERNS_MAX);
	if (patterns_filters(&p->set) > PATTERNS_FILTERS_MAX)
		return err_set(e, EX_DATAERR, "more than %d different filters",
			       PATTERNS_FILTERS_MAX);
	return 0;
}

/* What it asks for and is not sent yet has bounds, too. */
static int check_owed(const struct hub_client *c, const struct plan *p,
		      struct err *e)
{
	size_t requests = 1, topics = p->owed ? p->owed->n : 0;

	for (const struct owed *o = c->owed; o; o = o->next) {
		requests++;
		topics += o->n;
	}
	if (!p->owed || (requests <= HUB_OWED_MAX && topics <= HUB_LAST_MAX))
		return 0;
	return err_set(e, EX_TEMPFAIL,
		       "what was asked for before is still being sent");
}

int hub_plan(struct hub *h, const struct hub_client *c,
	     const struct hub_wish *wish, struct plan *p, struct err *e)
{
	*p = (struct plan){ .recovered = true };
	if (!h->conf.journal(h->conf.arg) || !h->epoch)
		return err_set(e, EX_UNAVAILABLE, "no journal yet");
	if (plan_set(c, wish, p, e))
		return -1;
	p->pos = c->group && c->state != HUB_LIVE ? c->pos : h->flushed;
	p->want = (struct journal_want){ .pattern = p->set.v, .n = p->set.n };
	if ((p->had || !wish->since) && plan_join(h, c, wish, p, e))
		return -1;
	if (wish->since &&
	    (p->had ? plan_replay(h, wish, p, e) : resume(h, c, wish, p, e)))
		return -1;
	if (wish->last && !(wish->since && p->recovered) &&
	    collect_last(h, wish, p, e))
		return -1;
	return check_owed(c, p, e);
}
