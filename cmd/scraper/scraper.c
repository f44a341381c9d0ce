#include "scraper.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/xmem.h"

#include "task.h"

#define KEY_WATCH STR(ROW_WATCH)

struct scraper *scraper_new(const struct scraper_conf *conf)
{
	struct scraper *s = xcalloc(1, sizeof(*s));

	s->conf = conf;
	s->egress = egress_new();
	s->results_last = &s->results;
	return s;
}

void scraper_free(struct scraper **sp)
{
	struct scraper *s = *sp;

	if (!s)
		return;
	egress_free(&s->egress);
	tz_cache_free(&s->zones);
	free(s);
	*sp = NULL;
}

/* ---- the watches ---- */

static struct watch *compile(struct scraper *s, struct str id, struct str json,
			     struct err *e)
{
	const struct watch_env env = { .secrets_dir = s->conf->secrets_dir,
				       .zones = &s->zones };

	return watch_new(json, id, &env, e);
}

static int put_watch(struct scraper *s, struct str id, struct str json,
		     struct err *e)
{
	char text[ROW_KEY_MAX];
	struct str key = row_key(ROW_WATCH, id, text);

	if (json.p)
		return stage_put(s->stage, key, json, e);
	return stage_del(s->stage, key, e) < 0 || known_forget(s, id, e) ||
			       rhythm_forget(s, id, e)
		       ? -1
		       : 0;
}

/* The item of a watch, and what is to be said once the watch is another. */
struct former {
	char item[STR_ID_MAX + 1]; /* "": none */
};

static struct former former_of(const struct task *t)
{
	struct former f = { .item = "" };

	if (t && t->watch->diff.item)
		str_copy(f.item, sizeof(f.item), t->watch->def.item.id);
	return f;
}

static int settle(struct scraper *s, const struct former *f,
		  const struct event *ev, struct err *e)
{
	return *f->item ? group_settle(s, str_from(f->item), ev->time_us, e)
			: 0;
}

/* The one of this id that was there before goes. */
static int refuse_watch(struct scraper *s, const struct event *ev,
			struct str id, const struct err *why, struct err *e)
{
	struct task *t = task_find(s, id);
	struct source *src = t ? t->source : NULL;
	const struct former was = former_of(t);

	if (t)
		task_remove(s, t);
	if (streams_remove(s->streams, id, e))
		return -1;
	if (tell_bad_watch(s, id, ev->time_us, true, why, e) ||
	    settle(s, &was, ev, e))
		return -1;
	return src ? tell_source(s, src, ev->time_us, e) : 0;
}

/* A watch that was fetched, or is another chat, may have had its id. */
static int set_stream(struct scraper *s, const struct event *ev,
		      struct watch *w, struct err *e)
{
	struct task *t = task_find(s, w->def.id);
	struct source *src = t ? t->source : NULL;
	struct err why;

	if (t)
		task_remove(s, t);
	if (src && tell_source(s, src, ev->time_us, e)) {
		watch_free(&w);
		return -1;
	}
	if (streams_count(s->streams) < LINKS_MAX ||
	    streams_has(s->streams, w->def.id))
		return streams_set(s->streams, w, e);
	err_set(&why, EX_DATAERR, "there are %d chats already", LINKS_MAX);
	watch_free(&w);
	return refuse_watch(s, ev, event_subject(ev), &why, e);
}

static int set_watch(struct scraper *s, const struct event *ev, struct str id,
		     struct err *e)
{
	struct err why;
	struct watch *w = compile(s, id, ev->data, &why);
	struct task *t;

	/* A file is somebody's to mend; the bus goes on without this one. */
	if (!w && stage_is_filter(s->stage)) {
		*e = why;
		return -1;
	}
	if (put_watch(s, id, ev->data, e)) {
		watch_free(&w);
		return -1;
	}
	if (!w)
		return refuse_watch(s, ev, id, &why, e);
	if (w->ignores_robots && !stage_is_silent(s->stage))
		log_info("watch %.*s: robots.txt is not obeyed, as it wants",
			 STR_ARG(id));
	if (w->chat)
		return set_stream(s, ev, w, e);
	if (streams_remove(s->streams, id, e)) {
		watch_free(&w);
		return -1;
	}
	t = task_find(s, id);
	if (t && s->conf->file)
		log_warn("%s: watch %.*s is there twice; the last line holds",
			 s->conf->file, STR_ARG(id));
	if (t) {
		const struct former was = former_of(t);

		task_set(s, w);
		t->is_news = true;
		if (settle(s, &was, ev, e))
			return -1;
		return tell_source(s, t->source, ev->time_us, e);
	}
	t = task_set(s, w);
	if (!t) {
		err_set(&why, EX_DATAERR, "there are %d watches already",
			SCRAPER_WATCHES_MAX);
		return refuse_watch(s, ev, id, &why, e);
	}
	t->is_news = true;
	if (known_load(t, e))
		return -1;
	task_begin(t);
	return tell_source(s, t->source, ev->time_us, e);
}

