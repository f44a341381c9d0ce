#include "task.h"

#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/stats.h"
#include "common/xmem.h"

enum {
	DUE_MAX = 256,		   /* started in one turn of the loop */
	CRON_HOP_MS = 3600 * 1000, /* then the wall's clock is asked again */
};

static struct task **slot_of(struct scraper *s, struct str id)
{
	return &s->tasks[str_hash(id) % SCRAPER_TASKS];
}

struct task *task_find(const struct scraper *s, struct str id)
{
	struct task *t = s->tasks[str_hash(id) % SCRAPER_TASKS];

	while (t && !str_eq(t->watch->def.id, id))
		t = t->next;
	return t;
}

/* ---- sources ---- */

static struct source *source_of(struct scraper *s, struct str name)
{
	struct source **slot = &s->source_slots[str_hash(name) % SCRAPER_TASKS];
	struct source *src = *slot;

	while (src && !str_is(name, src->name))
		src = src->next_in_slot;
	if (src)
		return src;
	src = xcalloc(1, sizeof(*src));
	src->name = xstrndup(name.p, name.len);
	src->next_us = CLK_NONE;
	src->next = s->sources;
	s->sources = src;
	src->next_in_slot = *slot;
	*slot = src;
	return src;
}

static bool is_blocked(const struct task *t)
{
	return t->observed && (t->outcome == OUTCOME_BLOCKED ||
			       t->outcome == OUTCOME_RATE_LIMITED);
}

static void join_source(struct task *t)
{
	t->source = source_of(t->scraper, t->watch->def.source);
	if (!t->watch->enabled)
		return;
	t->source->watches++;
	t->source->failing += t->observed && !outcome_is_good(t->outcome);
	t->source->blocked += is_blocked(t);
}

static void leave_source(struct task *t)
{
	if (!t->watch->enabled)
		return;
	t->source->watches--;
	t->source->failing -= t->observed && !outcome_is_good(t->outcome);
	t->source->blocked -= is_blocked(t);
}

void task_set_outcome(struct task *t, enum outcome outcome)
{
	leave_source(t);
	t->observed = true;
	t->outcome = outcome;
	join_source(t);
	/* A site that blocks us is worth more words than one that fails. */
	if (outcome_is_good(outcome) || (t->source->blocked && !is_blocked(t)))
		return;
	t->source->outcome = outcome;
	t->source->next_us = t->next_us;
}

void task_seen(struct task *t, enum outcome outcome, int64_t time_us)
{
	if (!outcome_is_good(outcome))
		return;
	t->seen = true;
	t->good_us = t->known_us = time_us;
}

/* ---- when ---- */

static void arm(struct scraper *s)
{
	struct schedule_entry *e = schedule_first(&s->schedule);

	if (e)
		loop_timer_start(s->due, e->due_ms - loop_now_ms(s->loop));
	else
		loop_timer_stop(s->due);
}

/* The wall clock decides, and that may be set at any time. */
static bool is_by_clock(const struct task *t)
{
	return t->watch->timing.cron || t->watch->timing.hours;
}

static void enter(struct task *t, int64_t ms)
{
	struct scraper *s = t->scraper;

	if (is_by_clock(t) && ms > CRON_HOP_MS)
		ms = CRON_HOP_MS;
	schedule_set(&s->schedule, &t->entry, loop_now_ms(s->loop) + ms);
	if (schedule_first(&s->schedule) == &t->entry)
		arm(s);
}

void task_due_in(struct task *t, int64_t ms)
{
	t->next_us = CLK_NONE;
	if (ms < 0 || !t->watch->enabled)
		schedule_remove(&t->scraper->schedule, &t->entry);
	else if (t->scraper->live) {
		t->next_us = clk_wall_us() + ms * 1000;
		enter(t, ms);
	}
}

void task_poll(struct task *t)
{
	if (task_is_busy(t))
		t->again = true;
	else
		task_due_in(t, 0);
}

/* By the clock that has been set since. */
static bool is_early(const struct task *t, int64_t *left_ms_r)
{
	int64_t left = (t->next_us - clk_wall_us()) / 1000;

	*left_ms_r = left;
	return is_by_clock(t) && left > 0;
}

