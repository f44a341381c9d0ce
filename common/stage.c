#include "common/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/lines.h"
#include "common/log.h"
#include "common/stage_private.h"
#include "common/types.h"
#include "common/xmem.h"

enum { STAGE_FIRE_MAX = 1000 }; /* deadlines in one transaction */

bool stage_is_filter(const struct stage *s)
{
	return s->filter;
}

struct loop *stage_loop(struct stage *s)
{
	return s->loop;
}

uint64_t stage_outbox(const struct stage *s)
{
	return ledger_outbox_count(s->ledger);
}

struct stats *stage_stats(struct stage *s)
{
	return s->stats;
}

void stage_fail(struct stage *s, const struct err *e)
{
	if (!s->failed)
		s->why = *e;
	s->failed = true;
	if (ledger_in_txn(s->ledger))
		ledger_abort(s->ledger);
	if (s->loop)
		loop_stop(s->loop);
}

/* ---- transactions ---- */

int stage_need_txn(struct stage *s, struct err *e)
{
	return ledger_in_txn(s->ledger) ? 0 : ledger_begin(s->ledger, e);
}

int stage_settle(struct stage *s, struct err *e)
{
	if (!ledger_in_txn(s->ledger))
		return 0;
	if (s->dirty && ledger_set_position(s->ledger, s->now, e))
		return -1;
	s->dirty = false;
	if (ledger_commit(s->ledger, e))
		return -1;
	if (s->filter && stage_flush(s, e))
		return -1;
	if (s->producer)
		producer_kick(s->producer);
	if (s->h->settled)
		s->h->settled(s->self, s);
	return 0;
}

int stage_begin(struct stage *s, struct err *e)
{
	return stage_need_txn(s, e);
}

int stage_commit(struct stage *s, struct err *e)
{
	return stage_settle(s, e);
}

int stage_open_handler(struct stage *s, struct err *e)
{
	if (!s->h->open)
		return 0;
	if (stage_need_txn(s, e) || s->h->open(s->self, s, e))
		return -1;
	return stage_settle(s, e);
}

/* ---- events and deadlines ---- */

int stage_fire(struct stage *s, int64_t due_us, struct err *e)
{
	if (stage_need_txn(s, e) || s->h->fire(s->self, s, due_us, e))
		return -1;
	stats_add(s->stats, "deadlines_total", NULL, 1);
	return 0;
}

int stage_fire_until(struct stage *s, int64_t clock_us, struct err *e)
{
	int64_t due;

	for (int i = 0; s->h->deadline && i < STAGE_FIRE_MAX; i++) {
		due = s->h->deadline(s->self);
		if (due == CLK_NONE || due >= clock_us)
			return 0;
		if (s->careful ? stage_fire_carefully(s, due, e)
			       : stage_fire(s, due, e))
			return -1;
	}
	return 0;
}

int stage_fire_all(struct stage *s, int64_t recorded_us, struct err *e)
{
	int64_t due;

	if (!s->h->deadline)
		return 0;
	while ((due = s->h->deadline(s->self)) != CLK_NONE && due < recorded_us)
		if (stage_fire_until(s, recorded_us, e))
			return -1;
	return 0;
}

int stage_handle(struct stage *s, const struct event *ev, struct err *e)
{
	struct event copy = *ev;
	int rc;

	if (copy.recorded_us == CLK_NONE)
		copy.recorded_us = copy.time_us;
	if (stage_need_txn(s, e) || stage_fire_all(s, copy.recorded_us, e))
		return -1;
	s->now = (struct position){ copy.epoch, copy.offset };
	s->dirty = true;
	stats_add(s->stats, "events_in_total", NULL, 1);
	s->handling = true;
	rc = s->h->event(s->self, s, &copy, e);
	s->handling = false;
	return rc;
}

/* ---- output ---- */

/*
 * The last silent event itself is handled silently. A deadline that fires after
 * it, or a callback of the loop, comes after the silence.
 */
bool stage_is_silent(const struct stage *s)
{
	uint64_t done = s->now.offset - (s->handling && s->now.offset);

	return !s->filter && s->silent.epoch == s->now.epoch &&
	       done < s->silent.offset;
}