static int remove_watch(struct scraper *s, const struct event *ev,
			struct str id, struct err *e)
{
	struct task *t = task_find(s, id);
	struct source *src = t ? t->source : NULL;
	const struct former was = former_of(t);

	if (t)
		task_remove(s, t);
	if (streams_remove(s->streams, id, e) ||
	    put_watch(s, id, (struct str){ 0 }, e) || settle(s, &was, ev, e))
		return -1;
	return src ? tell_source(s, src, ev->time_us, e) : 0;
}

/* ---- the stage ---- */

static int on_event(void *self, struct stage *stage, const struct event *ev,
		    struct err *e)
{
	struct scraper *s = self;
	struct str id = event_subject(ev);
	struct task *t;

	if (ways_event(s, ev, e))
		return -1;
	if (event_is(ev, "watch.set")) {
		if (!str_is_id(id))
			return 0;
		if (!ev->data.p || json_type_of(ev->data) == JSON_NULL)
			return remove_watch(s, ev, id, e);
		return set_watch(s, ev, id, e);
	}
	if (event_is(ev, "session.start"))
		return streams_start(s->streams, ev, e);
	if (event_is(ev, "session.stop"))
		return streams_stop(s->streams, ev, e);
	if (event_is(ev, "observation.push"))
		return push_event(s, ev, e);
	if (event_is(ev, "watch.poll") && s->live && !stage_is_silent(stage)) {
		t = task_find(s, id);
		if (t)
			task_poll(t);
	}
	return 0;
}

/* What cannot be loaded is told of once we are live; see tell_bad(). */
static int load_watch(void *arg, struct str key, struct str val, struct err *e)
{
	struct scraper *s = arg;
	struct str id = str_sub(key, KEY_WATCH.len, key.len);
	struct err why;
	struct watch *w = compile(s, id, val, &why);
	struct task *t;

	if (w && w->chat)
		return streams_set(s->streams, w, e);
	t = w ? task_set(s, w) : NULL;
	if (!w && (task_find(s, id) || streams_has(s->streams, id)))
		log_warn("watch %.*s: %s; going on with what was read before",
			 STR_ARG(id), why.msg);
	if (!t)
		return 0;
	if (known_load(t, e))
		return -1;
	if (!t->entry.place) /* a reload has mended it */
		task_begin(t);
	return 0;
}

/*
 * It was set before this ledger was born, or a file with its secret has gone
 * since. Said once: what was said is in its state.
 */
static int tell_bad(void *arg, struct str key, struct str val, struct err *e)
{
	struct scraper *s = arg;
	char id[STR_ID_MAX + 1]; /* the key dies with the next put */
	struct err why;
	struct watch *w;

	str_copy(id, sizeof(id), str_sub(key, KEY_WATCH.len, key.len));
	if (task_find(s, str_from(id)) || streams_has(s->streams, str_from(id)))
		return 0;
	w = compile(s, str_from(id), val, &why);
	if (!w)
		return tell_bad_watch(s, str_from(id), clk_wall_us(), false,
				      &why, e);
	watch_free(&w);
	return 0;
}

static struct streams_conf streams_conf_of(struct scraper *s)
{
	return (struct streams_conf){ .stage = s->stage,
				      .links = s->conf->links,
				      .backoff = s->conf->reconnect,
				      .egress = s->egress,
				      .left = ways_left,
				      .arg = s };
}

static int open_net(struct scraper *s, struct err *e)
{
	struct fetcher_conf conf = s->conf->fetcher;
	struct streams_conf streams = streams_conf_of(s);

	s->http = http_new(s->loop, &s->conf->http, e);
	if (!s->http)
		return -1;
	conf.loop = s->loop;
	conf.http = s->http;
	conf.egress = s->egress;
	conf.spend = ways_spend;
	conf.left = ways_left;
	conf.arg = s;
	s->fetcher = fetcher_new(&conf);
	s->pool = extract_pool_new(s->loop, stage_stats(s->stage),
				   &s->conf->extract);
	s->due = loop_timer_new(s->loop, tasks_due, s);
	s->telling = loop_timer_new(s->loop, ways_tick, s);
	s->summary = loop_timer_new(s->loop, tell_summary, s);
	s->gather = loop_timer_new(s->loop, record_gathered, s);
	s->work = loop_work_new(s->loop, record_results, s);
	s->push_work = loop_work_new(s->loop, push_read, s);
	s->streams = streams_new(&streams, e);
	return s->streams ? 0 : -1;
}

