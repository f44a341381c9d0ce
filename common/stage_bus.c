/*
 * A stage on the bus: reads the journal's events as they come, and hands what
 * follows to the store.
 *
 * Rows of the ledger's state that belong to the stage itself begin with a byte
 * that no handler uses.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/stage_private.h"

#define KEY_SILENT STR("\001silent")

enum { STAGE_POS_EVERY = 5 }; /* reports of counters */

int stage_get_row(struct stage *s, struct str key, void *p, size_t len,
		  struct err *e)
{
	struct str val;
	int rc = ledger_get(s->ledger, key, &val, e);

	if (rc > 0 && val.len == len)
		memcpy(p, val.p, len);
	return rc;
}

int stage_put_row(struct stage *s, struct str key, const void *p, size_t len,
		  struct err *e)
{
	return ledger_put(s->ledger, key, (struct str){ p, len }, e);
}

/* ---- birth ---- */

/* The head of the journal as it is on disk; zero where there is none yet. */
static int find_head(struct stage *s, struct position *head_r, struct err *e)
{
	struct journal *j = journal_open(s->common->dir, e);
	struct journal_head head;
	int rc;

	*head_r = (struct position){ 0, 0 };
	if (!j)
		return e->code == EX_NOINPUT ? 0 : -1;
	rc = journal_head(j, &head, e);
	if (rc == 0)
		*head_r = (struct position){ head.epoch, head.offset };
	journal_close(&j);
	return rc;
}

/*
 * A stage without a ledger replays what there is without output, up to the
 * head that it finds, or up to --from.
 */
static int settle_birth(struct stage *s, struct err *e)
{
	struct position head, from;
	int rc;

	if (find_head(s, &head, e))
		return -1;
	s->start = head;
	rc = stage_get_row(s, KEY_SILENT, &s->silent, sizeof(s->silent), e);
	if (rc < 0)
		return -1;
	if (s->options->from) {
		if (rc > 0)
			return err_set(
				e, EX_USAGE,
				"--from is for a new ledger; this one "
				"is at %08x:%llu already",
				ledger_position(s->ledger).epoch,
				(unsigned long long)ledger_position(s->ledger)
					.offset);
		if (!position_parse(str_from(s->options->from), &from) ||
		    from.epoch != head.epoch)
			return err_set(e, EX_USAGE,
				       "--from: %s is no position of this "
				       "journal (epoch %08x)",
				       s->options->from, head.epoch);
		if (from.offset > head.offset)
			return err_set(e, EX_USAGE,
				       "--from: %s is after the newest event "
				       "(%08x:%llu)",
				       s->options->from, head.epoch,
				       (unsigned long long)head.offset);
		head = from;
	}
	if (rc > 0)
		return 0;
	s->silent = head;
	/* Of this epoch already, should it end before the first event is met. */
	if (ledger_set_position(s->ledger, (struct position){ head.epoch, 0 },
				e))
		return -1;
	return stage_put_row(s, KEY_SILENT, &s->silent, sizeof(s->silent), e);
}

/* ---- what follow tells ---- */

static void on_event(void *arg, const struct event *ev)
{
	struct stage *s = arg;
	struct err e;
	int rc;

	if (s->failed)
		return;
	if (s->careful)
		rc = stage_handle_carefully(s, ev, &e);
	else
		rc = stage_handle(s, ev, &e);
	if (rc)
		stage_fail(s, &e);
}

static void check_live(struct stage *s)
{
	struct position at = follow_position(s->follow);

	if (s->live || at.offset < s->start.offset ||
	    (s->start.epoch && at.epoch != s->start.epoch))
		return;
	s->live = true;
	log_info("ready source=%.*s outbox=%llu",
		 STR_ARG(ledger_source(s->ledger)),
		 (unsigned long long)ledger_outbox_count(s->ledger));
	notify("READY=1");
	if (s->h->live)
		s->h->live(s->self, s);
}

static void on_slice_end(void *arg)
{
	struct stage *s = arg;
	struct err e;

	if (s->failed)
		return;
	if (stage_settle(s, &e)) {
		stage_fail(s, &e);
		return;
	}
	check_live(s);
}

static void on_clock(void *arg, int64_t clock_us)
{
	struct stage *s = arg;
	struct err e;

	if (s->failed)
		return;
	check_live(s);
	if (stage_fire_until(s, clock_us, &e) || stage_settle(s, &e))
		stage_fail(s, &e);
	s->careful = 0; /* nothing of what was before is left */
	if (s->live && !s->failed && s->h->clock)
		s->h->clock(s->self, s, clock_us);
}

