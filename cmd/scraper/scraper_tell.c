/*
 * What is said of sources and watches beside their findings.
 */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clk.h"
#include "common/log.h"
#include "common/types_observation.h"
#include "common/xmem.h"

/* Nothing of this has a cause among the events. */
static int emit(struct scraper *s, struct str topic, struct str data,
		int64_t time_us, struct err *e)
{
	return stage_emit(s->stage, topic, time_us, NULL, (struct str){ 0 },
			  data, e);
}

/* Encode data and emit it under type/subject, or type alone. */
static int emit_shape(struct scraper *s, const char *topic,
		      const struct shape *shape, const void *data,
		      int64_t time_us, struct err *e)
{
	struct buf json = { 0 };
	int rc;

	shape_encode(shape, data, &json);
	rc = emit(s, str_from(topic), buf_str(&json), time_us, e);
	buf_free(&json);
	return rc;
}

/* ---- sources ---- */

/* What was said last: 'r' or '-', then 'f' or '-', then 'b' or '-'. */
static int load_told(struct scraper *s, struct source *src, struct err *e)
{
	char key[ROW_KEY_MAX];
	struct str val;
	int rc;

	if (src->told)
		return 0;
	rc = stage_get(s->stage, row_key(ROW_SOURCE, str_from(src->name), key),
		       &val, e);
	if (rc > 0 && val.len >= 2) {
		src->told = true;
		src->told_running = val.p[0] == 'r';
		src->told_failing = val.p[1] == 'f';
		src->told_blocked = val.len > 2 && val.p[2] == 'b';
	}
	return rc < 0 ? -1 : 0;
}

int tell_source(struct scraper *s, struct source *src, int64_t time_us,
		struct err *e)
{
	bool running = src->watches > 0;
	bool failing = running && src->failing == src->watches;
	bool blocked = running && src->blocked > 0;
	struct type_status t = { .source = str_from(src->name),
				 .running = running };
	char key[ROW_KEY_MAX], topic[STR_ID_MAX + 20], watches[16];
	char time[CLK_TEXT_SIZE], next[CLK_TEXT_SIZE];
	const char told[] = { running ? 'r' : '-', failing ? 'f' : '-',
			      blocked ? 'b' : '-' };

	if (s->conf->once || !s->live)
		return 0;
	if (load_told(s, src, e))
		return -1;
	if (src->told && src->told_running == running &&
	    src->told_failing == failing && src->told_blocked == blocked)
		return 0;
	src->told = true;
	src->told_running = running;
	src->told_failing = failing;
	src->told_blocked = blocked;
	if (failing || blocked)
		t.outcome = str_from(outcome_name(src->outcome));
	if (blocked && !failing)
		t.reason = STR("the site does not want some of it now");
	if ((failing || blocked) && src->next_us != CLK_NONE)
		t.next = str_from(clk_format(src->next_us, next));
	snprintf(watches, sizeof(watches), "%u", src->watches);
	t.watches = str_from(watches);
	t.timestamp = str_from(clk_format(time_us, time));
	snprintf(topic, sizeof(topic), "scraper.status/%s", src->name);
	if (emit_shape(s, topic, &shape_status, &t, time_us, e))
		return -1;
	return stage_put(s->stage, row_key(ROW_SOURCE, t.source, key),
			 (struct str){ told, sizeof(told) }, e);
}

/* ---- once a minute ---- */

static size_t gather_seen(struct scraper *s, struct str *ids)
{
	size_t n = 0;

	for (size_t i = 0; i < SCRAPER_TASKS; i++)
		for (struct task *t = s->tasks[i]; t; t = t->next) {
			if (t->seen)
				ids[n++] = t->watch->def.id;
			t->seen = false;
		}
	return n;
}

/* As many ids to an event as fit into one, whatever their length. */
static int emit_summaries(struct scraper *s, struct str *ids, size_t n,
			  int64_t until_us, struct err *e)
{
	enum { IDS_MAX = EVENT_DATA_MAX / (STR_ID_MAX + 3) - 2 };
	char since[CLK_TEXT_SIZE], until[CLK_TEXT_SIZE];
	struct type_summary t = {
		.since = str_from(clk_format(s->since_us, since)),
		.until = str_from(clk_format(until_us, until)),
	};

	for (size_t i = 0; i < n; i += t.seen.n) {
		t.seen.v = ids + i;
		t.seen.n = n - i < IDS_MAX ? n - i : IDS_MAX;
		t.seen.present = true;
		if (emit_shape(s, "observation.summary", &shape_summary, &t,
			       until_us, e))
			return -1;
	}
	return 0;
}

void tell_summary(void *arg)
{
	struct scraper *s = arg;
	size_t n_chats = s->streams ? streams_count(s->streams) : 0;
	struct str *ids = xcalloc(s->n_tasks + n_chats + 1, sizeof(*ids));
	size_t n = gather_seen(s, ids);
	int64_t now_us = clk_wall_us();
	struct err e;

	if (n_chats)
		n += streams_fresh(s->streams, ids + n);
	if (group_sweep(s, now_us, &e) ||
	    ((n || rhythm_has_news(s)) &&
	     (stage_begin(s->stage, &e) || rhythm_save(s, &e) ||
	      emit_summaries(s, ids, n, now_us, &e) ||
	      stage_commit(s->stage, &e))))
		stage_fail(s->stage, &e);
	s->since_us = now_us;
	free(ids);
	loop_timer_start(s->summary, SCRAPER_SUMMARY_MS);
}

/* ---- watches that cannot work ---- */

/* What is known of it stays: it may be mended. */
static int emit_bad(struct scraper *s, struct str id, int64_t time_us,
		    const struct err *why, struct watch_state *st,
		    struct arena *a, struct err *e)
{
	const struct diff_watch w = { .id = id };
	const struct diff_ending end = { .outcome = OUTCOME_REFUSED,
					 .previous = st->outcome,
					 .first = !st->observed,
					 .reason = str_from(why->msg),
					 .next_us = CLK_NONE };
	struct diff_event ev = diff_ending(&w, &end, a);

	st->observed = true;
	st->outcome = OUTCOME_REFUSED;
	return emit(s, ev.topic, ev.data, time_us, e) ||
			       known_save(s, id, st, e)
		       ? -1
		       : 0;
}

int tell_bad_watch(struct scraper *s, struct str id, int64_t time_us,
		   bool is_news, const struct err *why, struct err *e)
{
	struct watch_state st;
	struct arena a = { 0 };
	int rc;

	if (stage_is_silent(s->stage))
		return 0; /* it may be mended by the time we are live */
	log_warn("watch %.*s: %s", STR_ARG(id), why->msg);
	rc = known_get(s, id, &a, &st, e);
	is_news |= !st.observed || st.outcome != OUTCOME_REFUSED;
	if (rc == 0 && is_news)
		rc = emit_bad(s, id, time_us, why, &st, &a, e);
	arena_free(&a);
	return rc;
}
