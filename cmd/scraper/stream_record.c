#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/clk.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/types_finding.h"
#include "common/types_observation.h"

#include "stream_private.h"

enum { TOPIC_SIZE = STR_ID_MAX + 32 };

static int emit(struct streams *ss, const char *type, struct str id,
		int64_t time_us, const struct shape *shape, const void *data,
		struct err *e)
{
	char topic[TOPIC_SIZE];
	int n = snprintf(topic, sizeof(topic), "%s/%.*s", type, STR_ARG(id));

	buf_reset(&ss->text);
	shape_encode(shape, data, &ss->text);
	return stage_emit(ss->conf.stage, (struct str){ topic, (size_t)n },
			  time_us, NULL, (struct str){ 0 }, buf_str(&ss->text),
			  e);
}

/* ---- messages ---- */

static int record_message(const struct note *n, struct err *e)
{
	struct stream *s = n->stream;
	char id[32], sent[CLK_TEXT_SIZE];
	struct type_chat_message t = {
		.stream = s->watch->def.id,
		.platform = s->watch->chat->platform,
		.id = n->m.id,
		.username = n->m.username,
		.message = n->m.text,
		.backlog = n->backlog,
	};
	int64_t time_us = n->at_us;

	if (s->target.n_channels > 1)
		t.channel = n->m.channel;
	s->n++;
	if (!t.id.p) {
		snprintf(id, sizeof(id), "weir-%llu", (unsigned long long)s->n);
		t.id = str_from(id);
	}
	if (n->m.sent_us != CLK_NONE) {
		t.sent = (struct str){ clk_format(n->m.sent_us, sent),
				       CLK_TEXT_LEN };
		/* Nothing happens after it was seen. */
		if (n->m.sent_us < time_us)
			time_us = n->m.sent_us;
	}
	return emit(s->all, "chat.message", t.stream, time_us,
		    &shape_chat_message, &t, e);
}

/* ---- states ---- */

/* Trying again what failed in the same way is nothing new. */
static bool is_told(const struct stream *s)
{
	bool same = s->state == s->told_state ||
		    (s->state == STREAM_CONNECTING &&
		     (s->told_state == STREAM_WAITING ||
		      s->told_state == STREAM_FAILED));

	return s->told && same && s->outcome == s->told_outcome &&
	       s->gap_us == s->told_gap_us;
}

static struct str time_text(int64_t us, char out[CLK_TEXT_SIZE])
{
	if (us == 0)
		return (struct str){ 0 };
	return (struct str){ clk_format(us, out), CLK_TEXT_LEN };
}

static int record_status(struct stream *s, int64_t now_us, struct err *e)
{
	char numbers[3][24], times[4][CLK_TEXT_SIZE];
	const uint64_t per_minute = s->n - s->told_n;
	struct type_status t = {
		.source = s->watch->def.id,
		.stream = s->watch->def.id,
		.platform = s->watch->chat->platform,
		.running = session_runs(&s->session, s->watch->enabled),
		.state = str_from(stream_state_name(s->state)),
		.watches = STR("1"),
		.timestamp = time_text(now_us, times[0]),
		.last = time_text(s->last_us, times[1]),
		.next = time_text(s->next_us, times[2]),
		.gap = time_text(s->gap_us, times[3]),
	};

	snprintf(numbers[0], 24, "%llu", (unsigned long long)s->n);
	snprintf(numbers[1], 24, "%llu", (unsigned long long)per_minute);
	snprintf(numbers[2], 24, "%llu", (unsigned long long)s->reconnects);
	t.messages = str_from(numbers[0]);
	if (s->all->reporting)
		t.per_minute = str_from(numbers[1]);
	t.reconnects = str_from(numbers[2]);
	if (s->outcome != OUTCOME_FOUND) {
		t.outcome = str_from(outcome_name(s->outcome));
		t.reason = str_utf8_prefix(str_from(s->reason), 512);
	}
	s->told = true;
	s->told_state = s->state;
	s->told_outcome = s->outcome;
	s->told_gap_us = s->gap_us;
	return emit(s->all, "scraper.status", t.source, now_us, &shape_status,
		    &t, e);
}

int stream_tell_failed(struct streams *ss, struct str id, int64_t time_us,
		       const char *reason, struct err *e)
{
	char time[CLK_TEXT_SIZE];
	const struct type_status t = {
		.source = id,
		.stream = id,
		.state = STR("failed"),
		.reason = str_utf8_prefix(str_from(reason), 512),
		.timestamp = time_text(time_us, time),
	};

	if (stage_is_silent(ss->conf.stage))
		return 0;
	log_warn("stream %.*s: %s", STR_ARG(id), reason);
	return emit(ss, "scraper.status", id, time_us, &shape_status, &t, e);
}

