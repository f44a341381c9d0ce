#include "schedule.h"

#include <stdlib.h>

#include "common/backoff.h"
#include "common/xmem.h"

#include "draw.h"

static void put(struct schedule *s, size_t at, struct schedule_entry *e)
{
	s->heap[at] = e;
	e->place = at + 1;
}

static void sift_up(struct schedule *s, size_t at)
{
	struct schedule_entry *e = s->heap[at];

	while (at > 0) {
		size_t up = (at - 1) / 2;

		if (s->heap[up]->due_ms <= e->due_ms)
			break;
		put(s, at, s->heap[up]);
		at = up;
	}
	put(s, at, e);
}

static void sift_down(struct schedule *s, size_t at)
{
	struct schedule_entry *e = s->heap[at];

	for (;;) {
		size_t down = 2 * at + 1;

		if (down + 1 < s->n &&
		    s->heap[down + 1]->due_ms < s->heap[down]->due_ms)
			down++;
		if (down >= s->n || s->heap[down]->due_ms >= e->due_ms)
			break;
		put(s, at, s->heap[down]);
		at = down;
	}
	put(s, at, e);
}

void schedule_set(struct schedule *s, struct schedule_entry *e, int64_t due_ms)
{
	e->due_ms = due_ms;
	if (!e->place) {
		xgrow(&s->heap, &s->cap, s->n, sizeof(struct schedule_entry *));
		put(s, s->n++, e);
	}
	sift_up(s, e->place - 1);
	sift_down(s, e->place - 1);
}

void schedule_remove(struct schedule *s, struct schedule_entry *e)
{
	size_t at = e->place - 1;
	struct schedule_entry *last;

	if (!e->place)
		return;
	e->place = 0;
	last = s->heap[--s->n];
	if (last == e)
		return;
	put(s, at, last);
	sift_up(s, at);
	sift_down(s, last->place - 1);
}

struct schedule_entry *schedule_first(const struct schedule *s)
{
	return s->n ? s->heap[0] : NULL;
}

void schedule_free(struct schedule *s)
{
	free(s->heap);
	*s = (struct schedule){ 0 };
}

static int64_t until_cron(const struct timing *t, int64_t now_us)
{
	int64_t at_us = t->hours ? hours_cron(t->hours, t->cron, t->tz, now_us)
				 : cron_next(t->cron, t->tz, now_us);

	/* Rounded up: a fetch must not come before its time. */
	return at_us == CLK_NONE ? -1 : (at_us - now_us + 999) / 1000;
}

static int64_t interval(const struct timing *t)
{
	return t->every_ms < TIMING_EVERY_MIN_MS ? TIMING_EVERY_MIN_MS
						 : t->every_ms;
}

int64_t timing_start(const struct timing *t, int64_t spread_ms, int64_t now_us)
{
	if (t->cron)
		return until_cron(t, now_us);
	return draw_below(t->seed, 0,
			  interval(t) < spread_ms ? interval(t) : spread_ms);
}

int64_t timing_next(const struct timing *t, uint64_t n, int64_t now_us)
{
	int64_t jitter;

	if (t->cron)
		return until_cron(t, now_us);
	jitter = interval(t) / TIMING_JITTER;
	return interval(t) - jitter + draw_below(t->seed, n, 2 * jitter + 1);
}

int64_t timing_retry(const struct timing *t, const struct backoff *b,
		     unsigned failures, uint64_t n, int64_t now_us)
{
	int64_t max = b->max_ms, wait, cron;

	if (!t->cron && interval(t) > max)
		max = interval(t);
	wait = backoff_ms(b->base_ms, failures, max);
	wait = wait / 2 + draw_below(t->seed, n, wait / 2 + 1);
	if (!t->cron)
		return wait;
	cron = until_cron(t, now_us);
	return cron >= 0 && cron < wait ? cron : wait;
}

int64_t timing_bounded(const struct timing *t, int64_t ms)
{
	if (!t->max_ms)
		return ms;
	if (ms > t->max_ms)
		ms = t->max_ms;
	return ms < t->min_ms ? t->min_ms : ms;
}

int64_t timing_adapt(const struct timing *t, bool changed)
{
	int64_t longer = t->every_ms + t->every_ms / 4;

	if (!t->max_ms)
		return t->every_ms;
	return timing_bounded(t, changed ? t->every_ms / 2 : longer);
}

int64_t timing_within(const struct timing *t, int64_t ms, uint64_t n,
		      int64_t now_us)
{
	int64_t at_us = now_us + ms * 1000, open_us, spread = TIMING_OPEN_MS;

	if (ms < 0 || !t->hours)
		return ms;
	open_us = hours_open(t->hours, t->tz, at_us);
	if (open_us == at_us || open_us == CLK_NONE)
		return ms;
	if (!t->cron && interval(t) < spread)
		spread = interval(t);
	return (open_us - now_us + 999) / 1000 + draw_below(t->seed, n, spread);
}
