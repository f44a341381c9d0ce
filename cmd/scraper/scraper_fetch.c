#include "task.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/clk.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/xmem.h"

#include "lifetime.h"

bool outcome_is_good(enum outcome o)
{
	return o == OUTCOME_FOUND || o == OUTCOME_CHANGED ||
	       o == OUTCOME_UNCHANGED;
}

/* Outcomes that trying again soon may mend, or that ask us to come less. */
static bool outcome_backs_off(enum outcome o)
{
	switch (o) {
	case OUTCOME_BLOCKED:
	case OUTCOME_RATE_LIMITED:
	case OUTCOME_TIMEOUT:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_HTTP_ERROR: return true;
	default: return false;
	}
}

/* Nothing is fetched before wait_ms. fails: soon again would not mend it. */
static void schedule_next(struct task *t, enum outcome outcome, int64_t wait_ms,
			  bool fails)
{
	t->n++;
	fails |= outcome_backs_off(outcome);
	t->failures = fails ? t->failures + 1 : 0;
	rhythm_next(t, wait_ms);
}

static struct result *result_new(struct task *t, enum outcome outcome,
				 const char *reason)
{
	struct result *r = xcalloc(1, sizeof(*r));

	r->arena.block = 2048;
	r->task = t;
	r->outcome = outcome;
	r->time_us = clk_wall_us();
	if (reason && *reason)
		r->reason = arena_str(&r->arena, str_from(reason));
	return r;
}

static void submit(struct scraper *s, struct result *r)
{
	r->task->recording = true;
	*s->results_last = r;
	s->results_last = &r->next;
	s->n_results++;
	s->result_bytes += r->from.body.len + r->o.text.len;
	loop_work_wake(s->work);
}

/* Ends like the fetch before, with nothing to compare: memory only. */
static bool is_old_news(const struct task *t, enum outcome outcome)
{
	return !t->scraper->conf->test && t->observed &&
	       !(t->stale && outcome_is_good(outcome)) &&
	       outcome != OUTCOME_FOUND &&
	       !diff_ends_otherwise(outcome, t->outcome);
}

/* What waits to be extracted keeps its place among the fetches. */
static void show_load(struct scraper *s)
{
	fetcher_hold(s->fetcher, extract_pool_pending(s->pool));
}

static struct result *take_extracted(struct task *t)
{
	struct result *r = t->extracted;

	t->extraction = NULL;
	t->extracted = NULL;
	return r;
}

void task_found(struct task *t, struct result *r, bool fails)
{
	r->outcome = r->o.outcome;
	r->reason = r->o.reason;
	/* A push comes when it comes. */
	if (!r->push.p)
		schedule_next(t, r->outcome, r->wait_ms, fails);
	submit(t->scraper, r);
}

/* As if it had not come: what was pushed in is read again. */
static void drop(struct task *t, struct result *r)
{
	push_ended(t->scraper, r, false);
	pages_end(r);
	arena_free(&r->arena);
	free(r);
}

static void on_extracted(void *arg, const struct extracted *x)
{
	struct task *t = arg;
	struct result *r = take_extracted(t);
	struct observation o;

	if (x->unread && r->push.p) {
		drop(t, r);
		show_load(t->scraper);
		return;
	}
	observation_copy(&o, x->o, &r->arena);
	if (o.outcome == OUTCOME_FOUND && !o.n_items && !o.text.p)
		o.outcome = OUTCOME_EMPTY;
	if (!pages_go_on(t, r, &o))
		task_found(t, r, x->ended);
	show_load(t->scraper);
}

/* r is of what will be found there. */
static void extract(struct task *t, struct result *r,
		    const struct wire_request *req)
{
	t->extracted = r;
	t->extraction =
		extract_pool_run(t->scraper->pool, req, on_extracted, t);
	show_load(t->scraper);
}

static struct wire_request request_of(const struct task *t, struct str body,
				      struct str content_type, struct str url)
{
	const struct type_watch *def = &t->watch->def;

	return (struct wire_request){
		.kind = def->kind,
		.config = def->extract,
		.doc = { .body = body.p ? body : STR(""),
			 .content_type = content_type,
			 .url = url,
			 .currency = def->currency.p ? def->currency
						     : def->item.currency },
	};
}

void task_extract(struct task *t, struct result *r, struct str body,
		  struct str content_type, struct str url)
{
	const struct wire_request req = request_of(t, body, content_type, url);

	extract(t, r, &req);
}

bool task_is_busy(const struct task *t)
{
	return t->fetch || t->extraction || t->recording;
}

void task_cancel(struct task *t)
{
	struct result *r;

	fetch_cancel(&t->fetch);
	extraction_cancel(&t->extraction);
	r = take_extracted(t);
	if (!r)
		r = t->paged;
	t->paged = NULL;
	if (r)
		drop(t, r);
}

/* How long the host wants us to wait, or its answer stays fresh. */
static int64_t wait_of(const struct task *t, const struct fetched *f)
{
	const struct scraper_conf *conf = t->scraper->conf;
	int64_t fresh_ms;

	/* Most watches are asked for less often than any answer stays fresh. */
	if (f->v->retry_ms || !f->r || !t->watch->heeds_cache ||
	    (!t->watch->timing.cron &&
	     conf->cache_max_ms <= t->watch->timing.every_ms))
		return f->v->retry_ms;
	fresh_ms = lifetime_of(f->r, clk_wall_us());
	return fresh_ms < conf->cache_max_ms ? fresh_ms : conf->cache_max_ms;
}

