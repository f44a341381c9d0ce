#include "bot.h"

#include <stdio.h>

#include "common/log.h"
#include "common/types_observation.h"

#include "errand.h"
#include "known.h"
#include "poll.h"

enum { WAIT_S = 15 * 60 }; /* for a look that somebody asked for */

struct str bot_number(const struct bot *b)
{
	struct str rest;

	return str_cut(str_from(b->token), ':', &rest);
}

/* ---- who waits for a look ---- */

struct waiting {
	struct arena *a;
	struct str key[16], since[16];
	int n;
};

static int gather(void *arg, struct str key, struct str val, struct err *e)
{
	struct waiting *w = arg;

	(void)e;
	w->key[w->n] = arena_str(w->a, key);
	w->since[w->n] = arena_str(w->a, val);
	return ++w->n == 16;
}

static int64_t chat_in(struct str key)
{
	size_t at = key.len;
	bool below;
	uint64_t v = 0;

	while (at > 0 && key.p[at - 1] != '/')
		at--;
	below = str_starts(str_sub(key, at, key.len), STR("-"));
	str_u64(str_sub(key, at + below, key.len), &v);
	return below ? -(int64_t)v : (int64_t)v;
}

/* Tell those who wait for a look at this watch what came of it. */
static int tell(struct bot *b, const struct event *ev, struct str watch,
		const struct reply *r, struct err *e)
{
	struct waiting w = { .a = &b->arena };
	struct buf prefix = { 0 };
	int rc;

	buf_addf(&prefix, "n/%.*s/", STR_ARG(watch));
	rc = stage_each(b->stage, buf_str(&prefix), gather, &w, e);
	buf_free(&prefix);
	for (int i = 0; rc >= 0 && i < w.n; i++) {
		int64_t since_us = 0;

		if (stage_del(b->stage, w.key[i], e) < 0)
			return -1;
		clk_parse(w.since[i], &since_us);
		if (!stage_is_silent(b->stage) &&
		    ev->time_us - since_us < WAIT_S * 1000000LL)
			rc = errand_send(b, chat_in(w.key[i]), r, e);
	}
	return rc < 0 ? -1 : 0;
}

static int tell_price(struct bot *b, const struct event *ev, struct err *e)
{
	struct reply r = { .n_buttons = 0 };
	struct type_price p;
	int rc;

	if (shape_decode(&shape_price, ev->data, &p, &b->arena, e) ||
	    !p.watch.p)
		return 0;
	reply_puts(&r, "<b>");
	reply_text(&r, str_utf8_prefix(p.item.name.p ? p.item.name
				       : p.title.p   ? p.title
						     : p.item.id,
				       120));
	reply_puts(&r, "</b>: ");
	reply_text(&r, p.price.p ? p.price : STR("no price"));
	if (p.price.p && p.currency.p) {
		reply_puts(&r, " ");
		reply_text(&r, p.currency);
	}
	rc = tell(b, ev, p.watch, &r, e);
	reply_free(&r);
	return rc;
}

static int tell_outcome(struct bot *b, const struct event *ev, struct err *e)
{
	struct reply r = { .n_buttons = 0 };
	struct type_observation o;
	int rc;

	if (shape_decode(&shape_observation, ev->data, &o, &b->arena, e) ||
	    str_is(o.outcome, "changed") || str_is(o.outcome, "unchanged"))
		return 0;
	reply_puts(&r, "<b>");
	reply_text(&r, event_subject(ev));
	reply_puts(&r, "</b> could not be read: ");
	reply_text(&r, o.outcome);
	if (o.reason.p) {
		reply_puts(&r, " (");
		reply_text(&r, str_utf8_prefix(o.reason, 300));
		reply_puts(&r, ")");
	}
	rc = tell(b, ev, event_subject(ev), &r, e);
	reply_free(&r);
	return rc;
}

/* ---- what happens ---- */

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct bot *b = self;
	struct str update;

	arena_reset(&b->arena);
	if (str_starts(ev->source, STR("weir/bot/"))) {
		update = event_attr(ev, "update", &b->arena);
		if (update.p && poll_served(b, update, e))
			return -1;
	}
	if (known_event(s, ev, &b->arena, e))
		return -1;
	if (event_is(ev, "price.update"))
		return tell_price(b, ev, e);
	if (event_is(ev, "observation.change"))
		return tell_outcome(b, ev, e);
	return 0;
}

static void on_clock(void *self, struct stage *s, int64_t clock_us)
{
	struct bot *b = self;

	(void)s;
	b->clock_us = clock_us;
}

static void on_heard(void *self, struct stage *s, struct str tool)
{
	struct bot *b = self;
	size_t i = 0;

	while (i < b->n_heard && !str_is(tool, b->heard[i].name))
		i++;
	if (i == sizeof(b->heard) / sizeof(b->heard[0]))
		return;
	if (i == b->n_heard &&
	    str_copy(b->heard[i].name, sizeof(b->heard[i].name), tool))
		b->n_heard++;
	b->heard[i].at_ms = loop_now_ms(stage_loop(s));
}

static int on_open(void *self, struct stage *s, struct err *e)
{
	struct bot *b = self;

	b->stage = s;
	b->clock_us = CLK_NONE;
	b->errands = errands_new(b, e);
	if (!b->errands)
		return -1;
	b->poll = poll_new(b, e);
	return b->poll ? errands_load(b->errands, e) : -1;
}

static void on_live(void *self, struct stage *s)
{
	struct bot *b = self;

	(void)s;
	poll_start(b->poll);
	errands_go(b->errands);
}

/* Errands that events gave rise to begin once they are durable. */
static void on_settled(void *self, struct stage *s)
{
	struct bot *b = self;

	(void)s;
	if (b->clock_us != CLK_NONE)
		errands_go(b->errands);
}

static void on_close(void *self, struct stage *s)
{
	struct bot *b = self;

	(void)s;
	poll_free(&b->poll);
	errands_free(&b->errands);
	arena_free(&b->arena);
}

const struct stage_handler bot_handler = {
	.tool = "bot",
	.pure = false,
	.open = on_open,
	.event = on_event,
	.settled = on_settled,
	.live = on_live,
	.clock = on_clock,
	.heard = on_heard,
	.close = on_close,
};
