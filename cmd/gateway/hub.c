#include "hub.h"

#include <stdlib.h>

#include "common/xmem.h"

#include "hub_private.h"

/* ---- lists ---- */

static void push(struct queue *q, struct hub_client *c)
{
	c->next = NULL;
	c->prev = q->tail;
	if (q->tail)
		q->tail->next = c;
	else
		q->head = c;
	q->tail = c;
}

static void pull(struct queue *q, struct hub_client *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		q->head = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		q->tail = c->prev;
	c->prev = c->next = NULL;
}

static void push_live(struct group *g, struct hub_client *c)
{
	const struct line nowhere = { NULL, -1 };

	xgrow(&g->live, &g->cap_live, g->n_live, sizeof(*g->live));
	c->at = g->n_live++;
	g->live[c->at] =
		(struct group_live){ c->waiter ? nowhere : c->line, c };
}

static void pull_live(struct group *g, struct hub_client *c)
{
	const struct group_live last = g->live[--g->n_live];

	g->live[c->at] = last;
	last.client->at = c->at;
}

static struct queue *queue_of(struct hub *h, enum hub_state state)
{
	switch (state) {
	case HUB_BEHIND: return &h->behind;
	case HUB_AHEAD: return &h->ahead;
	case HUB_CHOKED: return &h->choked;
	case HUB_WOKEN: return &h->woken;
	default: return NULL;
	}
}

static enum hub_class class_of(enum hub_state state)
{
	switch (state) {
	case HUB_BEHIND:
	case HUB_WOKEN: return HUB_CLASS_BEHIND;
	case HUB_CHOKED: return HUB_CLASS_CHOKED;
	default: return HUB_CLASS_LIVE;
	}
}

void hub_set_state(struct hub *h, struct hub_client *c, enum hub_state state)
{
	size_t *clients = h->clients[c->transport];
	struct queue *q = queue_of(h, c->state);

	if (q)
		pull(q, c);
	else if (c->state == HUB_LIVE)
		pull_live(c->group, c);
	if (c->state != HUB_IDLE)
		clients[class_of(c->state)]--;
	h->counts.behind -= c->state == HUB_BEHIND;
	h->counts.choked -= c->state == HUB_CHOKED;
	c->state = state;
	c->put_off &= state == HUB_BEHIND;
	q = queue_of(h, state);
	if (q)
		push(q, c);
	else if (state == HUB_LIVE)
		push_live(c->group, c);
	if (state != HUB_IDLE)
		clients[class_of(state)]++;
	h->counts.behind += state == HUB_BEHIND;
	h->counts.choked += state == HUB_CHOKED;
	if (state == HUB_BEHIND || state == HUB_WOKEN)
		loop_work_wake(h->work);
}

void hub_settle(struct hub *h, struct hub_client *c)
{
	if (!c->group)
		hub_set_state(h, c, HUB_IDLE);
	else if (c->blocked)
		hub_set_state(h, c, HUB_CHOKED);
	else if (c->owed || c->pos < h->flushed)
		hub_set_state(h, c, c->waiter ? HUB_WOKEN : HUB_BEHIND);
	else {
		c->returning = false;
		hub_set_state(h, c, c->pos > h->flushed ? HUB_AHEAD : HUB_LIVE);
	}
}

/* Give c what it wants from now on; an empty set, or NULL, is nothing. */
static void set_group(struct hub *h, struct hub_client *c,
		      const struct patterns *set)
{
	struct group *old = c->group;

	c->group = set && set->n ? groups_get(h->groups, set, c->kind) : NULL;
	if (!old && c->group) {
		h->counts.subscribed++;
		h->lane[c->kind].clients++;
		c->all_prev = NULL;
		c->all_next = h->all;
		if (h->all)
			h->all->all_prev = c;
		h->all = c;
	} else if (old && !c->group) {
		h->counts.subscribed--;
		h->lane[c->kind].clients--;
		if (c->all_prev)
			c->all_prev->all_next = c->all_next;
		else
			h->all = c->all_next;
		if (c->all_next)
			c->all_next->all_prev = c->all_prev;
	}
	if (h->conf.wants && !c->waiter && old != c->group)
		h->conf.wants(c->user, old ? &old->patterns : NULL,
			      c->group ? &c->group->patterns : NULL);
	groups_put(h->groups, &old);
}

/* ---- events ---- */

static void on_tick(void *arg)
{
	hub_flush(arg);
}

/* An event of the ring is for this group. */
static void on_wanted(void *arg, struct group *g)
{
	struct hub *h = arg;

	if (g->n_pending == 0) {
		xgrow(&h->due, &h->cap_due, h->n_due, sizeof(*h->due));
		/* held, so that it outlives its clients until the flush */
		h->due[h->n_due++] = groups_hold(g);
	}
	xgrow(&g->pending, &g->cap_pending, g->n_pending, sizeof(*g->pending));
	g->pending[g->n_pending++] = ring_end(h->lane[g->kind].ring) - 1;
	h->lane[g->kind].wanted = true;
	h->wanted |= g->n_live > 0;
}

