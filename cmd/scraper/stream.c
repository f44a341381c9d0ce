#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/xmem.h"

#include "draw.h"
#include "stream_private.h"

enum {
	DUE_MAX = 64,  /* connections begun in one turn of the loop */
	SPREAD_MS = 5, /* of the first ones, for each stream */
	SPREAD_MAX_MS = 30000,
	RELIEF_MS = 250, /* how often a pause is thought over */
};

static const struct link_handler handler;

/* ---- the table ---- */

static struct stream **slot_of(struct streams *ss, struct str id)
{
	return &ss->table[str_hash(id) % STREAM_SLOTS];
}

struct stream *stream_find(const struct streams *ss, struct str id)
{
	struct stream *s = ss->table[str_hash(id) % STREAM_SLOTS];

	while (s && !str_eq(s->watch->def.id, id))
		s = s->next;
	return s;
}

bool streams_has(const struct streams *ss, struct str id)
{
	return stream_find(ss, id) != NULL;
}

size_t streams_count(const struct streams *ss)
{
	return ss->n;
}

size_t streams_fresh(const struct streams *ss, struct str *ids)
{
	size_t n = 0;

	for (size_t i = 0; i < STREAM_SLOTS; i++)
		for (struct stream *s = ss->table[i]; s; s = s->next)
			if (s->state == STREAM_LIVE && s->watch->def.fresh.p)
				ids[n++] = s->watch->def.id;
	return n;
}

/* ---- small changes ---- */

void stream_touch(struct stream *s)
{
	struct streams *ss = s->all;

	if (!s->is_touched) {
		s->is_touched = true;
		s->touched = ss->touched;
		ss->touched = s;
	}
	loop_work_wake(ss->work);
}

void stream_take(struct stream *s, const struct note *n)
{
	struct streams *ss = s->all;

	xgrow(&ss->batch, &ss->cap_batch, ss->n_batch, sizeof(*ss->batch));
	ss->batch[ss->n_batch++] = *n;
	seen_add(&s->seen, n->hash);
	s->fresh++;
	s->last_us = n->at_us;
	stream_touch(s);
}

void stream_set_since(struct stream *s, struct str since)
{
	if (str_eq(since, s->since) && !since.p == !s->since.p)
		return;
	free((char *)(uintptr_t)s->since.p);
	s->since = (struct str){ 0 };
	if (since.p)
		s->since =
			(struct str){ xstrndup(since.p, since.len), since.len };
	s->moved = true;
	if (!s->all->loading && s->link)
		stream_touch(s);
}

static void arm(struct streams *ss)
{
	struct schedule_entry *e = schedule_first(&ss->schedule);

	if (e)
		loop_timer_start(ss->due, e->due_ms - loop_now_ms(ss->loop));
	else
		loop_timer_stop(ss->due);
}

static void due_in(struct stream *s, int64_t ms)
{
	struct streams *ss = s->all;

	schedule_set(&ss->schedule, &s->entry, loop_now_ms(ss->loop) + ms);
	if (schedule_first(&ss->schedule) == &s->entry)
		arm(ss);
}

static void set_state(struct stream *s, enum stream_state state)
{
	s->state = state;
	if (state != STREAM_WAITING && state != STREAM_FAILED)
		s->next_us = 0;
	stream_touch(s);
}

/* ---- connecting ---- */

/* In so many ms; the state says why not now. */
static void try_in(struct stream *s, enum stream_state state, int64_t ms)
{
	if (state != STREAM_CONNECTING)
		s->next_us = clk_wall_us() + ms * 1000;
	set_state(s, state);
	if (s->all->live)
		due_in(s, ms);
}

static void begin(struct stream *s)
{
	const struct chat *c = s->watch->chat;

	if (s->all->paused) {
		set_state(s, STREAM_PAUSED);
		return;
	}
	s->target = c->target;
	s->target.headers = s->watch->headers;
	if (s->target.protocol == LINK_POLL) {
		buf_reset(&s->url);
		chat_url(c, s->since, &s->url);
		s->target.url = s->url.p;
	} else if (s->target.protocol == LINK_SSE && s->since.p) {
		buf_reset(&s->url);
		buf_add_str(&s->url, s->since);
		s->target.last_id = s->url.p;
	}
	s->tries++;
	s->open_ms = 0;
	set_state(s, STREAM_CONNECTING);
	stream_way_begin(s);
}

void stream_connect(struct stream *s)
{
	s->link = link_open(s->all->links, &s->target, &handler, s);
}

void stream_try_in(struct stream *s, int64_t ms)
{
	try_in(s, STREAM_WAITING, ms);
}

