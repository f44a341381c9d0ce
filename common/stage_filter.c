/*
 * A stage in a pipe: events as lines on standard input, what follows from them
 * on standard output. Lines that wait already make one transaction; output is
 * written after each, so that a slow input is answered at once.
 */
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/lines.h"
#include "common/log.h"
#include "common/sig.h"
#include "common/stage_private.h"

enum { FILTER_BATCH = 512 };

int stage_flush(struct stage *s, struct err *e)
{
	if (s->options->mute)
		buf_reset(&s->out);
	else if (buf_print(&s->out, e))
		return -1;
	/* What was said is forgotten with the next commit. */
	if (s->options->state_dir) {
		struct producer_queue q = ledger_queue(s->ledger);
		uint64_t first, last;

		q.range(q.arg, &first, &last);
		return q.acked(q.arg, last, e);
	}
	return 0;
}

static int say_again(void *arg, const struct event *ev, struct err *e)
{
	struct stage *s = arg;

	(void)e;
	event_print(ev, 0, &s->out);
	buf_putc(&s->out, '\n');
	return 0;
}

static int open_filter(struct stage *s, struct err *e)
{
	char source[EVENT_SOURCE_MAX];
	struct ledger_conf conf = { .path = s->options->state_dir,
				    .tool = s->h->tool,
				    .pure = s->h->pure };

	snprintf(source, sizeof(source), "weir/%s/-", s->h->tool);
	if (!s->options->state_dir)
		conf.source = source;
	s->ledger = ledger_open(&conf, e);
	if (!s->ledger)
		return -1;
	/* What a killed run had committed but may not have said. */
	if (ledger_drain(s->ledger, say_again, s, e) || stage_flush(s, e))
		return -1;
	return stage_open_handler(s, e);
}

/* One line of input. -1: the stage cannot go on. */
static int take_line(struct stage *s, struct str line, uint64_t number,
		     struct arena *a, struct err *e)
{
	struct event ev;

	if (str_trim(line).len == 0)
		return 0;
	if (event_parse(line, 0, a, &ev, e)) {
		log_error("line %llu: %s", (unsigned long long)number, e->msg);
		s->bad_input = true;
		stats_add(s->stats, "bad_lines_total", NULL, 1);
		return 0;
	}
	if (s->options->pass) {
		buf_add_str(&s->out, line);
		buf_putc(&s->out, '\n');
	}
	return stage_handle(s, &ev, e);
}

static int read_all(struct stage *s, struct lines *lines, struct err *e)
{
	struct arena a = { 0 };
	struct str line;
	unsigned n = 0;
	int rc;

	while (!sig_stop() && (rc = lines_next(lines, &line, e)) != 0) {
		if (rc < 0 && e->code == EX_IOERR)
			goto fail;
		if (rc < 0) {
			log_error("%s", e->msg);
			s->bad_input = true;
			continue;
		}
		if (take_line(s, line, lines->number, &a, e))
			goto fail;
		arena_reset(&a);
		if ((++n >= FILTER_BATCH || !lines_ready(lines))) {
			n = 0;
			if (stage_need_txn(s, e) || stage_settle(s, e))
				goto fail;
		}
	}
	arena_free(&a);
	if (stage_need_txn(s, e))
		return -1;
	return stage_settle(s, e);
fail:
	arena_free(&a);
	return -1;
}

void stage_bad_input(struct stage *s)
{
	s->bad_input = true;
}

static int result(const struct stage *s, struct err *e)
{
	if (s->bad_input)
		return err_set(e, EX_DATAERR,
			       "some input was not understood; see above");
	return 0;
}

int stage_run_filter(struct stage *s, struct err *e)
{
	struct lines lines;
	int fd, rc;

	sig_init(false);
	if (lines_open(s->options->in, &fd, e))
		return -1;
	lines_init(&lines, fd, EVENT_LINE_MAX);
	rc = open_filter(s, e) || read_all(s, &lines, e) ? -1 : 0;
	lines_fini(&lines);
	lines_close(fd);
	return rc ? -1 : result(s, e);
}