/* Nobody has seen, or is owed, what the rings do not hold. */
static void empty_rings(struct hub *h, uint64_t offset)
{
	for (int k = 0; k < FRAME_KINDS; k++)
		ring_reset(h->lane[k].ring, offset);
	h->newest = h->flushed = offset;
}

void hub_event(struct hub *h, const struct event *ev)
{
	size_t len;

	if (h->epoch != ev->epoch)
		hub_epoch(h, (struct position){ ev->epoch, ev->offset - 1 });
	if (h->conf.lag)
		lag_event(h->conf.lag, ev->topic, ev->offset);
	if (!h->all) {
		/* Nobody listens: whoever comes finds it in the journal. */
		empty_rings(h, ev->offset);
		return;
	}
	len = hub_frame_all(h, ev);
	/* What waits must still be in its ring when it is flushed. */
	if (h->waiting + len > HUB_RING_BYTES / 4 ||
	    h->n_waiting == HUB_RING_SLOTS / 2)
		hub_flush(h);
	h->waiting += len;
	h->n_waiting++;
	h->newest = ev->offset;
	for (int k = 0; k < FRAME_KINDS; k++) {
		struct lane *l = &h->lane[k];

		if (l->clients)
			ring_add(l->ring, ev->offset, ev->topic,
				 buf_str(&l->frame));
		else
			ring_reset(l->ring, ev->offset);
		l->wanted = false;
	}
	h->wanted = false;
	groups_match(h->groups, ev, on_wanted, h);
	hub_deflate_wanted(h);
	if (!h->wanted)
		return;
	xgrow(&h->recorded_us, &h->cap_recorded, h->n_recorded,
	      sizeof(*h->recorded_us));
	h->recorded_us[h->n_recorded++] = ev->recorded_us;
}

void hub_slice_end(struct hub *h)
{
	if (h->newest == h->flushed)
		return;
	if (loop_now_ms(h->conf.loop) - h->flushed_ms >= HUB_TICK_MS)
		hub_flush(h);
	else if (!loop_timer_running(h->tick))
		loop_timer_start(h->tick, HUB_TICK_MS);
}

void hub_look(struct hub *h)
{
	if (h->newest != h->flushed)
		hub_flush(h);
}

void hub_leave(struct hub *h, struct hub_client *c)
{
	hub_set_state(h, c, HUB_IDLE);
	hub_drop_owed(&c->owed);
	set_group(h, c, NULL);
}

static bool on_work(void *arg)
{
	struct hub *h = arg;
	struct hub_client *c;

	for (int i = 0; i < HUB_SLICE && (c = h->woken.head); i++) {
		hub_leave(h, c);
		h->conf.woken(c->user);
	}
	h->spent = 0;
	while (h->spent < HUB_TURN_MAX && (c = h->behind.head)) {
		h->spent += HUB_WRITE_COST;
		if (!hub_serve(h, c)) {
			loop_timer_start(h->retry, HUB_RETRY_MS);
			return false;
		}
	}
	return h->woken.head || h->behind.head;
}

static void on_retry(void *arg)
{
	struct hub *h = arg;

	loop_work_wake(h->work);
}

/* ---- clients ---- */

void hub_owe(struct hub_client *c, struct owed *o)
{
	struct owed **at = &c->owed;

	while (*at)
		at = &(*at)->next;
	*at = o;
}

int hub_subscribe(struct hub *h, struct hub_client *c,
		  const struct hub_wish *wish, struct position *pos_r,
		  bool *recovered_r, struct err *e)
{
	struct plan p;
	int rc;

	hub_flush(h); /* so that everybody's position is a flushed one */
	rc = hub_plan(h, c, wish, &p, e);
	c->looked = p.looked;
	if (rc == 0) {
		hub_set_state(h, c, HUB_IDLE);
		set_group(h, c, &p.set);
		hub_owe(c, p.owed);
		p.owed = NULL;
		c->pos = p.pos;
		c->want = p.want;
		c->returning |= wish->since != NULL;
		*pos_r = (struct position){ h->epoch, c->pos };
		*recovered_r = p.recovered;
		hub_settle(h, c);
	}
	hub_plan_free(&p);
	return rc;
}

/* What it asked for with a pattern that it does not want any more. */
static void disown(struct hub_client *c, struct str pattern)
{
	struct owed **at = &c->owed;

	while (*at) {
		patterns_remove(&(*at)->wanted, pattern);
		if ((*at)->wanted.n)
			at = &(*at)->next;
		else
			hub_pop_owed(at);
	}
}

