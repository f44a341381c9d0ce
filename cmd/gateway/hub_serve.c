/* Clients that are behind: from the ring, or from the journal. */
#include "hub_private.h"

#include <stdlib.h>

#include "frame.h"

static void send_later(struct hub *h, struct hub_client *c, size_t n)
{
	h->counts.delivered += n;
	if (h->out.len && !h->conf.send(c->user, buf_str(&h->out)))
		c->blocked = true;
	hub_settle(h, c);
}

static bool serve_ring(struct hub *h, struct hub_client *c)
{
	const struct ring *ring = h->lane[c->kind].ring;
	uint64_t seq = ring_after(ring, c->pos), end = ring_end(ring);
	size_t n = 0;

	buf_reset(&h->out);
	for (size_t looked = 0; looked < HUB_LOOK_MAX; looked++, seq++) {
		const struct ring_item *it;

		if (seq == end || ring_at(ring, seq)->offset > h->flushed) {
			if (c->pos < h->flushed)
				c->pos = h->flushed;
			break;
		}
		it = ring_at(ring, seq);
		if (patterns_match(&c->group->patterns, it->topic)) {
			if (n && h->out.len + it->frame.len > HUB_WRITE_MAX)
				break;
			buf_add_str(&h->out, it->frame);
			n++;
		}
		c->pos = it->offset;
	}
	h->counts.from_ring += n;
	send_later(h, c, n);
	return true;
}

struct serving {
	struct hub *h;
	enum frame_kind kind;
	const struct patterns *patterns;
	const struct owed *owed; /* or NULL */
	size_t n;
};

static void add_frame(struct serving *s, const struct event *ev)
{
	hub_frame(s->h, s->kind, ev, hub_print(s->h, ev), &s->h->out);
	s->n++;
}

static int on_scanned(void *arg, const struct event *ev, struct err *e)
{
	struct serving *s = arg;
	const struct owed *o = s->owed;

	(void)e;
	if (!patterns_want(s->patterns, ev))
		return 0;
	if (o && (!patterns_want(&o->wanted, ev) || patterns_want(&o->had, ev)))
		return 0;
	add_frame(s, ev);
	return s->h->out.len >= HUB_WRITE_MAX;
}

void hub_check_pruned(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct err e;

	c->want.pattern = c->group->patterns.v;
	c->want.n = c->group->patterns.n;
	if (journal_pruned(j, c->pos, &c->want, &e) > 0)
		h->conf.broken(c->user, (struct position){ h->epoch, c->pos });
}

static bool serve_journal(struct hub *h, struct hub_client *c,
			  struct journal *j)
{
	struct serving s = { h, c->kind, &c->group->patterns, NULL, 0 };
	struct journal_scan scan = { .from = c->pos + 1,
				     .until = h->flushed,
				     .budget = HUB_LOOK_MAX };
	uint64_t next = 0;
	struct err e;
	int rc;

	hub_check_pruned(h, c, j);
	if (c->state != HUB_BEHIND)
		return true; /* choked by what it was told */
	buf_reset(&h->out);
	rc = journal_scan(j, &scan, on_scanned, &s, &next, &e);
	if (rc < 0)
		return false;
	c->pos = rc == 0 || next > h->flushed ? h->flushed : next - 1;
	h->counts.from_journal += s.n;
	send_later(h, c, s.n);
	return true;
}

static void pop_owed(struct owed **first)
{
	struct owed *o = *first;

	*first = o->next;
	patterns_free(&o->wanted);
	patterns_free(&o->had);
	free(o->offset);
	free(o);
}

void hub_drop_owed(struct owed **first)
{
	while (*first)
		pop_owed(first);
}

/* The newest events of topics. */
static bool serve_last(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct owed *o = c->owed;
	struct serving s = { h, c->kind, &c->group->patterns, o, 0 };
	size_t upto = o->done + HUB_LOOK_MAX;
	struct err e;

	if (upto > o->n)
		upto = o->n;
	buf_reset(&h->out);
	if (journal_begin(j, &e))
		return false;
	while (o->done < upto && h->out.len < HUB_WRITE_MAX)
		if (journal_get(j, o->offset[o->done++], on_scanned, &s, &e) <
		    0)
			break;
	journal_end(j);
	if (o->done == o->n)
		pop_owed(&c->owed);
	h->counts.from_journal += s.n;
	send_later(h, c, s.n);
	return true;
}

/* What later patterns have missed. */
static bool serve_missed(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct owed *o = c->owed;
	struct serving s = { h, c->kind, &c->group->patterns, o, 0 };
	struct journal_scan scan = { .from = o->at + 1,
				     .until = c->pos,
				     .budget = HUB_LOOK_MAX };
	uint64_t next = 0;
	struct err e;
	int rc;

	o->want.pattern = o->wanted.v;
	o->want.n = o->wanted.n;
	if (journal_pruned(j, o->at, &o->want, &e) > 0)
		h->conf.broken(c->user, (struct position){ h->epoch, c->pos });
	if (c->state != HUB_BEHIND)
		return true; /* choked by what it was told */
	buf_reset(&h->out);
	rc = journal_scan(j, &scan, on_scanned, &s, &next, &e);
	if (rc < 0)
		return false;
	o->at = next - 1;
	if (rc == 0 || next > c->pos)
		pop_owed(&c->owed);
	h->counts.from_journal += s.n;
	send_later(h, c, s.n);
	return true;
}

/* The ring has what was framed, and a filter needs the event. */
static bool is_in_ring(const struct hub *h, const struct hub_client *c)
{
	return !c->owed && !c->group->patterns.filter &&
	       c->pos >= ring_floor(h->lane[c->kind].ring);
}

bool hub_serve(struct hub *h, struct hub_client *c)
{
	struct journal *j;

	if (is_in_ring(h, c))
		return serve_ring(h, c);
	j = h->conf.journal(h->conf.arg);
	if (!j)
		return false;
	if (!c->owed)
		return serve_journal(h, c, j);
	return c->owed->offset ? serve_last(h, c, j) : serve_missed(h, c, j);
}
