/*
 * weir-pub - publish events from standard input, one a line. See weir-pub(1).
 *
 * Ends with 0 only when the store has acknowledged everything. A line that is
 * no event is reported, and the others go on.
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/lines.h"
#include "common/log.h"
#include "common/producer.h"
#include "common/tool.h"
#include "common/types.h"
#include "common/xmem.h"

enum { PUB_QUEUE = 4 * BUS_WINDOW, PUB_LINES_A_TURN = 256 };

static struct {
	struct opt_common common;
	const char *type, *subject;
	int64_t timeout_ms;
} cfg = { .timeout_ms = 30000 };

static const struct opt opts[] = {
	{ 't', "type", "TYPE", OPT_STR, &cfg.type, 0, 0,
	  "lines are data: publish them as events of this type" },
	{ 's', "subject", "SUBJECT", OPT_STR, &cfg.subject, 0, 0,
	  "with --type: the subject" },
	{ 0, "timeout", "TIME", OPT_MS, &cfg.timeout_ms, 100, 86400000,
	  "give up when nothing is acknowledged for so long (default 30s)" },
};

static const struct opt_tool tool = {
	.name = "pub",
	.synopsis = "[OPTION...] [FILE]",
	.summary = "Publish events, one JSON object a line, and wait until "
		   "they are durable.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.max_args = 1,
	.common = &cfg.common,
};

struct pub {
	struct loop *loop;
	struct bus *bus;
	struct producer *producer;
	struct producer_memory *queue;
	struct loop_fd *fd;	/* input that can be waited for */
	struct loop_work *work; /* input that is always ready (a file) */
	struct loop_timer *timer;
	struct lines lines;
	struct arena arena;
	bool eof, bad;
	struct err why;
};

static void fail(void *arg, const struct err *e)
{
	struct pub *p = arg;

	if (!p->why.code)
		p->why = *e;
	loop_stop(p->loop);
}

static bool has_room(const struct pub *p)
{
	return producer_memory_waiting(p->queue) < PUB_QUEUE;
}

/*
 * A setting without a subject is named by its id, and a watch's id is made
 * from its URL where it has none.
 */
static int name_setting(struct pub *p, struct event *ev, struct err *e)
{
	const struct shape *shape = type_shape(ev->topic);
	struct buf b = { .p = NULL };
	struct type_watch w;
	struct str value, id;

	if (!shape || !type_is_retained(ev->topic) || !ev->data.p)
		return 0; /* has a subject, or needs none */
	if (json_check(ev->data, JSON_STRICT, e))
		return -1;
	if (shape == &shape_watch) {
		if (shape_decode(shape, ev->data, &w, &p->arena, e) ||
		    watch_complete(&w, &p->arena, e))
			return -1;
		shape_encode(shape, &w, &b);
		ev->data = arena_str(&p->arena, buf_str(&b));
		buf_free(&b);
	}
	if (!json_get(ev->data, "id", &value))
		return err_set(e, EX_DATAERR, "id: missing");
	if (!json_text(value, &p->arena, &id) || !str_is_id(id))
		return err_set(e, EX_DATAERR,
			       "id: not an id ([A-Za-z0-9._-], 1 to %d "
			       "characters)",
			       STR_ID_MAX);
	buf_addf(&b, "%.*s/%.*s", STR_ARG(ev->topic), STR_ARG(id));
	ev->topic = arena_str(&p->arena, buf_str(&b));
	buf_free(&b);
	return 0;
}

/*
 * An event that weir printed has the pair that it first came with beside its
 * own. Who has only the former would be taken for somebody else's repeat.
 */
static int check_origin(const struct event *ev, struct err *e)
{
	struct str ignored;

	if (!ev->ext.p || (ev->source.p && (ev->id || ev->idtext.p)) ||
	    (!json_get(ev->ext, "originsource", &ignored) &&
	     !json_get(ev->ext, "originid", &ignored)))
		return 0;
	return err_set(e, EX_DATAERR,
		       "originsource, originid: are made from source and id");
}

/* One line as an event. 0, or -1 with *e: it is none. */
static int read_event(struct pub *p, struct str line, struct event *ev_r,
		      struct err *e)
{
	char topic[EVENT_TOPIC_MAX + 2];
	struct event check;

	if (!cfg.type) {
		if (event_parse(line, EVENT_LAX, &p->arena, ev_r, e) ||
		    check_origin(ev_r, e))
			return -1;
	} else {
		snprintf(topic, sizeof(topic), "%s%s%s", cfg.type,
			 cfg.subject ? "/" : "",
			 cfg.subject ? cfg.subject : "");
		*ev_r = (struct event){ .time_us = CLK_NONE,
					.recorded_us = CLK_NONE,
					.data = str_trim(line) };
		ev_r->topic = arena_str(&p->arena, str_from(topic));
	}
	if (ev_r->time_us == CLK_NONE)
		ev_r->time_us = clk_wall_us();
	if (name_setting(p, ev_r, e))
		return -1;
	/* What the store would refuse is refused here, with its line. */
	check = *ev_r;
	check.source = producer_memory_source(p->queue);
	check.id = 1;
	if (event_check(&check, e))
		return -1;
	return type_check(&check, e);
}

static void refuse_line(struct pub *p, const struct err *e)
{
	log_error("line %llu: %s", (unsigned long long)p->lines.number, e->msg);
	p->bad = true;
}

