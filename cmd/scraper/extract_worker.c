#include "extract_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/loop_child.h"

#include "extract_child.h"

/* ---- what a process has ---- */

/* The deadline of the first counts from here. */
static void begin_turn(struct worker *w)
{
	w->first->turns++;
	w->turn_ms = loop_now_ms(w->pool->loop);
	loop_timer_start(w->timer, w->pool->conf.timeout_ms);
}

struct extraction *extract_worker_take(struct worker *w)
{
	struct extraction *x = w->first;

	if (!x)
		return NULL;
	w->first = x->next;
	if (!w->first)
		w->last = &w->first;
	if (w->sending == x)
		w->sending = NULL;
	w->n--;
	w->bytes -= x->message.len;
	x->next = NULL;
	x->worker = NULL;
	return x;
}

/* They had no turn: back to the head of the line, as they stood. */
static void give_back(struct worker *w)
{
	struct extraction *x, **at = &w->first;

	while ((x = *at)) {
		x->worker = NULL;
		if (x->fn) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		extraction_drop(x);
	}
	*at = w->pool->first;
	if (!w->pool->first)
		w->pool->last = at == &w->first ? &w->pool->first : at;
	w->pool->first = w->first;
	w->first = w->sending = NULL;
	w->last = &w->first;
	w->n = w->bytes = 0;
}

/* ---- the end of a process ---- */

/*
 * Kill it. A reason means that the first document that it has is to blame;
 * without one, how the process ends will say.
 */
static void end_worker(struct worker *w, const char *label, const char *why)
{
	struct extraction *x;

	w->state = WORKER_ENDING;
	loop_timer_stop(w->timer);
	loop_fd_set(w->io, 0);
	loop_child_kill(w->process, SIGKILL);
	if (!why)
		return;
	w->blamed = true;
	extract_pool_count(w->pool, "extractor_ends_total", label);
	x = extract_worker_take(w);
	give_back(w);
	if (x)
		extraction_fail(x, why);
}

static void close_worker(struct worker *w)
{
	loop_child_free(&w->process);
	loop_fd_free(&w->io);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	buf_free(&w->in);
	w->state = WORKER_DOWN;
}

/* Wait before the next start, the longer the more ended without an answer. */
static void rest(struct worker *w, unsigned ends)
{
	w->rests = ends > 1;
	if (w->rests)
		loop_timer_start(w->timer,
				 backoff_ms(EXTRACT_POOL_BACKOFF_MS, ends - 1,
					    EXTRACT_POOL_BACKOFF_MAX_MS));
}

static void start_failed(struct worker *w, const char *why)
{
	struct extract_pool *p = w->pool;

	extract_pool_count(p, "extractor_ends_total", "start");
	p->starts++;
	snprintf(p->why, sizeof(p->why), "%s", why);
	rest(w, p->starts + 1);
}

static const char *how_it_ended(int status, int signal, char out[100])
{
	if (status == EXTRACT_CHILD_NO_MEMORY)
		return "the parser needs more memory than it may have";
	if (signal)
		snprintf(out, 100, "the parser ended with signal %d", signal);
	else
		snprintf(out, 100, "the parser ended with status %d", status);
	return out;
}

/* What somebody sends, and no document can bring about. */
static bool is_from_outside(int signal)
{
	return signal == SIGKILL || signal == SIGTERM || signal == SIGINT ||
	       signal == SIGHUP || signal == SIGQUIT;
}

/* What it had when it went: the turn was that of the first. */
static void settle_jobs(struct worker *w, int status, int signal)
{
	struct extract_pool *p = w->pool;
	struct extraction *x = extract_worker_take(w);
	char text[100];
	const char *why = how_it_ended(status, signal, text);

	give_back(w);
	if (status || signal)
		extract_pool_count(p, "extractor_ends_total",
				   status == EXTRACT_CHILD_NO_MEMORY ? "memory"
				   : is_from_outside(signal)	     ? "killed"
				   : signal			     ? "signal"
					    : "status");
	if (!status && (!signal || is_from_outside(signal)) &&
	    x->turns < EXTRACT_POOL_TRIES) {
		extract_pool_put_first(p, x);
		return;
	}
	extraction_fail(x, why);
}

static void read_messages(struct worker *w);