/* The connection goes, and what was held back is judged by what came. */
static void disconnect(struct stream *s)
{
	link_close(&s->link);
	stream_way_free(s);
	turns_leave(&s->all->turns, &s->turn);
	schedule_remove(&s->all->schedule, &s->entry);
	stream_cut_off(s);
	if (s->heard)
		s->lost_us = clk_wall_us();
	s->open_ms = 0;
}

static void rest(struct stream *s)
{
	disconnect(s);
	s->failures = 0;
	s->outcome = OUTCOME_FOUND;
	set_state(s, session_rest(&s->session));
}

/* It runs, or it does not, as its session says. */
static void apply(struct stream *s)
{
	bool is_up = s->state >= STREAM_CONNECTING || s->state == STREAM_FAILED;

	if (!session_runs(&s->session, s->watch->enabled))
		rest(s);
	else if (!s->all->live)
		s->state = STREAM_CONNECTING;
	else if (!is_up)
		try_in(s, STREAM_CONNECTING, 0);
}

static void begin_settling(struct stream *s)
{
	s->first = !s->session.first_us;
	s->settling = true;
	s->repeated = s->heard = false;
	if (s->first) {
		s->session.first_us = clk_wall_us();
		s->dirty = true;
	}
	due_in(s, STREAM_SETTLE_MS);
}

static void on_open(void *arg)
{
	struct stream *s = arg;

	s->reconnects += s->opened;
	s->opened = true;
	s->open_ms = loop_now_ms(s->all->loop);
	s->outcome = OUTCOME_FOUND;
	stream_way_leave(s, POOL_GOOD, NULL);
	begin_settling(s);
	set_state(s, STREAM_LIVE);
}

void stream_end(void *arg, const struct link_end *end)
{
	struct stream *s = arg;
	const struct stream_try t = {
		.outcome = end->outcome,
		.status = end->status,
		.retry_ms = end->retry_ms,
		.lived_ms =
			s->open_ms ? loop_now_ms(s->all->loop) - s->open_ms : 0,
		.failures = s->failures,
		.seed = str_hash(s->watch->def.id),
		.n = s->tries,
	};
	struct stream_next next = stream_after(&t, &s->all->conf.backoff);

	s->link = NULL;
	stream_way_leave(s, stream_way_health(end), end->reason);
	disconnect(s);
	s->failures = next.failures;
	s->outcome = end->outcome;
	str_copy(s->reason, sizeof(s->reason), str_from(end->reason));
	stats_add(stage_stats(s->all->conf.stage), "streams_lost_total",
		  outcome_name(end->outcome), 1);
	if (next.state != STREAM_ENDED) {
		try_in(s, next.state, next.wait_ms);
		return;
	}
	s->session.said = SESSION_ENDED;
	s->dirty = true;
	set_state(s, STREAM_ENDED);
}

void stream_reject(struct stream *s, const char *reason)
{
	/* What it has once it is there will still be from before us. */
	if (s->first && s->settling) {
		s->session.first_us = 0;
		s->dirty = true;
	}
	s->outcome = OUTCOME_PARSE_FAIL;
	str_copy(s->reason, sizeof(s->reason), str_from(reason));
	str_make_printable(s->reason);
	/* Until its end is told: nobody shall hear in between that it lives. */
	set_state(s, STREAM_CONNECTING);
	link_reject(s->link, reason);
}

static const struct link_handler handler = {
	.open = on_open,
	.unit = stream_unit,
	.end = stream_end,
};

static void on_due(void *arg)
{
	struct streams *ss = arg;
	int64_t now = loop_now_ms(ss->loop);

	for (int i = 0; i < DUE_MAX; i++) {
		struct schedule_entry *e = schedule_first(&ss->schedule);
		struct stream *s = (struct stream *)(void *)e;

		if (!e || e->due_ms > now)
			break;
		schedule_remove(&ss->schedule, e);
		if (!s->link)
			begin(s);
		else if (s->hold && s->turn.waits)
			due_in(s, STREAM_SETTLE_MS); /* more of it is to come */
		else
			stream_settle(s);
	}
	arm(ss);
}

/* ---- back pressure ---- */

void stream_read_or_wait(struct stream *s)
{
	if (s->link)
		link_pause(s->link, s->all->paused || s->turn.waits);
}

static void pause_all(struct streams *ss, bool paused)
{
	ss->paused = paused;
	stats_set(stage_stats(ss->conf.stage), "streams_paused", NULL, paused);
	for (size_t i = 0; i < STREAM_SLOTS; i++)
		for (struct stream *s = ss->table[i]; s; s = s->next) {
			stream_read_or_wait(s);
			if (paused && s->state == STREAM_LIVE)
				set_state(s, STREAM_PAUSED);
			if (paused || s->state != STREAM_PAUSED)
				continue;
			if (s->link)
				set_state(s, STREAM_LIVE);
			else
				try_in(s, STREAM_CONNECTING, 0);
		}
}