static void take_line(struct pub *p, struct str line)
{
	struct event ev;
	struct err e;

	if (str_trim(line).len == 0)
		return;
	if (read_event(p, line, &ev, &e)) {
		refuse_line(p, &e);
	} else {
		/* Until now it was the input that was waited for. */
		if (producer_memory_waiting(p->queue) == 0)
			loop_timer_start(p->timer, cfg.timeout_ms);
		if (producer_memory_add(p->queue, &ev, &e) == 0)
			refuse_line(p, &e);
	}
	arena_reset(&p->arena);
}

static void maybe_done(struct pub *p)
{
	if (p->eof && producer_memory_waiting(p->queue) == 0)
		loop_stop(p->loop);
}

/* Read lines while there is room and input does not have to be waited for. */
static bool read_lines(struct pub *p)
{
	struct str line;
	struct err e;

	for (int i = 0; i < PUB_LINES_A_TURN && has_room(p); i++) {
		int rc;

		if (p->fd && !lines_ready(&p->lines))
			break;
		rc = lines_next(&p->lines, &line, &e);
		if (rc > 0) {
			take_line(p, line);
		} else if (rc == 0) {
			p->eof = true;
			break;
		} else if (e.code == EX_DATAERR) {
			log_error("%s", e.msg);
			p->bad = true;
		} else {
			fail(p, &e);
			return false;
		}
	}
	producer_kick(p->producer);
	if (p->eof) {
		if (p->fd)
			loop_fd_set(p->fd, 0);
		maybe_done(p);
	}
	return !p->eof && has_room(p);
}

static bool on_work(void *arg)
{
	struct pub *p = arg;

	/* A pipe's lines that were read already, or a file's next ones. */
	if (p->fd && !lines_ready(&p->lines))
		return false;
	return read_lines(p);
}

static void on_input(void *arg, int what)
{
	struct pub *p = arg;
	struct err e;

	(void)what;
	if (!lines_ready(&p->lines) && lines_fill(&p->lines, &e)) {
		fail(p, &e);
		return;
	}
	if (!read_lines(p) && !p->eof)
		loop_fd_set(p->fd, 0); /* full: on_durable() goes on */
	else if (!p->eof && lines_ready(&p->lines))
		loop_work_wake(p->work);
}

static void on_durable(void *arg, uint64_t id, uint32_t epoch)
{
	struct pub *p = arg;

	(void)id;
	(void)epoch;
	loop_timer_start(p->timer, cfg.timeout_ms);
	if (!p->eof) {
		if (p->fd)
			loop_fd_set(p->fd, LOOP_READ);
		loop_work_wake(p->work);
	}
	maybe_done(p);
}

static void on_timeout(void *arg)
{
	struct pub *p = arg;
	size_t n = producer_memory_waiting(p->queue);
	struct err e;

	if (!p->eof && n == 0) {
		loop_timer_start(p->timer, cfg.timeout_ms);
		return; /* it is the input that is slow */
	}
	err_set(&e, EX_TEMPFAIL,
		"no acknowledgement for %lld s; %zu event%s not known to be "
		"durable (is weir-store running on %s%s?)",
		(long long)cfg.timeout_ms / 1000, n, n == 1 ? "" : "s",
		cfg.common.ingest ? cfg.common.ingest : cfg.common.dir,
		cfg.common.curve_key ? ", and do the keys fit" : "");
	fail(p, &e);
}

static int open_input(struct pub *p, const char *path, struct err *e)
{
	int fd;

	if (lines_open(path ? path : "-", &fd, e))
		return -1;
	lines_init(&p->lines, fd, EVENT_LINE_MAX);
	p->work = loop_work_new(p->loop, on_work, p);
	if (lines_can_wait(fd))
		p->fd = loop_fd_new(p->loop, fd, LOOP_READ, on_input, p);
	else
		loop_work_wake(p->work);
	return 0;
}

static int connect(struct pub *p, struct err *e)
{
	struct producer_conf pc = {
		.loop = p->loop, .failed = fail, .durable = on_durable, .arg = p
	};

	p->bus = bus_new(&cfg.common, e);
	if (!p->bus)
		return -1;
	p->queue = producer_memory_new("pub", PUB_QUEUE);
	pc.bus = p->bus;
	pc.queue = producer_memory_queue(p->queue);
	p->producer = producer_new(&pc, e);
	return p->producer ? 0 : -1;
}

static int publish(const char *path, struct err *e)
{
	struct pub p = { .lines = { .fd = -1 } };
	size_t left;
	int rc = -1;

	p.loop = loop_new(e);
	if (!p.loop || loop_signals(p.loop, NULL, NULL, e) || connect(&p, e) ||
	    open_input(&p, path, e))
		goto out;
	p.timer = loop_timer_new(p.loop, on_timeout, &p);
	loop_timer_start(p.timer, cfg.timeout_ms);
	loop_run(p.loop);
	left = producer_memory_waiting(p.queue);
	if (p.why.code)
		*e = p.why;
	else if (!p.eof || left > 0)
		err_set(e, EX_TEMPFAIL,
			"stopped; %zu event%s not known to be durable", left,
			left == 1 ? "" : "s");
	else if (p.bad)
		err_set(e, EX_DATAERR,
			"some lines were no events; the others are durable");
	else
		rc = 0;
out:
	loop_timer_free(&p.timer);
	loop_fd_free(&p.fd);
	loop_work_free(&p.work);
	producer_free(&p.producer);
	producer_memory_free(&p.queue);
	bus_free(&p.bus);
	loop_free(&p.loop);
	lines_fini(&p.lines);
	lines_close(p.lines.fd);
	arena_free(&p.arena);
	return rc;
}

static int run(char **args, struct err *e)
{
	if (cfg.subject && !cfg.type)
		return err_set(e, EX_USAGE, "--subject goes with --type");
	return cfg.common.check_config ? 0 : publish(args[0], e);
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