void hub_unsubscribe(struct hub *h, struct hub_client *c,
		     const struct str *pattern, size_t n)
{
	struct patterns set = { 0 };
	size_t had = 0;

	for (size_t i = 0; c->group && i < n; i++)
		had += patterns_have(&c->group->patterns, pattern[i]);
	if (had == 0)
		return;
	hub_flush(h);
	if (c->state == HUB_LIVE)
		c->pos = h->flushed;
	hub_set_state(h, c, HUB_IDLE);
	patterns_copy(&set, &c->group->patterns);
	for (size_t i = 0; i < n; i++) {
		patterns_remove(&set, pattern[i]);
		disown(c, pattern[i]);
	}
	set_group(h, c, &set);
	if (!c->group)
		hub_drop_owed(&c->owed);
	patterns_free(&set);
	hub_settle(h, c);
}

static void block(struct hub *h, struct hub_client *c, uint64_t pos)
{
	c->pos = pos;
	c->blocked = true;
	hub_set_state(h, c, HUB_CHOKED);
}

void hub_choked(struct hub *h, struct hub_client *c)
{
	if (!c->blocked)
		block(h, c, c->state == HUB_LIVE ? h->flushed : c->pos);
}

void hub_reply(struct hub *h, struct hub_client *c, struct str frames)
{
	if (!h->conf.send(c->user, frames))
		hub_choked(h, c);
}

void hub_drained(struct hub *h, struct hub_client *c)
{
	c->blocked = c->lagging = false;
	hub_settle(h, c);
}

struct position hub_position(const struct hub *h, const struct hub_client *c)
{
	if (c->owed)
		return (struct position){ 0, 0 };
	return (struct position){ h->epoch, c->group && c->state != HUB_LIVE
						    ? c->pos
						    : h->flushed };
}

void hub_end_waits(struct hub *h)
{
	for (struct hub_client *c = h->all; c; c = c->all_next)
		if (c->waiter)
			hub_set_state(h, c, HUB_WOKEN);
}

/* ---- what does not join on ---- */

void hub_gap(struct hub *h)
{
	struct journal *j = h->conf.journal(h->conf.arg);

	hub_flush(h);
	for (struct hub_client *c = h->all; j && c; c = c->all_next) {
		if (c->waiter)
			continue; /* it looks for itself */
		/* One that is behind may find all it needs in the ring. */
		if (c->state == HUB_LIVE)
			c->pos = h->flushed;
		hub_check_pruned(h, c, j);
	}
}

void hub_epoch(struct hub *h, struct position pos)
{
	struct hub_client *c;

	for (size_t i = 0; i < h->n_due; i++) {
		h->due[i]->n_pending = 0;
		groups_put(h->groups, &h->due[i]);
	}
	h->n_due = h->n_recorded = 0;
	h->waiting = h->n_waiting = 0;
	h->epoch = pos.epoch;
	pieces_clear(h->pieces);
	cache_clear(h->cache);
	if (h->conf.lag)
		lag_forget(h->conf.lag);
	empty_rings(h, pos.offset);
	for (c = h->all; c; c = c->all_next) {
		hub_drop_owed(&c->owed);
		c->pos = pos.offset;
		c->want.told = c->want.asked = 0;
		if (c->waiter) {
			hub_set_state(h, c, HUB_WOKEN);
			continue;
		}
		h->conf.broken(c->user, pos);
		hub_settle(h, c);
	}
}

struct hub *hub_new(const struct hub_conf *conf)
{
	struct hub *h = xcalloc(1, sizeof(*h));

	h->conf = *conf;
	for (int k = 0; k < FRAME_KINDS; k++)
		h->lane[k].ring = ring_new(HUB_RING_SLOTS, HUB_RING_BYTES);
	h->groups = groups_new();
	h->filters = filters_new();
	h->pieces = pieces_new();
	h->cache = cache_new();
	h->work = loop_work_new(conf->loop, on_work, h);
	h->tick = loop_timer_new(conf->loop, on_tick, h);
	h->retry = loop_timer_new(conf->loop, on_retry, h);
	h->lag = loop_timer_new(conf->loop, hub_judge_choked, h);
	if (conf->lag)
		loop_timer_start(h->lag, HUB_LAG_MS);
	return h;
}

void hub_free(struct hub **hp)
{
	struct hub *h = *hp;

	if (!h)
		return;
	for (size_t i = 0; i < h->n_due; i++)
		groups_put(h->groups, &h->due[i]);
	loop_work_free(&h->work);
	loop_timer_free(&h->tick);
	loop_timer_free(&h->retry);
	loop_timer_free(&h->lag);
	for (int k = 0; k < FRAME_KINDS; k++) {
		ring_free(&h->lane[k].ring);
		buf_free(&h->lane[k].frame);
	}
	groups_free(&h->groups);
	filters_free(&h->filters);
	pieces_free(&h->pieces);
	cache_free(&h->cache);
	buf_free(&h->text);
	buf_free(&h->whole);
	buf_free(&h->out);
	free(h->mark);
	free(h->due);
	free(h->recorded_us);
	free(h);
	*hp = NULL;
}