static void on_exit_status(void *arg, int status, int signal)
{
	struct worker *w = arg;
	struct extract_pool *p = w->pool;
	char text[100], why[160];

	loop_timer_stop(w->timer);
	read_messages(w); /* what it said before */
	loop_timer_stop(w->timer);
	close_worker(w);
	if (!w->ready) {
		snprintf(why, sizeof(why), "no start of the parser: %s",
			 how_it_ended(status, signal, text));
		start_failed(w, why);
	} else if (!w->retired) {
		if (status || signal)
			rest(w, ++p->ends);
		if (w->first)
			settle_jobs(w, status, signal);
		else if (!w->blamed && (status || signal))
			extract_pool_count(p, "extractor_ends_total", "idle");
	}
	extract_pool_kick(p);
}

/* ---- what a process says ---- */

static void on_garbage(struct worker *w, const char *what)
{
	char why[160];

	snprintf(why, sizeof(why),
		 "the parser answers what it cannot have found: %.80s", what);
	log_warn("extraction: %s", why);
	end_worker(w, "answer", why);
}

void extract_worker_retire(struct worker *w)
{
	w->retired = true;
	end_worker(w, NULL, NULL);
}

static void go_idle(struct worker *w)
{
	w->state = WORKER_IDLE;
	loop_timer_stop(w->timer);
	if (w->conf != w->pool->n_conf)
		extract_worker_retire(w);
}

static void on_ready(struct worker *w, struct str message)
{
	struct extract_pool *p = w->pool;
	struct str filter;
	struct err e;

	if (wire_get_ready(message, &filter, &e)) {
		on_garbage(w, e.msg);
		return;
	}
	p->starts = 0;
	w->ready = true;
	if (filter.p && !p->told_filter)
		log_warn("extraction: without a filter of system calls, with "
			 "limits only: %.*s",
			 STR_ARG(filter));
	p->told_filter = filter.p;
	if (p->stats)
		stats_set(p->stats, "sandbox", NULL, !filter.p);
	go_idle(w);
}

/* Slow documents do not stand behind each other while others are idle. */
static void set_window(struct worker *w)
{
	int64_t took_ms = loop_now_ms(w->pool->loop) - w->turn_ms;

	if (took_ms > EXTRACT_POOL_SWIFT_MS)
		w->window = 1;
	else if (w->window < EXTRACT_POOL_FLIGHT_MAX)
		w->window *= 2;
}

static void on_answer(struct worker *w, struct str message)
{
	struct extract_pool *p = w->pool;
	struct observation o;
	struct err e;

	if (wire_get_answer(message, &p->arena, &o, &e)) {
		on_garbage(w, e.msg);
	} else {
		struct extraction *x = extract_worker_take(w);

		p->ends = 0;
		set_window(w);
		if (w->first)
			begin_turn(w);
		else
			go_idle(w);
		extraction_end(x, &o);
	}
	arena_reset(&p->arena);
}

static void on_message(struct worker *w, enum wire_type type,
		       struct str message)
{
	if (type == WIRE_READY && w->state == WORKER_STARTING)
		on_ready(w, message);
	else if (type == WIRE_ANSWER && w->first && w->first != w->sending)
		on_answer(w, message);
	else
		on_garbage(w, "nothing was asked");
}

/* More for w->in: some of what is there, or all. */
enum more { MORE_NONE, MORE_SOME, MORE_ALL };

static enum more read_more(struct worker *w)
{
	enum { PIECE = 64 << 10 };
	enum wire_type type;
	int64_t len = wire_length(buf_str(&w->in), WIRE_ANSWER_MAX, &type);
	size_t want = len > 0 ? (size_t)len - w->in.len : 0;
	ssize_t n;

	if (want < PIECE)
		want = PIECE;
	n = recv(w->fd, buf_reserve(&w->in, want), want, 0);
	if (n > 0) {
		w->in.len += (size_t)n;
		return (size_t)n < want ? MORE_ALL : MORE_SOME;
	}
	/* How it ended is told by its exit status, once it is through. */
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end_worker(w, NULL, NULL);
	return MORE_NONE;
}

static bool is_alive(const struct worker *w)
{
	return w->state != WORKER_ENDING && w->state != WORKER_DOWN;
}

/* Each message that is whole; what follows them stays in w->in. */
static void take_messages(struct worker *w)
{
	/* Callbacks may end the worker. */
	struct buf b = w->in;
	struct str left = buf_str(&b);

	w->in = (struct buf){ 0 };
	while (is_alive(w)) {
		enum wire_type type;
		int64_t len = wire_length(left, WIRE_ANSWER_MAX, &type);

		if (len < 0)
			on_garbage(w, "too much");
		if (len <= 0 || left.len < (size_t)len)
			break;
		on_message(w, type, str_sub(left, WIRE_HEAD, (size_t)len));
		left = str_sub(left, (size_t)len, left.len);
	}
	if (is_alive(w) && (left.len || b.cap <= EXTRACT_POOL_KEEP)) {
		memmove(b.p, left.p, left.len);
		b.len = left.len;
		w->in = b;
	} else {
		buf_free(&b);
	}
}