static int on_open(void *self, struct stage *stage, struct err *e)
{
	struct scraper *s = self;

	s->stage = stage;
	s->loop = stage_loop(stage);
	s->late =
		stats_times(stage_stats(stage), "schedule_late_seconds", NULL);
	if (open_net(s, e) || ways_open(s, e))
		return -1;
	if (s->conf->file)
		return streams_loaded(s->streams, e) ||
				       stage_feed_file(stage, s->conf->file,
						       "watch.set", e)
			       ? -1
			       : 0;
	return stage_each(stage, KEY_WATCH, load_watch, s, e) ||
			       push_load(s, e) || streams_loaded(s->streams, e)
		       ? -1
		       : 0;
}

static void on_live(void *self, struct stage *stage)
{
	struct scraper *s = self;
	struct err e;

	/* On the bus it is the stage that says so. */
	log_info("%s watches=%zu streams=%zu",
		 stage_is_filter(stage) ? "ready" : "watching", s->n_tasks,
		 streams_count(s->streams));
	s->since_us = clk_wall_us();
	if ((s->conf->once || s->conf->test) && streams_count(s->streams))
		log_warn("chats have no end, and are left out: %zu",
			 streams_count(s->streams));
	if (!s->conf->test && group_sweep(s, s->since_us, &e))
		goto fail;
	tasks_start(s);
	push_wake(s);
	if (s->conf->once || s->conf->test)
		return;
	streams_live(s->streams);
	loop_timer_start(s->summary, SCRAPER_SUMMARY_MS);
	if (stage_begin(stage, &e) || ways_tell_all(s, &e) ||
	    stage_each(stage, KEY_WATCH, tell_bad, s, &e))
		goto fail;
	for (struct source *src = s->sources; src; src = src->next)
		if (tell_source(s, src, s->since_us, &e))
			goto fail;
	if (stage_commit(stage, &e) == 0)
		return;
fail:
	stage_fail(stage, &e);
}

void scraper_apply(struct scraper *s)
{
	struct streams_conf streams = streams_conf_of(s);

	http_set(s->http, &s->conf->http);
	fetcher_set(s->fetcher, &s->conf->fetcher);
	streams_set_conf(s->streams, &streams);
	extract_pool_set(s->pool, &s->conf->extract);
}

/* Settings, and with them secrets, time zones and every robots.txt. */
static int on_reload(void *self, struct stage *stage, struct err *e)
{
	struct scraper *s = self;
	struct err why;

	if (s->conf->reload(s, e))
		return -1;
	fetcher_forget_robots(s->fetcher);
	if (stage_begin(stage, &why) || ways_load(s, &why) ||
	    ways_tell_all(s, &why) ||
	    stage_each(stage, KEY_WATCH, load_watch, s, &why) ||
	    stage_each(stage, KEY_WATCH, tell_bad, s, &why) ||
	    stage_commit(stage, &why))
		stage_fail(stage, &why);
	return 0;
}

/* What a crash may forget, an orderly end need not. */
static bool on_drain(void *self, struct stage *stage)
{
	struct scraper *s = self;
	struct err e;

	if (s->results)
		record_now(s);
	if (rhythm_has_news(s) &&
	    (stage_begin(stage, &e) || rhythm_save(s, &e) ||
	     stage_commit(stage, &e)))
		stage_fail(stage, &e);
	return false;
}

static void on_close(void *self, struct stage *stage)
{
	struct scraper *s = self;

	(void)stage;
	for (size_t i = 0; i < SCRAPER_TASKS; i++)
		while (s->tasks[i])
			task_remove(s, s->tasks[i]);
	while (s->results) {
		struct result *r = s->results;

		s->results = r->next;
		pages_end(r);
		arena_free(&r->arena);
		free(r);
	}
	while (s->sources) {
		struct source *src = s->sources;

		s->sources = src->next;
		free(src->name);
		free(src);
	}
	push_free(s);
	streams_free(&s->streams);
	schedule_free(&s->schedule);
	extract_pool_free(&s->pool);
	fetcher_free(&s->fetcher);
	http_free(&s->http);
	loop_timer_free(&s->due);
	loop_timer_free(&s->telling);
	loop_timer_free(&s->summary);
	loop_timer_free(&s->gather);
	loop_work_free(&s->work);
}

const struct stage_handler scraper_handler = {
	.tool = "scraper",
	.generates = true,
	.open = on_open,
	.event = on_event,
	.live = on_live,
	.reload = on_reload,
	.drain = on_drain,
	.close = on_close,
};
