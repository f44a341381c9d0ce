/* Clients that are behind: from the ring, or from the journal. */
#include "hub_private.h"

#include <stdlib.h>

#include "frame.h"

static void send_later(struct hub *h, struct hub_client *c, struct str frames,
		       size_t n)
{
	h->counts.delivered += n;
	h->spent += frames.len >> 10;
	if (frames.len && !h->conf.send(c->user, frames))
		c->blocked = true;
	hub_settle(h, c);
}

/* ---- what all of a group want, from where one of them stands ---- */

/*
 * A piece of the journal lacks what was pruned, and is for those who are told
 * so; who is in the ring may have all.
 */
static uint64_t owner_of(const struct hub_client *c, bool is_from_journal)
{
	return 2 * c->group->id + is_from_journal;
}

static void make_from_ring(struct hub *h, const struct hub_client *c)
{
	const struct ring *ring = h->lane[c->kind].ring;
	struct buf *out = pieces_begin(h->pieces, owner_of(c, false), c->pos);
	uint64_t seq = ring_after(ring, c->pos), end = ring_end(ring);
	uint64_t upto = c->pos;

	for (size_t looked = 0; looked < HUB_LOOK_MAX; looked++, seq++) {
		const struct ring_item *it;

		h->spent++;
		if (seq == end || ring_at(ring, seq)->offset > h->flushed) {
			upto = h->flushed;
			break;
		}
		it = ring_at(ring, seq);
		if (patterns_match(&c->group->patterns, it->topic)) {
			if (out->len &&
			    out->len + it->frame.len >= HUB_WRITE_MAX)
				break;
			buf_add_str(out, it->frame);
			pieces_add(h->pieces, it->offset);
			h->counts.from_ring++;
		}
		upto = it->offset;
	}
	pieces_end(h->pieces, upto);
}

struct serving {
	struct hub *h;
	enum frame_kind kind;
	const struct patterns *patterns;
	const struct owed *owed; /* or NULL */
	struct buf *out;
	size_t n;
};

static bool is_among(const struct owed *o, uint64_t offset)
{
	size_t lo = 0, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (o->offset[mid] < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < o->n && o->offset[lo] == offset;
}

static bool is_owed(const struct owed *o, const struct event *ev)
{
	if (o->thin.p && topic_matches(ev->topic, o->thin) &&
	    !is_among(o, ev->offset))
		return false;
	return patterns_want(&o->wanted, ev) && !patterns_want(&o->had, ev);
}

static int on_scanned(void *arg, const struct event *ev, struct err *e)
{
	struct serving *s = arg;
	const struct owed *o = s->owed;
	size_t before = s->out->len;

	(void)e;
	s->h->spent++;
	if (!patterns_want(s->patterns, ev))
		return 0;
	if (o && !is_owed(o, ev))
		return 0;
	if (s->kind != frame_plain(s->kind))
		s->h->spent += HUB_DEFLATE_COST;
	hub_frame(s->h, s->kind, ev, hub_print(s->h, ev), o != NULL, s->out);
	s->h->counts.from_journal++;
	s->n++;
	if (!o)
		pieces_add(s->h->pieces, ev->offset);
	/* One more like it would be too much. */
	return 2 * s->out->len - before >= HUB_WRITE_MAX;
}

void hub_check_pruned(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct err e;

	c->want.pattern = c->group->patterns.v;
	c->want.n = c->group->patterns.n;
	if (journal_pruned(j, c->pos, &c->want, &e) > 0)
		h->conf.broken(c->user, (struct position){ h->epoch, c->pos });
}

static bool make_from_journal(struct hub *h, const struct hub_client *c,
			      struct journal *j)
{
	struct serving s = { h,
			     c->kind,
			     &c->group->patterns,
			     NULL,
			     pieces_begin(h->pieces, owner_of(c, true), c->pos),
			     0 };
	struct journal_scan scan = { .from = c->pos + 1,
				     .until = h->flushed,
				     .budget = HUB_LOOK_MAX };
	uint64_t next = 0;
	struct err e;
	int rc = journal_scan(j, &scan, on_scanned, &s, &next, &e);

	if (rc < 0)
		return false;
	pieces_end(h->pieces,
		   rc == 0 || next > h->flushed ? h->flushed : next - 1);
	return true;
}

/* The ring has what was framed, and a filter needs the event. */
static bool is_in_ring(const struct hub *h, const struct hub_client *c)
{
	return !c->group->patterns.filter &&
	       c->pos >= ring_floor(h->lane[c->kind].ring);
}

static bool serve_piece(struct hub *h, struct hub_client *c)
{
	const bool is_from_journal = !is_in_ring(h, c);
	const uint64_t owner = owner_of(c, is_from_journal);
	struct journal *j = NULL;
	struct piece_part part;

	if (is_from_journal) {
		j = h->conf.journal(h->conf.arg);
		if (!j)
			return false;
		hub_check_pruned(h, c, j);
		if (c->state != HUB_BEHIND)
			return true; /* choked by what it was told */
	}
	if (pieces_find(h->pieces, owner, c->pos, &part)) {
		h->counts.shared += part.n;
	} else {
		if (!j)
			make_from_ring(h, c);
		else if (!make_from_journal(h, c, j))
			return false;
		pieces_find(h->pieces, owner, c->pos, &part);
	}
	c->pos = part.upto;
	send_later(h, c, part.frames, part.n);
	return true;
}

/* ---- what only one of them is owed, and nobody else: not compressed ---- */

void hub_pop_owed(struct owed **first)
{
	struct owed *o = *first;

	*first = o->next;
	patterns_free(&o->wanted);
	patterns_free(&o->had);
	free((char *)(uintptr_t)o->thin.p);
	free(o->offset);
	free(o);
}

void hub_drop_owed(struct owed **first)
{
	while (*first)
		hub_pop_owed(first);
}

/* The newest events of topics. */
static bool serve_last(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct owed *o = c->owed;
	struct serving s = {
		h, frame_plain(c->kind), &c->group->patterns, o, &h->out, 0
	};
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
		hub_pop_owed(&c->owed);
	send_later(h, c, buf_str(&h->out), s.n);
	return true;
}

/* What later patterns have missed. */
static bool serve_missed(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct owed *o = c->owed;
	struct serving s = {
		h, frame_plain(c->kind), &c->group->patterns, o, &h->out, 0
	};
	struct journal_scan scan = { .from = o->at + 1,
				     .until = c->pos,
				     .budget = HUB_LOOK_MAX };
	uint64_t next = 0;
	struct err e;
	int rc;

	o->want.pattern = o->wanted.v;
	o->want.n = o->wanted.n;
	if (journal_pruned(j, o->at, &o->want, &e) > 0)
		h->conf.broken(c->user, (struct position){ h->epoch, o->at });
	if (c->state != HUB_BEHIND)
		return true; /* choked by what it was told */
	buf_reset(&h->out);
	rc = journal_scan(j, &scan, on_scanned, &s, &next, &e);
	if (rc < 0)
		return false;
	o->at = next - 1;
	if (rc == 0 || next > c->pos)
		hub_pop_owed(&c->owed);
	send_later(h, c, buf_str(&h->out), s.n);
	return true;
}

bool hub_serve(struct hub *h, struct hub_client *c)
{
	struct journal *j;

	if (hub_judge(h, c))
		return true;
	if (!c->owed)
		return serve_piece(h, c);
	j = h->conf.journal(h->conf.arg);
	if (!j)
		return false;
	return c->owed->offset && !c->owed->thin.p ? serve_last(h, c, j)
						   : serve_missed(h, c, j);
}