static void read_messages(struct worker *w)
{
	enum more more = MORE_SOME;

	while (is_alive(w) && more == MORE_SOME)
		if ((more = read_more(w)) != MORE_NONE)
			take_messages(w);
}

/* ---- what it is asked ---- */

/* False: not now. */
static bool write_one(struct worker *w)
{
	const struct buf *b = &w->sending->message;

	while (w->sent < b->len) {
		ssize_t n = send(w->fd, b->p + w->sent, b->len - w->sent,
				 MSG_NOSIGNAL);

		if (n < 0)
			return false;
		w->sent += (size_t)n;
	}
	w->sending = w->sending->next;
	w->sent = 0;
	return true;
}

static void write_more(struct worker *w)
{
	while (w->sending && write_one(w))
		;
	/* A broken pipe is read as its end. */
	loop_fd_set(w->io, w->sending ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void on_io(void *arg, int what)
{
	struct worker *w = arg;
	struct extract_pool *p = w->pool;

	if (what & LOOP_READ)
		read_messages(w);
	if ((what & LOOP_WRITE) && w->state == WORKER_BUSY)
		write_more(w);
	extract_pool_kick(p);
}

void extract_worker_give(struct worker *w, struct extraction *x)
{
	x->next = NULL;
	*w->last = x;
	w->last = &x->next;
	w->n++;
	w->bytes += x->message.len;
	x->worker = w;
	if (!w->sending)
		w->sending = x;
	if (w->state == WORKER_IDLE) {
		w->state = WORKER_BUSY;
		begin_turn(w);
	}
	write_more(w);
}

static void on_time(void *arg)
{
	struct worker *w = arg;
	struct extract_pool *p = w->pool;
	char why[80];

	/* We may have slept, and not it. */
	if (w->state == WORKER_BUSY)
		read_messages(w);
	switch (w->state) {
	case WORKER_DOWN:
		w->rests = false;
		extract_pool_give_up(p);
		extract_pool_kick(p);
		break;
	case WORKER_STARTING: loop_child_kill(w->process, SIGKILL); break;
	case WORKER_BUSY:
		if (loop_timer_running(w->timer)) /* with the next one */
			break;
		snprintf(why, sizeof(why), "the parser took longer than %gs",
			 (double)p->conf.timeout_ms / 1000);
		end_worker(w, "timeout", why);
		break;
	default: break;
	}
}

/* ---- processes ---- */

static int spawn(struct worker *w, int fd, struct err *e)
{
	char memory[STR_U64_MAX + 1];
	char program[] = "/proc/self/exe", arg[] = EXTRACT_CHILD_ARG;
	char *argv[] = { program, arg, memory, NULL }, *env[] = { NULL };

	snprintf(memory, sizeof(memory), "%lld",
		 (long long)w->pool->conf.memory);
	w->process = loop_child_new(w->pool->loop, argv, env,
				    (const int[]){ fd, fd, fd }, on_exit_status,
				    w, e);
	return w->process ? 0 : -1;
}

void extract_worker_start(struct worker *w)
{
	struct extract_pool *p = w->pool;
	int fd[2];
	struct err e;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd)) {
		err_set(&e, EX_OSERR, "no start of the parser: %s",
			strerror(errno));
		start_failed(w, e.msg);
		return;
	}
	if (spawn(w, fd[1], &e)) {
		close(fd[0]);
		close(fd[1]);
		err_prefix(&e, "no start of the parser");
		start_failed(w, e.msg);
		return;
	}
	close(fd[1]);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	w->fd = fd[0];
	w->io = loop_fd_new(p->loop, w->fd, LOOP_READ, on_io, w);
	w->conf = p->n_conf;
	w->window = 1;
	w->ready = w->blamed = w->retired = false;
	w->state = WORKER_STARTING;
	loop_timer_start(w->timer, EXTRACT_POOL_START_MS);
	extract_pool_count(p, "extractor_starts_total", NULL);
}

void extract_worker_init(struct worker *w, struct extract_pool *p)
{
	w->pool = p;
	w->fd = -1;
	w->last = &w->first;
	w->timer = loop_timer_new(p->loop, on_time, w);
}

void extract_worker_free(struct worker *w)
{
	while (w->first)
		extraction_free(extract_worker_take(w));
	close_worker(w);
	loop_timer_free(&w->timer);
}