static void on_control(void *arg, const struct bus_msg *m)
{
	struct stage *s = arg;
	struct str rest;

	if (str_starts(m->topic, STR("$stats/")))
		s->h->heard(s->self, s,
			    str_cut(str_sub(m->topic, 7, m->topic.len), '/',
				    &rest));
}

static void tell(struct stage *s, const char *type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Record something about the stage itself. */
static void tell(struct stage *s, const char *type, const char *fmt, ...)
{
	struct buf data = { .p = NULL };
	struct event ev = { .time_us = clk_wall_us(), .recorded_us = CLK_NONE };
	char topic[100], text[300];
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(topic, sizeof(topic), "%s/%s", type, s->h->tool);
	buf_puts(&data, text);
	ev.topic = str_from(topic);
	ev.data = buf_str(&data);
	if (stage_need_txn(s, &e) || ledger_emit(s->ledger, &ev, &e))
		stage_fail(s, &e);
	buf_free(&data);
}

static void on_gap(void *arg, uint64_t from, uint64_t to)
{
	struct stage *s = arg;
	uint32_t epoch;

	if (s->failed)
		return;
	epoch = follow_position(s->follow).epoch;
	log_error("of %08x:%llu to %08x:%llu some was pruned before it was "
		  "read",
		  epoch, (unsigned long long)from, epoch,
		  (unsigned long long)to);
	stats_add(s->stats, "gaps_total", NULL, 1);
	tell(s, "stage.gap",
	     "{\"reason\":\"pruned before it was read\","
	     "\"from\":\"%08x:%llu\",\"to\":\"%08x:%llu\"}",
	     epoch, (unsigned long long)from, epoch, (unsigned long long)to);
}

static struct position at_most(struct position p, uint32_t epoch, uint64_t head)
{
	return (struct position){ epoch, p.offset < head ? p.offset : head };
}

static void on_epoch(void *arg, struct position pos)
{
	struct stage *s = arg;
	uint64_t head = follow_head(s->follow);
	struct err e;

	if (s->failed)
		return;
	log_warn("the journal is another one now; going on at %08x:%llu",
		 pos.epoch, (unsigned long long)pos.offset);
	/* What was to be replayed silently ends where that epoch ended. */
	if (stage_is_silent(s))
		s->silent = at_most(s->silent, pos.epoch, head);
	s->start = at_most(s->start, pos.epoch, head);
	s->now = pos;
	s->dirty = true;
	if (stage_need_txn(s, &e) ||
	    stage_put_row(s, KEY_SILENT, &s->silent, sizeof(s->silent), &e) ||
	    stage_settle(s, &e))
		stage_fail(s, &e);
}

/* ---- the rest of a life ---- */

static void on_durable(void *arg, uint64_t id, uint32_t epoch)
{
	struct stage *s = arg;

	(void)id;
	(void)epoch;
	if (s->finishing && ledger_outbox_count(s->ledger) == 0)
		loop_stop(s->loop);
}

void stage_finish(struct stage *s)
{
	s->finishing = true;
	if (s->loop && (s->filter || ledger_outbox_count(s->ledger) == 0))
		loop_stop(s->loop);
}

static void on_failed(void *arg, const struct err *e)
{
	stage_fail(arg, e);
}

static void report_position(struct stage *s)
{
	struct position p = ledger_position(s->ledger);
	char attrs[EVENT_SOURCE_MAX + 64];

	if (!p.epoch)
		return;
	snprintf(attrs, sizeof(attrs), "%.*s %08x %llu",
		 STR_ARG(ledger_source(s->ledger)), p.epoch,
		 (unsigned long long)p.offset);
	producer_control(s->producer, STR("$pos"), str_from(attrs), STR(""));
}

static void on_report(void *arg)
{
	struct stage *s = arg;
	struct str source = ledger_source(s->ledger);
	uint64_t at = follow_position(s->follow).offset;
	uint64_t head = follow_head(s->follow);
	struct buf b = { .p = NULL };
	char topic[EVENT_SOURCE_MAX + 16];

	loop_timer_start(s->report, STATS_EVERY_MS);
	stats_set(s->stats, "outbox", NULL,
		  (int64_t)ledger_outbox_count(s->ledger));
	stats_set(s->stats, "position", NULL, (int64_t)at);
	stats_set(s->stats, "lag", NULL, head > at ? (int64_t)(head - at) : 0);
	stats_set(s->stats, "live", NULL, s->live);
	stats_print(s->stats, &b);
	/* "weir/alerter/1f..." gives "$stats/alerter/1f..." */
	snprintf(topic, sizeof(topic), "$stats/%.*s",
		 STR_ARG(str_sub(source, 5, source.len)));
	producer_control(s->producer, str_from(topic), STR("-"), buf_str(&b));
	buf_free(&b);
	stats_add(s->stats, "reports_total", NULL, 1);
	if (stats_get(s->stats, "reports_total", NULL) % STAGE_POS_EVERY == 1)
		report_position(s);
	notify("WATCHDOG=1");
}

static void on_hup(void *arg)
{
	struct stage *s = arg;
	struct err e;

	if (!s->h->reload)
		return;
	if (s->h->reload(s->self, s, &e))
		log_error("not reloaded: %s", e.msg);
	else
		log_info("reloaded");
}

static int open_ledger(struct stage *s, struct err *e)
{
	char path[4096];
	struct ledger_conf conf = { .path = path,
				    .tool = s->h->tool,
				    .pure = s->h->pure };

	snprintf(path, sizeof(path), "%s/ledger/%s", s->common->dir,
		 s->h->tool);
	s->ledger = ledger_open(&conf, e);
	if (!s->ledger || ledger_begin(s->ledger, e) || settle_birth(s, e) ||
	    stage_check_retry(s, e) || stage_mark_running(s, e) ||
	    ledger_commit(s->ledger, e))
		return -1;
	s->now = ledger_position(s->ledger);
	return stage_open_handler(s, e);
}

static int connect_bus(struct stage *s, struct err *e)
{
	struct producer_conf pc = { .loop = s->loop,
				    .queue = ledger_queue(s->ledger),
				    .failed = on_failed,
				    .durable = on_durable,
				    .arg = s };
	struct follow_conf fc = { .loop = s->loop,
				  .dir = s->common->dir,
				  .from = ledger_position(s->ledger),
				  .arg = s,
				  .event = on_event,
				  .slice_end = on_slice_end,
				  .clock = on_clock,
				  .control = s->h->heard ? on_control : NULL,
				  .gap = on_gap,
				  .epoch = on_epoch };

	/* What was before its birth it does not miss. */
	if (s->silent.epoch == fc.from.epoch)
		fc.want.told = s->silent.offset;
	s->bus = bus_new(s->common, e);
	if (!s->bus)
		return -1;
	pc.bus = fc.bus = s->bus;
	s->producer = producer_new(&pc, e);
	if (s->producer)
		s->follow = follow_new(&fc, e);
	return s->follow ? 0 : -1;
}

static void on_drain_end(void *arg)
{
	loop_stop(arg);
}

/* Let what is under way come to its end, within limits; asked twice, none. */
static void drain(struct stage *s)
{
	struct loop_timer *timer;

	if (s->failed || s->finishing || !s->h->drain ||
	    !s->h->drain(s->self, s))
		return;
	timer = loop_timer_new(s->loop, on_drain_end, s->loop);
	loop_timer_start(timer, STAGE_DRAIN_MS);
	loop_rearm(s->loop);
	loop_run(s->loop);
	loop_timer_free(&timer);
}

int stage_run_bus(struct stage *s, struct err *e)
{
	s->loop = loop_new(e);
	if (!s->loop || loop_signals(s->loop, on_hup, s, e) ||
	    open_ledger(s, e) || stage_retry(s, e) || connect_bus(s, e))
		return -1;
	s->report = loop_timer_new(s->loop, on_report, s);
	loop_timer_start(s->report, 1);
	log_info("started source=%.*s position=%08x:%llu%s",
		 STR_ARG(ledger_source(s->ledger)), s->now.epoch,
		 (unsigned long long)s->now.offset,
		 s->careful ? " after an unclean end" : "");
	check_live(s); /* nothing may have happened since */
	if (!s->failed && !s->finishing)
		loop_run(s->loop);
	notify("STOPPING=1");
	drain(s);
	if (s->failed) {
		*e = s->why;
		/* A full disk is no fault of the event that met it. */
		if (e->code == EX_TEMPFAIL)
			stage_mark_clean_end(s);
		return -1;
	}
	report_position(s);
	/* What is open was committed slice by slice, or is gone. */
	stage_mark_clean_end(s);
	log_info("stopped position=%08x:%llu outbox=%llu", s->now.epoch,
		 (unsigned long long)s->now.offset,
		 (unsigned long long)ledger_outbox_count(s->ledger));
	return 0;
}