/* ---- transactions ---- */

static struct stream *stream_of_turn(struct turn *t)
{
	return (struct stream *)(void *)((char *)t -
					 offsetof(struct stream, turn));
}

static int record_all(struct streams *ss, int64_t now_us, struct err *e)
{
	if (stage_begin(ss->conf.stage, e))
		return -1;
	for (size_t i = 0; i < ss->n_batch; i++)
		if (ss->batch[i].stream && record_message(&ss->batch[i], e))
			return -1;
	if (stream_log_write(ss, e))
		return -1;
	for (struct stream *s = ss->touched; s; s = s->touched) {
		if (s->dirty && stream_log_save_session(s, e))
			return -1;
		if (!is_told(s) && record_status(s, now_us, e))
			return -1;
	}
	return stage_commit(ss->conf.stage, e);
}

static void commit(struct streams *ss)
{
	struct err e;

	stats_add(stage_stats(ss->conf.stage), "chat_messages_total", NULL,
		  (int64_t)ss->n_batch);
	if (record_all(ss, clk_wall_us(), &e)) {
		stage_fail(ss->conf.stage, &e);
		return;
	}
	while (ss->touched) {
		struct stream *s = ss->touched;

		ss->touched = s->touched;
		s->touched = NULL;
		s->is_touched = false;
	}
	ss->n_batch = 0;
	arena_reset(&ss->arena);
	ss->committed_ms = loop_now_ms(ss->loop);
}

/* Nobody is read who has had his share: no use in waiting for more. */
static bool is_full(const struct streams *ss)
{
	return ss->n_batch >= STREAM_BATCH_MAX ||
	       (ss->turns.n && ss->turns.room <= 0);
}

static void gather_in(struct streams *ss, int64_t ms)
{
	if (!loop_timer_running(ss->gather))
		loop_timer_start(ss->gather, ms);
}

/* The next round, where it is time; and those whose turn it is read on. */
static void take_turns(struct streams *ss)
{
	int64_t lasted = loop_now_ms(ss->loop) - ss->renewed_ms;
	bool is_over = lasted >= STREAM_GATHER_MS || is_full(ss);
	struct turn *t;

	if (lasted >= STREAM_ROUND_MS ||
	    (is_over && stage_outbox(ss->conf.stage) <= STREAM_AHEAD_MAX)) {
		turns_renew(&ss->turns);
		ss->renewed_ms += lasted;
	}
	while ((t = turns_next(&ss->turns)))
		stream_read_or_wait(stream_of_turn(t));
	if (ss->turns.n)
		gather_in(ss, STREAM_GATHER_MS);
}

bool stream_commit_work(void *arg)
{
	struct streams *ss = arg;
	int64_t wait =
		ss->committed_ms + STREAM_GATHER_MS - loop_now_ms(ss->loop);

	if (!ss->touched) {
		arena_reset(&ss->arena); /* units in which nothing was new */
	} else if (wait > 0 && !is_full(ss)) {
		gather_in(ss, wait);
	} else {
		commit(ss);
		stream_relieve(ss);
	}
	take_turns(ss);
	return false;
}

void stream_gathered(void *arg)
{
	struct streams *ss = arg;

	loop_work_wake(ss->work);
}

/* ---- once a minute ---- */

static int report(struct streams *ss, int64_t now_us, struct err *e)
{
	if (stage_begin(ss->conf.stage, e))
		return -1;
	for (size_t i = 0; i < STREAM_SLOTS; i++)
		for (struct stream *s = ss->table[i]; s; s = s->next) {
			bool is_quiet = s->n == s->told_n && s->is_quiet;

			/* Once 0, and then no more. */
			s->is_quiet = s->n == s->told_n;
			if (!is_quiet && record_status(s, now_us, e))
				return -1;
			s->told_n = s->n;
		}
	return stage_commit(ss->conf.stage, e);
}

void stream_report(void *arg)
{
	struct streams *ss = arg;
	struct err e;

	ss->reporting = true;
	if (report(ss, clk_wall_us(), &e))
		stage_fail(ss->conf.stage, &e);
	ss->reporting = false;
	loop_timer_start(ss->report, STREAM_REPORT_MS);
}
