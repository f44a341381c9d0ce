/* Clients that are behind: from the ring, or from the journal. */
#include "hub_private.h"

#include <stdlib.h>

#include "common/xmem.h"

#include "frame.h"

void hub_mark_begin(struct hub *h)
{
	h->n_marks = 0;
}

void hub_mark(struct hub *h, uint64_t offset, size_t at)
{
	xgrow(&h->mark, &h->cap_marks, h->n_marks, sizeof(*h->mark));
	h->mark[h->n_marks++] = (struct mark){ offset, at };
}

size_t hub_send_cut(struct hub *h, struct hub_client *c, struct str frames,
		    const struct mark *mark, size_t n, size_t taken)
{
	size_t k = 1;

	while (k < n && mark[k].at - mark[0].at <= taken)
		k++;
	if (k < n)
		frames.len = mark[k].at - mark[0].at;
	c->blocked = !h->conf.send(c->user, str_sub(frames, taken, frames.len));
	return k;
}

size_t hub_send(struct hub *h, struct hub_client *c, struct str frames,
		const struct mark *mark, size_t n)
{
	struct line_left left;

	h->spent += frames.len >> 10;
	if (frames.len &&
	    h->conf.send_to(h->conf.arg, &c->line, 1, frames, &left) > 0) {
		c->blocked = true;
		if (left.taken < frames.len)
			n = hub_send_cut(h, c, frames, mark, n, left.taken);
	}
	h->counts.delivered += n;
	return n;
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
};

/* The first of what is owed that is not below an offset. */
static size_t find_owed(const struct owed *o, uint64_t offset)
{
	size_t lo = 0, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (o->offset[mid] < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_among(const struct owed *o, uint64_t offset)
{
	size_t i = find_owed(o, offset);

	return i < o->n && o->offset[i] == offset;
}

static bool is_owed(const struct owed *o, const struct event *ev)
{
	if (o->thin.p && topic_matches(ev->topic, o->thin) &&
	    !is_among(o, ev->offset))
		return false;
	return patterns_want(&o->wanted, ev) && !patterns_want(&o->had, ev);
}

static bool is_wanted(const struct serving *s, const struct event *ev)
{
	return patterns_want(s->patterns, ev) &&
	       (!s->owed || is_owed(s->owed, ev));
}

/* Another one is framed; what somebody is owed, others may be, too. */
static void add_framed(struct serving *s, const struct event *ev)
{
	struct hub *h = s->h;
	size_t at = s->out->len;
	struct str frames;

	hub_frame(h, s->kind, ev, hub_print(h, ev), s->owed, s->out);
	h->counts.from_journal++;
	if (!s->owed) {
		pieces_add(h->pieces, ev->offset);
		return;
	}
	frames = str_sub(buf_str(s->out), at, s->out->len);
	cache_add(h->cache, s->kind, ev->offset, ev->topic, frames);
	hub_mark(h, ev->offset, at);
}

/* One that was framed for another. */
static void add_cached(struct serving *s, uint64_t offset, struct str frames)
{
	hub_mark(s->h, offset, s->out->len);
	buf_add_str(s->out, frames);
	s->h->counts.shared++;
}

static int on_scanned(void *arg, const struct event *ev, struct err *e)
{
	struct serving *s = arg;
	size_t before = s->out->len;
	struct cached had;

	(void)e;
	s->h->spent++;
	if (!is_wanted(s, ev))
		return 0;
	if (s->kind != frame_plain(s->kind))
		s->h->spent += HUB_DEFLATE_COST;
	if (s->owed && cache_find(s->h->cache, s->kind, ev->offset, &had))
		add_cached(s, ev->offset, had.frames);
	else
		add_framed(s, ev);
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
	struct serving s = { h, c->kind, &c->group->patterns, NULL,
			     pieces_begin(h->pieces, owner_of(c, true),
					  c->pos) };
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
	size_t gone;

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
	gone = hub_send(h, c, part.frames, part.mark, part.n);
	c->pos = gone < part.n ? part.mark[gone - 1].offset : part.upto;
	hub_settle(h, c);
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

/* The event of those in h->out behind which it goes on; 0: it has had all. */
static uint64_t send_owed(struct hub *h, struct hub_client *c)
{
	size_t gone = hub_send(h, c, buf_str(&h->out), h->mark, h->n_marks);

	return gone < h->n_marks ? h->mark[gone - 1].offset : 0;
}

/* An event that is owed, without a look at the journal; a filter needs that. */
static bool find_cached(struct serving *s, uint64_t offset)
{
	struct event ev = { .offset = offset };
	struct cached had;

	if (s->patterns->filter || s->owed->wanted.filter ||
	    s->owed->had.filter ||
	    !cache_find(s->h->cache, s->kind, offset, &had))
		return false;
	s->h->spent++;
	ev.topic = had.topic;
	if (is_wanted(s, &ev))
		add_cached(s, offset, had.frames);
	return true;
}

/* The newest events of topics. */
static bool serve_last(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct owed *o = c->owed;
	struct serving s = { h, frame_plain(c->kind), &c->group->patterns, o,
			     &h->out };
	size_t upto = o->done + HUB_LOOK_MAX;
	bool unread = false;
	uint64_t cut;
	struct err e;

	if (upto > o->n)
		upto = o->n;
	buf_reset(&h->out);
	hub_mark_begin(h);
	if (journal_begin(j, &e))
		return false;
	while (o->done < upto && h->out.len < HUB_WRITE_MAX) {
		uint64_t offset = o->offset[o->done];

		if (!find_cached(&s, offset) &&
		    journal_get(j, offset, on_scanned, &s, &e) < 0) {
			unread = true;
			break;
		}
		o->done++;
	}
	journal_end(j);
	if (unread && h->out.len == 0)
		return false; /* it is tried again */
	cut = send_owed(h, c);
	if (cut)
		o->done = find_owed(o, cut) + 1;
	if (o->done == o->n)
		hub_pop_owed(&c->owed);
	hub_settle(h, c);
	return true;
}

/* What later patterns have missed. */
static bool serve_missed(struct hub *h, struct hub_client *c, struct journal *j)
{
	struct owed *o = c->owed;
	struct serving s = { h, frame_plain(c->kind), &c->group->patterns, o,
			     &h->out };
	struct journal_scan scan = { .from = o->at + 1,
				     .until = c->pos,
				     .budget = HUB_LOOK_MAX };
	uint64_t next = 0, cut;
	struct err e;
	int rc;

	o->want.pattern = o->wanted.v;
	o->want.n = o->wanted.n;
	if (journal_pruned(j, o->at, &o->want, &e) > 0)
		h->conf.broken(c->user, (struct position){ h->epoch, o->at });
	if (c->state != HUB_BEHIND)
		return true; /* choked by what it was told */
	buf_reset(&h->out);
	hub_mark_begin(h);
	rc = journal_scan(j, &scan, on_scanned, &s, &next, &e);
	if (rc < 0)
		return false;
	cut = send_owed(h, c);
	o->at = cut ? cut : next - 1;
	if (!cut && (rc == 0 || next > c->pos))
		hub_pop_owed(&c->owed);
	hub_settle(h, c);
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
