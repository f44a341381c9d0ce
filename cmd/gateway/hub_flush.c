/* What is waiting, to all clients that are live. */
#include "hub_private.h"

/* What goes out in one write. */
struct chunk {
	struct str bytes;
	uint64_t last; /* offset of its last event */
	size_t n;
};

/* Gather the frames of pending[from..], up to what one write should take. */
static struct chunk gather(struct hub *h, const struct group *g, size_t from)
{
	const struct ring *ring = h->lane[g->kind].ring;
	const struct ring_item *it = ring_at(ring, g->pending[from]);
	struct chunk c = { it->frame, it->offset, 1 };
	bool copied = false;

	while (from + c.n < g->n_pending) {
		it = ring_at(ring, g->pending[from + c.n]);
		if (c.bytes.len + it->frame.len > HUB_WRITE_MAX)
			break;
		if (!copied && c.bytes.p + c.bytes.len == it->frame.p) {
			c.bytes.len += it->frame.len; /* neighbours */
		} else {
			if (!copied) {
				buf_reset(&h->out);
				buf_add_str(&h->out, c.bytes);
				copied = true;
			}
			buf_add_str(&h->out, it->frame);
			c.bytes = buf_str(&h->out);
		}
		c.last = it->offset;
		c.n++;
	}
	return c;
}

/*
 * Those that this turn has no time for: served in the next ones, in order. They
 * come back to the end of the list, and others take their places, so that a
 * place that moves on through it finds others each time.
 */
static void put_off(struct hub *h, struct group *g)
{
	while (g->n_live > HUB_LIVE_SLICE) {
		struct hub_client *c = g->live[g->turn++ % g->n_live].client;

		c->pos = h->flushed;
		hub_set_state(h, c, c->waiter ? HUB_WOKEN : HUB_BEHIND);
		c->put_off = true;
	}
}

static void wake(struct hub *h, struct hub_client *c)
{
	c->pos = h->flushed;
	hub_set_state(h, c, HUB_WOKEN);
}

/* It has not taken all of g->pending[from..]: it goes on behind what it has. */
static void cut_short(struct hub *h, const struct group *g, size_t from,
		      struct chunk chunk, struct hub_client *c, size_t taken)
{
	const struct ring *ring = h->lane[g->kind].ring;
	size_t at = 0, gone = chunk.n;

	c->blocked = true;
	c->pos = chunk.last;
	if (taken < chunk.bytes.len) {
		hub_mark_begin(h);
		for (size_t i = 0; i < chunk.n; i++) {
			const struct ring_item *it =
				ring_at(ring, g->pending[from + i]);

			hub_mark(h, it->offset, at);
			at += it->frame.len;
		}
		gone = hub_send_cut(h, c, chunk.bytes, h->mark, chunk.n, taken);
		if (gone < chunk.n)
			c->pos = h->mark[gone - 1].offset;
	}
	h->counts.delivered += gone;
	hub_settle(h, c); /* at the end of the flush again, if it has room */
}

/* To everyone who is live; who is told later goes from the list. */
static void flush_chunk(struct hub *h, struct group *g, size_t from,
			struct chunk chunk)
{
	struct line to[LINES_MAX];
	struct line_left left[LINES_MAX];

	/* From its end, where one that goes is replaced by one that was told. */
	for (size_t end = g->n_live, n; end > 0; end -= n) {
		const struct group_live *first;
		size_t n_left;

		n = end < LINES_MAX ? end : LINES_MAX;
		first = g->live + end - n;
		for (size_t i = 0; i < n; i++)
			to[i] = first[i].line;
		n_left = h->conf.send_to(h->conf.arg, to, n, chunk.bytes, left);
		for (size_t i = n; i-- > 0;) {
			if (!to[i].conn) {
				wake(h, first[i].client);
				continue;
			}
			if (n_left == 0 || left[n_left - 1].at != i)
				h->counts.delivered += chunk.n;
			else
				cut_short(h, g, from, chunk, first[i].client,
					  left[--n_left].taken);
		}
	}
}

static void flush_group(struct hub *h, struct group *g, uint64_t upto)
{
	put_off(h, g);
	for (size_t i = 0; g->n_live && i < g->n_pending;) {
		struct chunk chunk = gather(h, g, i);

		if (i + chunk.n == g->n_pending)
			chunk.last = upto;
		flush_chunk(h, g, i, chunk);
		i += chunk.n;
	}
	g->n_pending = 0;
}

void hub_flush(struct hub *h)
{
	uint64_t upto = h->newest;
	struct hub_client *c, *next;

	loop_timer_stop(h->tick);
	for (size_t i = 0; i < h->n_due; i++) {
		flush_group(h, h->due[i], upto);
		groups_put(h->groups, &h->due[i]);
	}
	if (h->n_due)
		h->counts.flushes++;
	if (h->n_recorded && h->conf.flushed)
		h->conf.flushed(h->conf.arg, h->recorded_us, h->n_recorded);
	h->n_due = h->n_recorded = 0;
	h->waiting = h->n_waiting = 0;
	h->flushed = upto;
	h->flushed_ms = loop_now_ms(h->conf.loop);
	for (c = h->ahead.head; c; c = next) {
		next = c->next;
		if (c->pos > h->flushed)
			continue;
		hub_settle(h, c);
		c->put_off = c->state == HUB_BEHIND; /* by this flush */
	}
}