void tasks_due(void *arg)
{
	struct scraper *s = arg;
	int64_t now = loop_now_ms(s->loop), left;
	struct schedule_entry *e;

	for (int i = 0; i < DUE_MAX; i++) {
		e = schedule_first(&s->schedule);
		if (!e || e->due_ms > now)
			break;
		schedule_remove(&s->schedule, e);
		if (is_early((struct task *)(void *)e, &left))
			enter((struct task *)(void *)e, left);
		else
			task_fetch((struct task *)(void *)e);
	}
	arm(s);
}

/* Within its windows. */
static void due_within(struct task *t, int64_t ms)
{
	task_due_in(t,
		    timing_within(&t->watch->timing, ms, t->n, clk_wall_us()));
}

/* A new watch is fetched at once; an old one when its turn comes. */
static void first_time(struct task *t)
{
	const struct scraper_conf *conf = t->scraper->conf;

	if (conf->once || conf->test)
		task_due_in(t, 0);
	else if (!t->observed)
		due_within(t, 0);
	else
		due_within(t, timing_start(&t->watch->timing, conf->spread_ms,
					   clk_wall_us()));
}

void task_due_within(struct task *t, int64_t ms)
{
	const struct scraper_conf *conf = t->scraper->conf;

	if (conf->once || conf->test || t->next_us == CLK_NONE ||
	    t->next_us <= clk_wall_us() + ms * 1000)
		return;
	due_within(t, ms);
}

void task_begin(struct task *t)
{
	if (t->scraper->live)
		due_within(t, 0);
}

void tasks_start(struct scraper *s)
{
	s->live = true;
	for (size_t i = 0; i < SCRAPER_TASKS; i++)
		for (struct task *t = s->tasks[i]; t; t = t->next) {
			s->left += t->watch->enabled;
			first_time(t);
		}
	if (s->left == 0 && (s->conf->once || s->conf->test))
		stage_finish(s->stage);
}

void task_through(struct task *t)
{
	struct scraper *s = t->scraper;

	if (s->conf->once || s->conf->test) {
		if (--s->left == 0)
			stage_finish(s->stage);
		return;
	}
	push_wake(s);
	if (t->again) {
		t->again = false;
		task_due_in(t, 0);
	}
}

/* ---- coming and going ---- */

/* What was found with an older definition is not compared with this one. */
static void drop_results(struct task *t)
{
	for (struct result *r = t->scraper->results; r; r = r->next)
		if (r->task == t)
			r->task = NULL;
	t->recording = false;
}

/* The same watch in other words: what is known of it still holds. */
static void task_replace(struct task *t, struct watch *w)
{
	bool same = w->config == t->watch->config;

	task_cancel(t);
	drop_results(t);
	leave_source(t);
	group_leave(t);
	if (same)
		rhythm_take_over(t, w);
	if (same)
		watch_set_version(w, t->watch->etag, t->watch->last_modified);
	else
		t->failures = 0;
	watch_free(&t->watch);
	t->watch = w;
	join_source(t);
	group_join(t);
	due_within(t, same && t->observed
			      ? timing_next(&w->timing, t->n, clk_wall_us())
			      : 0);
}

struct task *task_set(struct scraper *s, struct watch *w)
{
	struct task *t = task_find(s, w->def.id);
	struct task **slot = slot_of(s, w->def.id);

	if (t) {
		task_replace(t, w);
		return t;
	}
	if (s->n_tasks == SCRAPER_WATCHES_MAX) {
		watch_free(&w);
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	t->scraper = s;
	t->watch = w;
	t->next_us = CLK_NONE;
	t->next = *slot;
	*slot = t;
	s->n_tasks++;
	stats_set(stage_stats(s->stage), "watches", NULL, (int64_t)s->n_tasks);
	join_source(t);
	group_join(t);
	return t;
}

void task_remove(struct scraper *s, struct task *t)
{
	struct task **slot = slot_of(s, t->watch->def.id);

	drop_results(t);
	while (*slot != t)
		slot = &(*slot)->next;
	*slot = t->next;
	schedule_remove(&s->schedule, &t->entry);
	task_cancel(t);
	leave_source(t);
	group_leave(t);
	watch_free(&t->watch);
	free(t);
	s->n_tasks--;
	stats_set(stage_stats(s->stage), "watches", NULL, (int64_t)s->n_tasks);
}
