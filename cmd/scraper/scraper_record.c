/*
 * Results into the ledger. All that came in one turn is compared first, and
 * what is to be kept of it is put and synced together; then, in the same
 * transaction, what follows of each is said and remembered.
 */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/stats.h"

/* cause: NULL, or one without a source: none. */
static int emit(struct scraper *s, const struct diff_event *ev, int64_t time_us,
		const struct event *cause, struct err *e)
{
	return stage_emit(s->stage, ev->topic, time_us, cause,
			  (struct str){ 0 }, ev->data, e);
}

/* What is known of one before anything of it is said. */
struct record {
	struct watch_state before, after;
	struct diff d;
	bool otherwise; /* it ended in another way than before */
	bool is_compared, is_recorded;
	struct keeping text, body;
};

/* A mock's page: one item, with the next price of its walk. */
static void mock_observation(struct result *r, const struct watch_state *st)
{
	struct task *t = r->task;
	const struct mock *m = t->watch->mock;
	struct item *it = arena_alloc(&r->arena, sizeof(*it));
	struct decimal before = m->start;
	char text[DECIMAL_TEXT_MAX];

	if (t->polls < st->polls)
		t->polls = st->polls;
	if (st->price.p)
		decimal_parse(st->price, &before);
	t->polls = st->price.p ? t->polls + 1 : 1;
	it->id = it->title = m->name;
	it->price = arena_str(&r->arena,
			      str_from(decimal_format(
				      mock_price(m, t->polls, before), text)));
	it->currency = m->currency.p		  ? m->currency
		       : t->watch->def.currency.p ? t->watch->def.currency
						  : t->watch->def.item.currency;
	it->availability = STR("InStock");
	r->o.items = it;
	r->o.n_items = 1;
	r->o.outcome = OUTCOME_FOUND;
}

static int emit_ending(struct result *r, const struct watch_state *before,
		       const struct event *cause, struct err *e)
{
	struct task *t = r->task;
	const struct diff_ending end = {
		.outcome = r->outcome,
		.previous = before->outcome,
		.first = !before->observed,
		.reason = r->reason,
		.status = r->status,
		.via = r->via,
		.proxy = r->proxy,
		.next_us = t->next_us,
		.items = r->o.n_items,
		.pages = pages_read(r),
		.stopped = pages_stopped(r),
	};
	struct diff_event ev = diff_ending(&t->watch->diff, &end, &r->arena);

	return emit(t->scraper, &ev, r->time_us, cause, e);
}

/*
 * What an answer was and what was read from it, before what follows from it:
 * *cause_r is the cause of that.
 */
static int emit_record(struct result *r, const struct record *rec,
		       struct event *cause_r, struct err *e)
{
	struct task *t = r->task;
	const struct provenance_end end = {
		.outcome = r->outcome,
		.reason = r->reason,
		.status = r->status,
		.items = r->o.n_items,
		.d = &rec->d,
		.body_id = rec->body.id[0] ? str_from(rec->body.id)
					   : (struct str){ 0 },
		.kept = rec->body.how == KEEPING_KEPT,
		.pages = pages_read(r),
		.stopped = pages_stopped(r),
		.further = pages_print(r, &r->arena),
	};
	const struct event push = { .source = r->from.push_source,
				    .id = r->from.push_id };
	char topic[STR_ID_MAX + 24];

	snprintf(topic, sizeof(topic), "observation.record/%.*s",
		 STR_ARG(t->watch->def.id));
	return stage_emit_cause(
		t->scraper->stage, str_from(topic), r->time_us, &push,
		provenance_print(t->watch, &r->from, &end, &r->arena), cause_r,
		e);
}

static void compare(struct result *r, struct record *rec, bool keeps)
{
	struct diff_watch w = r->task->watch->diff;

	if (keeps)
		w.keep_max = r->task->scraper->conf->keep_max;
	diff_found(&w, &rec->before, &r->o, r->time_us, &r->arena, &rec->after,
		   &rec->d);
}

/* Is it worth a record: did something move, or begin to be unreadable? */
static bool is_to_be_recorded(const struct result *r, const struct diff *d,
			      bool otherwise)
{
	return r->task->scraper->conf->body_max && r->task->watch->extracts &&
	       (d->n || (otherwise && provenance_is_telling(r->outcome)));
}