void stream_relieve(void *arg)
{
	struct streams *ss = arg;
	uint64_t waiting = stage_outbox(ss->conf.stage);

	if (!ss->paused && waiting > STREAM_OUTBOX_MAX) {
		log_warn("streams are paused: %llu events wait for the store",
			 (unsigned long long)waiting);
		pause_all(ss, true);
	} else if (ss->paused && waiting < STREAM_OUTBOX_MAX / 2) {
		log_info("streams go on: the store is back");
		pause_all(ss, false);
	}
	if (ss->paused)
		loop_timer_start(ss->relief, RELIEF_MS);
}

/* ---- coming and going ---- */

/* What a stream's own end could not do from within a callback. */
static void end_streams(struct streams *ss)
{
	for (struct stream *s = ss->touched; s; s = s->touched)
		if (s->session.said == SESSION_ENDED && s->link)
			rest(s);
}

static bool on_work(void *arg)
{
	struct streams *ss = arg;

	if (!ss->live)
		return false;
	end_streams(ss);
	return stream_commit_work(ss);
}

struct streams *streams_new(const struct streams_conf *conf, struct err *e)
{
	struct streams *ss = xcalloc(1, sizeof(*ss));
	struct links_conf links = conf->links;

	ss->conf = *conf;
	ss->loop = stage_loop(conf->stage);
	ss->loading = true;
	ss->arena.block = 256 << 10;
	turns_init(&ss->turns);
	links.loop = ss->loop;
	ss->links = links_new(&links, e);
	ss->due = loop_timer_new(ss->loop, on_due, ss);
	ss->gather = loop_timer_new(ss->loop, stream_gathered, ss);
	ss->report = loop_timer_new(ss->loop, stream_report, ss);
	ss->relief = loop_timer_new(ss->loop, stream_relieve, ss);
	ss->work = loop_work_new(ss->loop, on_work, ss);
	if (!ss->links || stream_log_open(ss, e))
		streams_free(&ss);
	return ss;
}

int streams_loaded(struct streams *ss, struct err *e)
{
	if (stream_log_loaded(ss, e))
		return -1;
	for (size_t i = 0; i < STREAM_SLOTS; i++)
		for (struct stream *s = ss->table[i]; s; s = s->next) {
			s->told_n = s->n;
			s->lost_us = s->last_us;
		}
	return 0;
}

void streams_set_conf(struct streams *ss, const struct streams_conf *conf)
{
	ss->conf = *conf;
	links_set(ss->links, &conf->links);
}

static void stream_free(struct stream *s)
{
	link_close(&s->link);
	stream_way_free(s);
	turns_leave(&s->all->turns, &s->turn);
	schedule_remove(&s->all->schedule, &s->entry);
	stream_drop_hold(s);
	seen_free(&s->seen);
	buf_free(&s->url);
	free((char *)(uintptr_t)s->since.p);
	watch_free(&s->watch);
	free(s);
}

void streams_free(struct streams **ssp)
{
	struct streams *ss = *ssp;

	if (!ss)
		return;
	for (size_t i = 0; i < STREAM_SLOTS; i++)
		while (ss->table[i]) {
			struct stream *s = ss->table[i];

			ss->table[i] = s->next;
			stream_free(s);
		}
	links_free(&ss->links);
	loop_timer_free(&ss->due);
	loop_timer_free(&ss->gather);
	loop_timer_free(&ss->report);
	loop_timer_free(&ss->relief);
	loop_work_free(&ss->work);
	schedule_free(&ss->schedule);
	arena_free(&ss->arena);
	buf_free(&ss->text);
	free(ss->batch);
	free(ss->by_slot);
	free(ss);
	*ssp = NULL;
}

void streams_live(struct streams *ss)
{
	int64_t spread = (int64_t)ss->n * SPREAD_MS;

	if (spread > SPREAD_MAX_MS)
		spread = SPREAD_MAX_MS;
	ss->live = true;
	for (size_t i = 0; i < STREAM_SLOTS; i++)
		for (struct stream *s = ss->table[i]; s; s = s->next)
			if (session_runs(&s->session, s->watch->enabled))
				try_in(s, STREAM_CONNECTING,
				       draw_below(str_hash(s->watch->def.id), 0,
						  spread));
			else
				stream_touch(s);
	loop_timer_start(ss->report, STREAM_REPORT_MS);
}

static void count_streams(struct streams *ss)
{
	stats_set(stage_stats(ss->conf.stage), "streams", NULL, (int64_t)ss->n);
}

