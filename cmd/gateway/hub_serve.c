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
	size_t n;
	const struct replay *replay; /* NULL: all that the patterns match */
};

static void add_frame(struct serving *s, const struct event *ev)
{
	hub_frame(s->h, s->kind, ev, hub_print(s->h, ev), &s->h->out);
	s->n++;
}

static int on_scanned(void *arg, const struct event *ev, struct err *e)
{
	struct serving *s = arg;
	const struct replay *r = s->replay;

	(void)e;
	if (!patterns_match(s->patterns, ev->topic))
		return 0;
	if (r && (!patterns_match(&r->wanted, ev->topic) ||
		  patterns_match(&r->had, ev->topic)))
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
	struct serving s = { h, c->kind, &c->group->patterns, 0, NULL };
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

static int on_last(void *arg, const struct event *ev, struct err *e)
{
	(void)e;
	add_frame(arg, ev);
	return 0;
}

void hub_drop_last(struct hub_client *c)
{
	free(c->last);
	c->last = NULL;
	c->n_last = c->at_last = 0;
}

static bool serve_last(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct serving s = { .h = h, .kind = c->kind };
	struct err e;

	buf_reset(&h->out);
	if (journal_begin(j, &e))
		return false;
	while (c->at_last < c->n_last && h->out.len < HUB_WRITE_MAX)
		if (journal_get(j, c->last[c->at_last++], on_last, &s, &e) < 0)
			break;
	journal_end(j);
	if (c->at_last == c->n_last)
		hub_drop_last(c);
	h->counts.from_journal += s.n;
	send_later(h, c, s.n);
	return true;
}

static void pop_replay(struct replay **first)
{
	struct replay *r = *first;

	*first = r->next;
	patterns_free(&r->wanted);
	patterns_free(&r->had);
	free(r);
}

void hub_drop_replays(struct replay **first)
{
	while (*first)
		pop_replay(first);
}

static bool serve_replay(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct replay *r = c->replay;
	struct serving s = { h, c->kind, &c->group->patterns, 0, r };
	struct journal_scan scan = { .from = r->at + 1,
				     .until = c->pos,
				     .budget = HUB_LOOK_MAX };
	uint64_t next = 0;
	struct err e;
	int rc;

	r->want.pattern = r->wanted.v;
	r->want.n = r->wanted.n;
	if (journal_pruned(j, r->at, &r->want, &e) > 0)
		h->conf.broken(c->user, (struct position){ h->epoch, c->pos });
	if (c->state != HUB_BEHIND)
		return true; /* choked by what it was told */
	buf_reset(&h->out);
	rc = journal_scan(j, &scan, on_scanned, &s, &next, &e);
	if (rc < 0)
		return false;
	r->at = next - 1;
	if (rc == 0 || next > c->pos)
		pop_replay(&c->replay);
	h->counts.from_journal += s.n;
	send_later(h, c, s.n);
	return true;
}

bool hub_serve(struct hub *h, struct hub_client *c)
{
	struct journal *j;

	if (!c->n_last && !c->replay &&
	    c->pos >= ring_floor(h->lane[c->kind].ring))
		return serve_ring(h, c);
	j = h->conf.journal(h->conf.arg);
	if (!j)
		return false;
	if (c->n_last)
		return serve_last(h, c, j);
	return c->replay ? serve_replay(h, c, j) : serve_journal(h, c, j);
}