/* What follows from it, in order. *cause_r: of this and what is yet to come. */
static int emit_all(struct result *r, const struct record *rec,
		    struct event *cause_r, struct err *e)
{
	if (rec->is_recorded && emit_record(r, rec, cause_r, e))
		return -1;
	for (size_t i = 0; i < rec->d.n; i++)
		if (emit(r->task->scraper, &rec->d.events[i], r->time_us,
			 cause_r, e))
			return -1;
	return rec->otherwise ? emit_ending(r, &rec->before, cause_r, e) : 0;
}

/* What was found is believed only as far as the watch says. */
static void judge(struct result *r)
{
	char why[CONTRACT_REASON_MAX];

	if (r->outcome != OUTCOME_FOUND)
		return;
	r->outcome = r->o.outcome = watch_judge(r->task->watch, &r->o, why);
	if (r->outcome != OUTCOME_FOUND)
		r->reason = arena_str(&r->arena, str_from(why));
}

/* Compare, and write down what is to be kept: what is said may name it. */
static int look_at(struct result *r, struct blob_batch *batch, struct err *e)
{
	struct task *t = r->task;
	struct record *rec = arena_alloc(&r->arena, sizeof(*rec));

	*rec = (struct record){ .is_recorded = false };
	r->record = rec;
	if (known_of(t, &r->arena, &rec->before, e))
		return -1;
	if (r->outcome == OUTCOME_FOUND && !t->watch->extracts)
		mock_observation(r, &rec->before);
	judge(r);
	rec->after = rec->before;
	if (r->outcome == OUTCOME_FOUND) {
		rec->is_compared = true;
		compare(r, rec, batch != NULL);
		r->outcome = rec->d.outcome;
		keep_text(r, batch, &rec->d, &rec->text);
	}
	rec->otherwise = !rec->before.observed || r->is_news ||
			 rec->before.cut != rec->after.cut ||
			 diff_ends_otherwise(rec->before.outcome, r->outcome);
	rec->is_recorded = is_to_be_recorded(r, &rec->d, rec->otherwise);
	if (rec->is_recorded) {
		rec->body = r->kept;
		keep_body(r, r->from.body, batch, &rec->body);
		pages_keep(r, batch);
	}
	return 0;
}

/* When it is fetched next, by what was found. */
static void plan(struct result *r, const struct record *rec)
{
	struct task *t = r->task;

	if (rec->before.based && !rec->d.waits && outcome_is_good(r->outcome) &&
	    t->watch->timing.max_ms && !r->push.p) {
		rhythm_adapt(t, r->outcome == OUTCOME_CHANGED);
		rhythm_next(t, r->wait_ms);
	}
	if (rec->d.waits)
		task_due_within(t, t->watch->diff.confirm.again_ms);
}

/* What waits is to be seen, not to be "not modified". */
static void take_version(struct result *r, struct record *rec)
{
	bool waits = rec->d.waits;

	rec->after.polls = r->task->polls;
	rec->after.etag = waits ? (struct str){ 0 } : r->etag;
	rec->after.last_modified = waits ? (struct str){ 0 } : r->last_modified;
	watch_set_version(r->task->watch, rec->after.etag,
			  rec->after.last_modified);
}

/* Say what follows, and remember it. */
static int record(struct result *r, struct blob_batch *batch, struct err *e)
{
	struct task *t = r->task;
	struct record *rec = r->record;
	struct watch_state *after = &rec->after;
	struct event cause = { .id = 0 };
	bool back, shared = group_is_shared(t);

	/* One that cannot be kept is not named; the change is told. */
	if (!keep_ended(r, batch, "text", "texts_total", &rec->text))
		compare(r, rec, false);
	keep_ended(r, batch, "body", "bodies_total", &rec->body);
	pages_kept(r, batch);
	if (rec->is_compared)
		take_version(r, rec);
	plan(r, rec);
	if (shared)
		group_rename(r, &rec->d);
	if (emit_all(r, rec, &cause, e))
		return -1;
	after->observed = true;
	after->outcome = r->outcome;
	task_seen(t, r->outcome, r->time_us);
	after->good_us = t->good_us;
	back = t->stale && outcome_is_good(r->outcome);
	after->stale = t->stale = t->stale && !back;
	task_set_outcome(t, r->outcome);
	if (!rec->otherwise && !rec->d.moved && !back)
		return 0;
	if (known_save(t->scraper, t->watch->def.id, after, e))
		return -1;
	if (shared && (back || rec->d.n) &&
	    group_record(r, back && !rec->d.n, !rec->before.based, &cause, e))
		return -1;
	return tell_source(t->scraper, t->source, r->time_us, e);
}

