/* What a client asks for: where it stands then, and what "last" owes it. */
#include "hub_private.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

static void owe(struct plan *p, uint64_t offset)
{
	xgrow(&p->last, &p->cap_last, p->n_last, sizeof(*p->last));
	p->last[p->n_last++] = offset;
}

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct plan *p = arg;

	/* What is newer comes by itself; what it had it has seen. */
	if (t->last > p->pos || (p->had && patterns_match(p->had, t->topic)))
		return 0;
	if (p->n_last == HUB_LAST_MAX)
		return err_set(e, EX_DATAERR, "last: more than %d topics",
			       HUB_LAST_MAX);
	owe(p, t->last);
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The newest event of each topic that was not wanted before, in order. */
static int collect_last(struct hub *h, const struct hub_client *c,
			const struct hub_wish *wish, struct plan *p,
			struct err *e)
{
	struct journal *j = h->conf.journal(h->conf.arg);
	size_t n = 0;
	int rc = journal_begin(j, e);

	for (size_t i = 0; rc == 0 && i < wish->n; i++)
		rc = journal_topics(j, wish->pattern[i], (struct str){ 0 },
				    on_topic, p, e);
	journal_end(j);
	if (rc < 0)
		return -1;
	/* What an earlier "last" still owes stays owed. */
	for (size_t i = c->at_last; i < c->n_last; i++)
		owe(p, c->last[i]);
	if (p->n_last)
		qsort(p->last, p->n_last, sizeof(*p->last), by_offset);
	for (size_t i = 0; i < p->n_last; i++)
		if (n == 0 || p->last[n - 1] != p->last[i])
			p->last[n++] = p->last[i];
	p->n_last = n;
	return 0;
}

/* Where a client that comes with a position goes on. */
static int resume(struct hub *h, const struct hub_wish *wish, struct plan *p,
		  struct err *e)
{
	struct journal *j = h->conf.journal(h->conf.arg);
	uint64_t next = 0;
	int rc = journal_resume(j, *wish->since, &p->want, &next, e);

	if (rc < 0)
		return -1;
	p->recovered = rc == 1;
	p->pos = next - 1;
	/* What the hub has not been told of yet comes live. */
	if (p->pos > h->flushed || (rc == 0 && wish->last))
		p->pos = h->flushed;
	return 0;
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
	p->recovered = rc == 1;
	if (next > p->pos || (rc == 0 && wish->last))
		return 0;
	p->replay = xcalloc(1, sizeof(*p->replay));
	patterns_copy(&p->replay->had, p->had);
	for (size_t i = 0; i < wish->n; i++)
		patterns_add(&p->replay->wanted, wish->pattern[i]);
	p->replay->want = want;
	p->replay->at = next - 1;
	return 0;
}

void hub_plan_free(struct plan *p)
{
	patterns_free(&p->set);
	hub_drop_replays(&p->replay);
	free(p->last);
}

int hub_plan(struct hub *h, const struct hub_client *c,
	     const struct hub_wish *wish, struct plan *p, struct err *e)
{
	*p = (struct plan){ .recovered = true };
	if (!h->conf.journal(h->conf.arg) || !h->epoch)
		return err_set(e, EX_UNAVAILABLE, "no journal yet");
	if (c->group) {
		p->had = &c->group->patterns;
		patterns_copy(&p->set, p->had);
	}
	for (size_t i = 0; i < wish->n; i++)
		if (!patterns_add(&p->set, wish->pattern[i]))
			return err_set(e, EX_DATAERR, "more than %d patterns",
				       PATTERNS_MAX);
	p->pos = c->group && c->state != HUB_LIVE ? c->pos : h->flushed;
	p->want = (struct journal_want){ .pattern = p->set.v,
					 .n = p->set.n,
					 .told = c->group ? c->want.told : 0 };
	if (wish->since &&
	    (p->had ? plan_replay(h, wish, p, e) : resume(h, wish, p, e)))
		return -1;
	if (!wish->last || (wish->since && p->recovered))
		return 0;
	return collect_last(h, c, wish, p, e);
}