/* ext with "cause":"SOURCE ID" added. */
static struct str with_cause(struct stage *s, const struct event *cause,
			     struct str ext)
{
	struct buf *b = &s->data;

	if (!cause || !cause->source.len)
		return ext;
	buf_reset(b);
	if (ext.len > 2) {
		buf_add(b, ext.p, ext.len - 1);
		buf_putc(b, ',');
	} else {
		buf_putc(b, '{');
	}
	buf_puts(b, "\"cause\":");
	buf_json_str(b, cause->source);
	b->len--; /* the closing quote comes after the id */
	if (cause->id)
		buf_addf(b, " %llu\"}", (unsigned long long)cause->id);
	else {
		size_t at = b->len;

		/* An id from outside: escape it, without its quotes. */
		buf_json_str(b, cause->idtext);
		b->p[at] = ' ';
		buf_putc(b, '}');
	}
	return buf_str(b);
}

/* A filter says it on standard output, once the state is committed. */
static int emit_line(struct stage *s, struct event *ev, struct err *e)
{
	if (s->options->state_dir) {
		if (ledger_emit(s->ledger, ev, e))
			return -1;
	} else {
		ev->source = ledger_source(s->ledger);
		ev->id = ++s->out_id;
		if (event_check(ev, e)) {
			e->code = EX_SOFTWARE;
			return err_prefix(e, "own event %.*s",
					  STR_ARG(ev->topic));
		}
	}
	event_print(ev, 0, &s->out);
	buf_putc(&s->out, '\n');
	return 0;
}

/* ext is in it already. */
static int emit(struct stage *s, struct event *ev, const struct event *cause,
		struct err *e)
{
	if (stage_is_silent(s))
		return 0;
	ev->ext = with_cause(s, cause, ev->ext);
	stats_add(s->stats, "events_out_total", NULL, 1);
	return s->filter ? emit_line(s, ev, e) : ledger_emit(s->ledger, ev, e);
}

int stage_emit(struct stage *s, struct str topic, int64_t time_us,
	       const struct event *cause, struct str ext, struct str data,
	       struct err *e)
{
	struct event ev = { .topic = topic,
			    .time_us = time_us,
			    .recorded_us = CLK_NONE,
			    .ext = ext,
			    .data = data };

	return emit(s, &ev, cause, e);
}

int stage_emit_cause(struct stage *s, struct str topic, int64_t time_us,
		     const struct event *cause, struct str data,
		     struct event *ev_r, struct err *e)
{
	*ev_r = (struct event){ .topic = topic,
				.time_us = time_us,
				.recorded_us = CLK_NONE,
				.data = data };
	if (emit(s, ev_r, cause, e))
		return -1;
	ev_r->ext = ev_r->data = ev_r->topic = (struct str){ 0 };
	return 0;
}

/* ---- state ---- */

int stage_get(struct stage *s, struct str key, struct str *val_r, struct err *e)
{
	return ledger_get(s->ledger, key, val_r, e);
}

int stage_put(struct stage *s, struct str key, struct str val, struct err *e)
{
	return ledger_put(s->ledger, key, val, e);
}

int stage_del(struct stage *s, struct str key, struct err *e)
{
	return ledger_del(s->ledger, key, e);
}

int stage_each(struct stage *s, struct str prefix, ledger_fn *fn, void *arg,
	       struct err *e)
{
	return ledger_each(s->ledger, prefix, fn, arg, e);
}

/* ---- settings from a file ---- */

/* The id of one setting; a watch may leave it to be made from its URL. */
static int setting_id(const char *type, struct str line, struct arena *a,
		      struct str *id_r, struct str *data_r, struct err *e)
{
	const struct shape *shape = type_shape(str_from(type));
	struct type_watch w;
	struct str value;
	struct buf b = { .p = NULL };