/* For --test: the observation on one line, and nothing else. */
static void print(struct result *r)
{
	struct buf b = { 0 }, o = { 0 };

	if (r->outcome == OUTCOME_FOUND && !r->task->watch->extracts)
		mock_observation(r, &(struct watch_state){ 0 });
	judge(r);
	r->o.outcome =
		r->outcome == OUTCOME_FOUND ? OUTCOME_CHANGED : r->outcome;
	r->o.reason = r->reason;
	observation_print(&r->o, &o);
	buf_puts(&b, "{\"watch\":");
	buf_json_str(&b, r->task->watch->def.id);
	buf_puts(&b, ",\"url\":");
	buf_json_str(&b, r->task->watch->def.url);
	if (r->status)
		buf_addf(&b, ",\"status\":%d", r->status);
	if (pages_read(r)) {
		buf_addf(&b, ",\"pages\":%u,\"stopped\":", pages_read(r));
		buf_json_str(&b, pages_stopped(r));
	}
	if (r->via.p) {
		buf_puts(&b, ",\"via\":");
		buf_json_str(&b, r->via);
	}
	buf_putc(&b, ',');
	buf_add(&b, o.p + 1, o.len - 1);
	buf_putc(&b, '\n');
	fwrite(b.p, 1, b.len, r->task->scraper->conf->test);
	fflush(r->task->scraper->conf->test);
	buf_free(&b);
	buf_free(&o);
}

/* What the events of all name is on disk before the first is written. */
static int record_list(struct scraper *s, struct result *list,
		       struct blob_batch *batch, struct err *e)
{
	for (struct result *r = list; r; r = r->next)
		if (r->task && look_at(r, batch, e))
			return -1;
	if (batch)
		blob_batch_flush(batch);
	for (struct result *r = list; r; r = r->next)
		if (r->task && (record(r, batch, e) || push_recorded(s, r, e)))
			return -1;
	return 0;
}

static int record_all(struct scraper *s, struct result *list, struct err *e)
{
	const char *dir = s->conf->keep_dir;
	struct blob_batch *batch;
	int rc;

	if (s->conf->test) {
		for (struct result *r = list; r; r = r->next)
			if (r->task)
				print(r);
		return 0;
	}
	if (stage_begin(s->stage, e))
		return -1;
	batch = dir ? blob_batch_new(dir) : NULL;
	rc = record_list(s, list, batch, e);
	blob_batch_free(&batch);
	return rc ? rc : stage_commit(s->stage, e);
}

void record_now(struct scraper *s)
{
	struct result *list = s->results;
	struct err e;

	s->results = NULL;
	s->results_last = &s->results;
	s->n_results = s->result_bytes = 0;
	if (record_all(s, list, &e))
		stage_fail(s->stage, &e);
	while (list) {
		struct result *r = list;

		list = r->next;
		push_ended(s, r, r->task != NULL);
		if (r->task) {
			stats_add(stage_stats(s->stage), "fetches_total",
				  outcome_name(r->outcome), 1);
			r->task->recording = false;
			task_through(r->task);
		}
		pages_end(r);
		arena_free(&r->arena);
		free(r);
	}
	loop_update_now(s->loop);
	s->recorded_ms = loop_now_ms(s->loop);
}

/*
 * All that came in one turn of the loop goes into one transaction; soon after
 * the last one, also what comes within SCRAPER_GATHER_MS of it.
 */
bool record_results(void *arg)
{
	struct scraper *s = arg;
	int64_t wait_ms =
		s->recorded_ms + SCRAPER_GATHER_MS - loop_now_ms(s->loop);

	if (wait_ms > 0 && s->n_results < SCRAPER_GATHER_MAX &&
	    s->result_bytes < SCRAPER_GATHER_BYTES) {
		if (!loop_timer_running(s->gather))
			loop_timer_start(s->gather, wait_ms);
		return false;
	}
	if (s->results)
		record_now(s);
	return false;
}

void record_gathered(void *arg)
{
	struct scraper *s = arg;

	loop_work_wake(s->work);
}