/* ---- input in the loop, for handlers with callbacks there ---- */

struct input {
	struct stage *s;
	struct lines lines;
	struct arena arena;
	struct loop_fd *fd;	/* input that can be waited for */
	struct loop_work *work; /* a batch of what can be read at once */
};

static void input_end(struct input *in)
{
	if (in->fd)
		loop_fd_set(in->fd, 0);
	in->s->h->input_end(in->s->self, in->s);
}

/* The next line. 1: there may be more, 0: the end, -1: cannot go on. */
static int read_line(struct input *in, struct err *e)
{
	struct str line;
	int rc = lines_next(&in->lines, &line, e);

	if (rc < 0 && e->code != EX_IOERR) {
		log_error("%s", e->msg);
		in->s->bad_input = true;
		return 1;
	}
	if (rc > 0 && take_line(in->s, line, in->lines.number, &in->arena, e))
		return -1;
	arena_reset(&in->arena);
	return rc;
}

/* True: call again, there is more that needs no waiting. */
static bool read_batch(struct input *in)
{
	struct err e;
	int rc = 1;

	/* Half a line must not block the loop: one read, then what is whole. */
	if (in->fd && !lines_ready(&in->lines))
		rc = lines_fill(&in->lines, &e) ? -1 : 1;
	for (int i = 0; i < FILTER_BATCH && rc > 0; i++) {
		if (in->fd && !lines_ready(&in->lines))
			break;
		rc = read_line(in, &e);
	}
	if (rc < 0 || stage_need_txn(in->s, &e) || stage_settle(in->s, &e)) {
		stage_fail(in->s, &e);
		return false;
	}
	if (rc == 0)
		input_end(in);
	return rc > 0 && (!in->fd || lines_ready(&in->lines));
}

static bool on_work(void *arg)
{
	return read_batch(arg);
}

static void on_input(void *arg, int what)
{
	struct input *in = arg;

	(void)what;
	if (read_batch(in))
		loop_work_wake(in->work);
}

static void open_input(struct input *in, int fd)
{
	lines_init(&in->lines, fd, EVENT_LINE_MAX);
	in->work = loop_work_new(in->s->loop, on_work, in);
	if (lines_can_wait(fd))
		in->fd = loop_fd_new(in->s->loop, fd, LOOP_READ, on_input, in);
	else
		loop_work_wake(in->work);
}

int stage_run_filter_loop(struct stage *s, struct err *e)
{
	struct input in = { .s = s };
	int fd;

	s->loop = loop_new(e);
	if (!s->loop || loop_signals(s->loop, NULL, NULL, e) ||
	    lines_open(s->options->in, &fd, e))
		return -1;
	signal(SIGPIPE, SIG_DFL); /* "| head" ends us quietly */
	if (open_filter(s, e)) {
		lines_close(fd);
		return -1;
	}
	open_input(&in, fd);
	s->live = true;
	if (s->h->live)
		s->h->live(s->self, s);
	if (!s->finishing && !s->failed)
		loop_run(s->loop);
	loop_fd_free(&in.fd);
	loop_work_free(&in.work);
	lines_fini(&in.lines);
	lines_close(fd);
	arena_free(&in.arena);
	if (s->failed) {
		*e = s->why;
		return -1;
	}
	return result(s, e);
}

int stage_run_generator(struct stage *s, struct err *e)
{
	s->loop = loop_new(e);
	if (!s->loop || loop_signals(s->loop, NULL, NULL, e))
		return -1;
	signal(SIGPIPE, SIG_DFL); /* "| head" ends us quietly */
	if (open_filter(s, e))
		return -1;
	s->live = true;
	if (s->h->live)
		s->h->live(s->self, s);
	if (!s->finishing && !s->failed)
		loop_run(s->loop);
	if (s->failed) {
		*e = s->why;
		return -1;
	}
	return result(s, e);
}