static int replace(struct stream *s, struct watch *w, struct err *e)
{
	bool is_same = w->chat->hash == s->watch->chat->hash;
	bool has_moved = w->chat->place != s->session.place;

	if (is_same) {
		watch_free(&w);
		return 0;
	}
	disconnect(s);
	watch_free(&s->watch);
	s->watch = w;
	s->state = STREAM_STOPPED;
	s->failures = 0;
	session_set_enabled(&s->session, w->enabled);
	if (has_moved ? stream_log_renew(s, e) : stream_log_save_session(s, e))
		return -1;
	apply(s);
	return 0;
}

int streams_set(struct streams *ss, struct watch *w, struct err *e)
{
	struct stream *s = stream_find(ss, w->def.id), **slot;

	if (s)
		return replace(s, w, e);
	slot = slot_of(ss, w->def.id);
	s = xcalloc(1, sizeof(*s));
	s->all = ss;
	s->watch = w;
	s->next = *slot;
	*slot = s;
	ss->n++;
	count_streams(ss);
	if (stream_log_load(s, e))
		return -1;
	session_set_enabled(&s->session, w->enabled);
	if (s->session.place != w->chat->place && stream_log_renew(s, e))
		return -1;
	s->told_n = s->n;
	s->lost_us = s->last_us;
	apply(s);
	return 0;
}

int streams_remove(struct streams *ss, struct str id, struct err *e)
{
	struct stream *s = stream_find(ss, id), **at = slot_of(ss, id);
	int rc;

	if (!s)
		return 0;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	for (at = &ss->touched; *at; at = &(*at)->touched)
		if (*at == s) {
			*at = s->touched;
			break;
		}
	for (size_t i = 0; i < ss->n_batch; i++)
		if (ss->batch[i].stream == s)
			ss->batch[i].stream = NULL;
	rc = stream_log_forget(s, e);
	stream_free(s);
	ss->n--;
	count_streams(ss);
	return rc;
}

/* ---- sessions ---- */

#define MISSING "there is no chat of that id"

static int say(struct stream *s, enum session_said said, struct err *e)
{
	s->session.said = said;
	s->session.enabled = s->watch->enabled;
	apply(s);
	return stream_log_save_session(s, e);
}

/* The definition in a session.start is the watch from now on. */
static int publish_watch(struct streams *ss, const struct event *ev,
			 struct type_watch *w, struct arena *a, struct err *e)
{
	struct buf topic = { 0 }, data = { 0 };
	struct str now;
	struct err why;
	int rc;

	w->id = event_subject(ev);
	w->kind = STR("chat");
	w->enabled = STR("true");
	if (watch_complete(w, a, &why))
		return stream_tell_failed(ss, w->id, ev->time_us, why.msg, e);
	buf_puts(&topic, "w/");
	buf_add_str(&topic, w->id);
	shape_encode(&shape_watch, w, &data);
	rc = stage_get(ss->conf.stage, buf_str(&topic), &now, e);
	if (rc == 0 || (rc > 0 && !str_eq(now, buf_str(&data)))) {
		buf_reset(&topic);
		buf_puts(&topic, "watch.set/");
		buf_add_str(&topic, w->id);
		rc = stage_emit(ss->conf.stage, buf_str(&topic), ev->time_us,
				ev, (struct str){ 0 }, buf_str(&data), e);
	}
	buf_free(&topic);
	buf_free(&data);
	return rc < 0 ? -1 : 0;
}

static int start_new(struct streams *ss, const struct event *ev,
		     struct type_watch *w, struct arena *a, struct err *e)
{
	struct stream *s = stream_find(ss, event_subject(ev));

	if (publish_watch(ss, ev, w, a, e))
		return -1;
	return s ? say(s, SESSION_STARTED, e) : 0;
}

int streams_start(struct streams *ss, const struct event *ev, struct err *e)
{
	struct stream *s = stream_find(ss, event_subject(ev));
	struct type_session t = { .reason = { 0 } };
	struct arena a = { 0 };
	struct err why;
	int rc;

	if (shape_decode(&shape_session_start, ev->data, &t, &a, &why)) {
		log_warn("session.start/%.*s: %s", STR_ARG(event_subject(ev)),
			 why.msg);
		rc = 0;
	} else if (t.watch.url.p) {
		rc = start_new(ss, ev, &t.watch, &a, e);
	} else if (!s) {
		rc = stream_tell_failed(ss, event_subject(ev), ev->time_us,
					MISSING, e);
	} else {
		rc = say(s, SESSION_STARTED, e);
	}
	arena_free(&a);
	return rc;
}

int streams_stop(struct streams *ss, const struct event *ev, struct err *e)
{
	struct stream *s = stream_find(ss, event_subject(ev));

	if (!s)
		return stream_tell_failed(ss, event_subject(ev), ev->time_us,
					  MISSING, e);
	return say(s, SESSION_STOPPED, e);
}