/* That of a list is with its pages. */
static bool takes_body(const struct result *r)
{
	return !r->pages && (r->outcome == OUTCOME_FOUND ||
			     provenance_is_telling(r->outcome));
}

static void on_fetched(void *arg, const struct fetched *f)
{
	struct task *t = arg;
	enum outcome outcome = f->v->outcome;
	int64_t wait_ms = wait_of(t, f);
	struct result *r;

	t->fetch = NULL;
	if (f->sent_us)
		stats_took(t->scraper->late,
			   f->sent_us - t->entry.due_ms * 1000);
	if (is_old_news(t, outcome)) {
		stats_add(stage_stats(t->scraper->stage), "fetches_total",
			  outcome_name(outcome), 1);
		task_seen(t, outcome, clk_wall_us());
		if (outcome == OUTCOME_UNCHANGED)
			rhythm_adapt(t, false);
		schedule_next(t, outcome, wait_ms, false);
		task_through(t);
		return;
	}
	r = result_new(t, outcome, f->v->reason);
	r->status = f->a->status;
	if (f->via.p)
		r->via = arena_str(&r->arena, f->via);
	if (f->proxy)
		r->proxy = arena_str(&r->arena, str_from(f->proxy));
	r->wait_ms = wait_ms;
	if (outcome == OUTCOME_FOUND)
		pages_begin(t, r, f);
	if (t->scraper->conf->body_max)
		provenance_take(&r->from, f, takes_body(r), &r->arena);
	if (outcome == OUTCOME_FOUND) {
		r->etag = arena_str(&r->arena, http_header(f->r, "etag"));
		r->last_modified = arena_str(
			&r->arena, http_header(f->r, "last-modified"));
		task_extract(t, r, f->a->body, f->a->content_type,
			     str_from(f->r->url));
		return;
	}
	schedule_next(t, outcome, wait_ms, false);
	submit(t->scraper, r);
}

void task_take(struct task *t, const struct taken *in)
{
	struct wire_request req;
	struct verdict v;
	struct result *r;

	classify(in->a, clk_wall_us(), &v);
	r = result_new(t, v.outcome, v.reason);
	r->status = in->a->status;
	r->time_us = in->time_us;
	r->push = arena_str(&r->arena, in->key);
	provenance_push(&r->from, in->a, in->url, in->source, in->id,
			&r->arena);
	if (v.outcome != OUTCOME_FOUND) {
		submit(t->scraper, r);
		return;
	}
	req = request_of(t, in->a->body, in->a->content_type, in->url);
	if (in->items.p) {
		req.kind = STR("json");
		req.config = in->items;
	}
	extract(t, r, &req);
}

static void fetch_mock(struct task *t)
{
	struct result *r = result_new(t, OUTCOME_FOUND, NULL);

	schedule_next(t, OUTCOME_FOUND, 0, false);
	submit(t->scraper, r);
}

/*
 * It is not fetched until it is set anew. As a filter it stands in somebody's
 * file, and is a line that was not understood.
 */
static void refuse(struct task *t, struct result *r)
{
	log_warn("watch %.*s: %.*s", STR_ARG(t->watch->def.id),
		 STR_ARG(r->reason));
	if (stage_is_filter(t->scraper->stage))
		stage_bad_input(t->scraper->stage);
	t->next_us = CLK_NONE;
	r->is_news = t->is_news;
	t->is_news = false;
}

/* Are its programs good? Then it can be fetched. */
static void on_proven(void *arg, const struct extracted *x)
{
	struct task *t = arg;
	struct result *r;

	take_extracted(t);
	show_load(t->scraper);
	if (x->o->outcome == OUTCOME_EMPTY) {
		t->watch->unproven = false;
		task_fetch(t);
		return;
	}
	r = result_new(t, x->unread ? OUTCOME_UNREACHABLE : OUTCOME_REFUSED,
		       NULL);
	r->reason = x->o->reason.p ? arena_str(&r->arena, x->o->reason)
				   : x->o->reason;
	if (x->unread)
		schedule_next(t, r->outcome, 0, true);
	else
		refuse(t, r);
	submit(t->scraper, r);
}

static void prove(struct task *t)
{
	const struct wire_request req = { .kind = t->watch->def.kind,
					  .config = t->watch->def.extract };

	t->extraction = extract_pool_run(t->scraper->pool, &req, on_proven, t);
}

struct fetch_request task_request(const struct task *t, const char *url)
{
	const struct watch *w = t->watch;

	return (struct fetch_request){
		.url = url,
		.headers = w->headers,
		.version = w->version,
		.conditional = w->conditional,
		.ignores_robots = w->ignores_robots,
		.via = w->def.via.n ? w->def.via.v : t->scraper->conf->via,
		.n_via = w->def.via.n ? w->def.via.n : t->scraper->conf->n_via,
	};
}

void task_fetch(struct task *t)
{
	struct watch *w = t->watch;
	struct fetch_request req = task_request(t, w->url);
	int64_t hold_ms;

	if (task_is_busy(t)) {
		t->again = true;
		return;
	}
	t->next_us = CLK_NONE;
	if (!w->extracts) {
		fetch_mock(t);
		return;
	}
	if (w->unproven) {
		prove(t);
		return;
	}
	hold_ms = fetcher_hold_ms(t->scraper->fetcher, w->url);
	if (hold_ms > 0) {
		rhythm_hold(t, hold_ms);
		return;
	}
	t->fetch = fetcher_get(t->scraper->fetcher, &req, on_fetched, t);
}
