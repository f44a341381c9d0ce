/*
 * When a watch is fetched next, and how often one whose interval adapts.
 *
 * Such an interval is in the ledger as "a/WATCH". It is written with the
 * summary, not with the fetch that moved it: once it has found its bounds it
 * costs no write at all, and a crash forgets a minute of it.
 */
#include "task.h"

#include <stdio.h>

#include "common/clk.h"

#include "draw.h"

enum { TEXT_MAX = 24 };

void rhythm_next(struct task *t, int64_t wait_ms)
{
	const struct scraper_conf *conf = t->scraper->conf;
	const struct timing *timing = &t->watch->timing;
	int64_t now_us = clk_wall_us(), ms, next;

	if (conf->once || conf->test)
		return;
	if (t->failures)
		ms = timing_retry(timing, &conf->backoff, t->failures, t->n,
				  now_us);
	else
		ms = timing_next(timing, t->n, now_us);
	if (ms >= 0 && ms < wait_ms) {
		ms = wait_ms;
		/* What is well comes at its times, and at no other. */
		next = timing_next(timing, t->n, now_us + ms * 1000);
		if (timing->cron && !t->failures)
			ms = next < 0 ? next : ms + next;
	}
	task_due_in(t, timing_within(timing, ms, t->n, now_us));
}

/*
 * Whoever waited in the host's line would come when it opens, whatever the
 * hour, and all the others with it. So most come to a host that has said by
 * then whether it still blocks us.
 */
void rhythm_hold(struct task *t, int64_t hold_ms)
{
	const struct timing *timing = &t->watch->timing;
	int64_t spread = TIMING_OPEN_MS, now_us = clk_wall_us();

	if (timing->every_ms < spread)
		spread = timing->every_ms;
	if (hold_ms < spread) /* "come back in a second" is no minute */
		spread = hold_ms;
	hold_ms += draw_below(timing->seed, t->n, spread);
	task_due_in(t, timing_within(timing, hold_ms, t->n, now_us));
}

void rhythm_adapt(struct task *t, bool changed)
{
	struct timing *timing = &t->watch->timing;
	int64_t every_ms = timing_adapt(timing, changed);

	t->adapted |= every_ms != timing->every_ms;
	timing->every_ms = every_ms;
}

void rhythm_take_over(struct task *t, struct watch *w)
{
	if (t->watch->timing.max_ms && w->timing.max_ms)
		w->timing.every_ms =
			timing_bounded(&w->timing, t->watch->timing.every_ms);
}

/* ---- in the ledger ---- */

int rhythm_load(struct task *t, struct err *e)
{
	struct timing *timing = &t->watch->timing;
	char key[ROW_KEY_MAX];
	struct str val;
	uint64_t ms;
	int got;

	if (!timing->max_ms)
		return 0;
	got = stage_get(t->scraper->stage,
			row_key(ROW_RHYTHM, t->watch->def.id, key), &val, e);
	if (got > 0 && str_u64(val, &ms) && ms <= INT64_MAX)
		timing->every_ms = timing_bounded(timing, (int64_t)ms);
	return got < 0 ? -1 : 0;
}

int rhythm_forget(struct scraper *s, struct str id, struct err *e)
{
	char key[ROW_KEY_MAX];

	return stage_del(s->stage, row_key(ROW_RHYTHM, id, key), e) < 0 ? -1
									: 0;
}

bool rhythm_has_news(const struct scraper *s)
{
	for (size_t i = 0; i < SCRAPER_TASKS; i++)
		for (const struct task *t = s->tasks[i]; t; t = t->next)
			if (t->adapted)
				return true;
	return false;
}

static int save(struct task *t, struct err *e)
{
	char key[ROW_KEY_MAX], text[TEXT_MAX];

	snprintf(text, sizeof(text), "%lld",
		 (long long)t->watch->timing.every_ms);
	t->adapted = false;
	return stage_put(t->scraper->stage,
			 row_key(ROW_RHYTHM, t->watch->def.id, key),
			 str_from(text), e);
}

int rhythm_save(struct scraper *s, struct err *e)
{
	for (size_t i = 0; i < SCRAPER_TASKS; i++)
		for (struct task *t = s->tasks[i]; t; t = t->next)
			if (t->adapted && save(t, e))
				return -1;
	return 0;
}