	*data_r = line;
	if (json_get(line, "id", &value)) {
		if (!json_text(value, a, id_r) || !str_is_id(*id_r))
			return err_set(e, EX_DATAERR, "id: not an id");
		return 0;
	}
	if (strcmp(type, "watch.set") != 0)
		return err_set(e, EX_DATAERR, "id: missing");
	if (shape_decode(shape, line, &w, a, e) || watch_complete(&w, a, e))
		return -1;
	shape_encode(shape, &w, &b);
	*id_r = w.id;
	*data_r = arena_str(a, buf_str(&b));
	buf_free(&b);
	return 0;
}

static int feed_line(struct stage *s, const char *type, struct str line,
		     struct arena *a, struct err *e)
{
	struct event ev = { .source = STR("weir/file/-"), .id = 1 };
	struct str id;
	char topic[EVENT_TOPIC_MAX + 1];

	if (json_check(line, JSON_STRICT, e))
		return -1;
	if (json_type_of(line) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, "not a JSON object");
	if (setting_id(type, line, a, &id, &ev.data, e))
		return -1;
	snprintf(topic, sizeof(topic), "%s/%.*s", type, STR_ARG(id));
	ev.topic = str_from(topic);
	if (type_check(&ev, e))
		return -1;
	return s->h->event(s->self, s, &ev, e);
}

int stage_feed_file(struct stage *s, const char *path, const char *type,
		    struct err *e)
{
	struct arena a = { 0 };
	struct lines lines;
	struct str line;
	int fd, rc;

	if (lines_open(path, &fd, e))
		return -1;
	lines_init(&lines, fd, EVENT_LINE_MAX);
	while ((rc = lines_next(&lines, &line, e)) != 0) {
		line = str_trim(line);
		if (rc > 0 && line.len == 0)
			continue;
		if (rc < 0 && e->code == EX_IOERR)
			break;
		if (rc > 0 && feed_line(s, type, line, &a, e)) {
			if (e->code != EX_DATAERR && e->code != EX_CONFIG)
				break;
			rc = -1;
			err_prefix(e, "line %llu",
				   (unsigned long long)lines.number);
		}
		if (rc < 0) {
			log_error("%s: %s", path, e->msg);
			s->bad_input = true;
		}
		arena_reset(&a);
	}
	lines_fini(&lines);
	lines_close(fd);
	arena_free(&a);
	return rc < 0 ? -1 : 0;
}

/* ---- running ---- */

static void release(struct stage *s)
{
	if (s->h->close)
		s->h->close(s->self, s);
	follow_free(&s->follow);
	producer_free(&s->producer);
	loop_timer_free(&s->report);
	ledger_close(&s->ledger);
	bus_free(&s->bus);
	loop_free(&s->loop);
	stats_free(&s->stats);
	buf_free(&s->data);
	buf_free(&s->out);
}

static int check_options(const struct stage_handler *handler,
			 const struct stage_options *o, struct err *e)
{
	if (o->out && strcmp(o->out, "-") != 0)
		return err_set(e, EX_USAGE, "--out: only '-' is possible");
	if (o->in && !o->out)
		return err_set(e, EX_USAGE, "--in goes with --out");
	if (o->out && !o->in && !handler->generates)
		return err_set(e, EX_USAGE, "--out goes with --in");
	if (!o->out && (o->state_dir || o->pass))
		return err_set(e, EX_USAGE, "--%s goes with --in and --out",
			       o->pass ? "pass" : "state");
	if (o->out && (o->from || o->retry))
		return err_set(e, EX_USAGE, "--%s: not with --out",
			       o->from ? "from" : "retry");
	return 0;
}

int stage_run(const struct stage_handler *handler, void *self,
	      const struct opt_common *common,
	      const struct stage_options *options, struct err *e)
{
	struct stage s = {
		.h = handler, .self = self, .common = common, .options = options
	};
	int rc = check_options(handler, options, e);

	if (rc)
		return rc;
	s.stats = stats_new();
	s.filter = options->out != NULL;
	if (!s.filter)
		rc = stage_run_bus(&s, e);
	else if (options->in && handler->input_end)
		rc = stage_run_filter_loop(&s, e);
	else if (options->in)
		rc = stage_run_filter(&s, e);
	else
		rc = stage_run_generator(&s, e);
	release(&s);
	return rc;
}
