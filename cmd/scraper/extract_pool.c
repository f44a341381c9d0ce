#include "extract_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/loop_child.h"
#include "common/xmem.h"

#include "extract_child.h"

struct extraction {
	struct extract_pool *pool;
	extraction_fn *fn; /* NULL: cancelled */
	void *arg;
	struct buf message;    /* the request */
	size_t body;	       /* bytes at its end */
	unsigned turns;	       /* that it had, first in its process */
	struct worker *worker; /* that has it, or NULL: in line */
	struct extraction *next;
};

enum state {
	WORKER_DOWN,	 /* no process */
	WORKER_STARTING, /* not yet ready */
	WORKER_IDLE,
	WORKER_BUSY,
	WORKER_ENDING, /* killed, or at its end */
};

struct worker {
	struct extract_pool *pool;
	enum state state;
	struct loop_child *process;
	struct loop_fd *io;
	struct loop_timer *timer; /* to be ready, to answer, to start again */
	int fd;
	struct extraction *first, **last; /* it has; answered in this order */
	struct extraction *sending;	  /* the one that it has a part of */
	size_t sent;			  /* bytes of that part */
	size_t n, bytes;		  /* of them all */
	size_t window;			  /* documents that it is given now */
	int64_t turn_ms;		  /* when that of the first began */
	struct buf in;
	uint64_t conf; /* by which it was started */
	bool ready;    /* it was */
	bool blamed;   /* ended for a reason that was told */
	bool retired;  /* ended because it is no longer wanted */
	bool rests;    /* started again only when the timer says so */
};

struct extract_pool {
	struct loop *loop;
	struct stats *stats;
	struct extract_pool_conf conf;
	uint64_t n_conf; /* counts changes of it */
	struct worker worker[EXTRACT_POOL_CHILDREN_MAX];
	struct extraction *first, **last; /* in line */
	size_t pending;
	unsigned ends;	 /* of processes in a row, without an answer between */
	unsigned starts; /* failed, in a row */
	bool told_filter;
	struct arena arena;
};

static void kick(struct extract_pool *p);

static void count(struct extract_pool *p, const char *name, const char *label)
{
	if (p->stats)
		stats_add(p->stats, name, label, 1);
}

static void show_pending(struct extract_pool *p)
{
	if (p->stats)
		stats_set(p->stats, "extractions_pending", NULL,
			  (int64_t)p->pending);
}

/* ---- what waits ---- */

static void put_last(struct extract_pool *p, struct extraction *x)
{
	x->next = NULL;
	*p->last = x;
	p->last = &x->next;
}

static void put_first(struct extract_pool *p, struct extraction *x)
{
	x->next = p->first;
	p->first = x;
	if (!x->next)
		p->last = &x->next;
}

static struct extraction *take_first(struct extract_pool *p)
{
	struct extraction *x = p->first;

	p->first = x->next;
	if (!p->first)
		p->last = &p->first;
	return x;
}

static void extraction_free(struct extraction *x)
{
	buf_free(&x->message);
	free(x);
}

/* x is out of every list. */
static void end_extraction(struct extraction *x, const struct observation *o,
			   bool ended)
{
	struct extract_pool *p = x->pool;
	struct str message = buf_str(&x->message);
	const struct extracted found = {
		.o = o,
		.body = str_sub(message, message.len - x->body, message.len),
		.ended = ended,
	};

	p->pending--;
	show_pending(p);
	count(p, "extractions_total",
	      ended ? "ended-its-process" : outcome_name(o->outcome));
	if (x->fn)
		x->fn(x->arg, &found);
	extraction_free(x);
}

static void fail_extraction(struct extraction *x, const char *why, bool ended)
{
	const struct observation o = { .outcome = OUTCOME_PARSE_FAIL,
				       .reason = str_from(why) };

	end_extraction(x, &o, ended);
}

/* ---- what a process has ---- */

/* The deadline of the first counts from here. */
static void begin_turn(struct worker *w)
{
	w->first->turns++;
	w->turn_ms = loop_now_ms(w->pool->loop);
	loop_timer_start(w->timer, w->pool->conf.timeout_ms);
}

static struct extraction *take_job(struct worker *w)
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

static void drop(struct extraction *x)
{
	x->pool->pending--;
	show_pending(x->pool);
	extraction_free(x);
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
		drop(x);
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
	count(w->pool, "extractor_ends_total", label);
	x = take_job(w);
	give_back(w);
	if (x)
		fail_extraction(x, why, true);
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

/* Nobody can work: what waits is told, rather than kept for ever. */
static void give_up(struct extract_pool *p, const char *why)
{
	struct extraction *x = p->first;

	log_error("extraction: %s", why);
	p->first = NULL;
	p->last = &p->first;
	while (x) {
		struct extraction *next = x->next;

		fail_extraction(x, why, false);
		x = next;
	}
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

	count(p, "extractor_ends_total", "start");
	p->starts++;
	rest(w, p->starts + 1);
	if (p->starts >= EXTRACT_POOL_STARTS_MAX)
		give_up(p, why);
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
	struct extraction *x = take_job(w);
	char text[100];
	const char *why = how_it_ended(status, signal, text);

	give_back(w);
	if (status || signal)
		count(p, "extractor_ends_total",
		      status == EXTRACT_CHILD_NO_MEMORY ? "memory"
		      : is_from_outside(signal)		? "killed"
		      : signal				? "signal"
							: "status");
	if (!status && (!signal || is_from_outside(signal)) &&
	    x->turns < EXTRACT_POOL_TRIES) {
		put_first(p, x);
		return;
	}
	fail_extraction(x, why, true);
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
		snprintf(why, sizeof(why), "no start: %s",
			 how_it_ended(status, signal, text));
		start_failed(w, why);
	} else if (!w->retired) {
		if (status || signal)
			rest(w, ++p->ends);
		if (w->first)
			settle_jobs(w, status, signal);
		else if (!w->blamed && (status || signal))
			count(p, "extractor_ends_total", "idle");
	}
	kick(p);
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

static void retire(struct worker *w)
{
	w->retired = true;
	end_worker(w, NULL, NULL);
}

static void is_idle(struct worker *w)
{
	w->state = WORKER_IDLE;
	loop_timer_stop(w->timer);
	if (w->conf != w->pool->n_conf)
		retire(w);
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
	is_idle(w);
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
		struct extraction *x = take_job(w);

		p->ends = 0;
		set_window(w);
		if (w->first)
			begin_turn(w);
		else
			is_idle(w);
		end_extraction(x, &o, false);
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
	kick(p);
}

static void give(struct worker *w, struct extraction *x)
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
		kick(p);
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
	w->process = loop_child_new(w->pool->loop, argv, env, fd, fd,
				    on_exit_status, w, e);
	return w->process ? 0 : -1;
}

static void start(struct worker *w)
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
	count(p, "extractor_starts_total", NULL);
}

static bool has_room(const struct worker *w, const struct extraction *x)
{
	return w->state == WORKER_BUSY && w->conf == w->pool->n_conf &&
	       w->n < w->window &&
	       w->bytes + x->message.len <= EXTRACT_POOL_FLIGHT_BYTES;
}

/* The one with the fewest documents that has room for one more, or NULL. */
static struct worker *with_room(struct extract_pool *p,
				const struct extraction *x)
{
	struct worker *best = NULL;

	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++) {
		struct worker *w = &p->worker[i];

		if (has_room(w, x) && (!best || w->n < best->n))
			best = w;
	}
	return best;
}

/*
 * What is in line goes to whoever is idle; else more are started, and those who
 * are busy have the next ones at hand.
 */
static void kick(struct extract_pool *p)
{
	size_t waiting = 0;
	struct worker *w;

	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX && p->first; i++)
		if (p->worker[i].state == WORKER_IDLE)
			give(&p->worker[i], take_first(p));
	for (struct extraction *x = p->first;
	     x && waiting < (size_t)p->conf.children; x = x->next)
		waiting++;
	for (int64_t i = 0; i < p->conf.children; i++)
		waiting -= waiting && p->worker[i].state == WORKER_STARTING;
	for (int64_t i = 0; i < p->conf.children && waiting; i++)
		if (p->worker[i].state == WORKER_DOWN && !p->worker[i].rests) {
			start(&p->worker[i]);
			waiting--;
		}
	while (p->first && (w = with_room(p, p->first)))
		give(w, take_first(p));
}

/* ---- outside ---- */

struct extract_pool *extract_pool_new(struct loop *l, struct stats *stats,
				      const struct extract_pool_conf *conf)
{
	struct extract_pool *p = xcalloc(1, sizeof(*p));

	p->loop = l;
	p->stats = stats;
	p->conf = *conf;
	p->last = &p->first;
	p->arena.keep = EXTRACT_POOL_KEEP;
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++) {
		p->worker[i].pool = p;
		p->worker[i].fd = -1;
		p->worker[i].last = &p->worker[i].first;
		p->worker[i].timer = loop_timer_new(l, on_time, &p->worker[i]);
	}
	return p;
}

void extract_pool_set(struct extract_pool *p,
		      const struct extract_pool_conf *conf)
{
	bool other = conf->children != p->conf.children ||
		     conf->memory != p->conf.memory;

	p->conf = *conf;
	if (!other)
		return;
	p->n_conf++;
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		if (p->worker[i].state == WORKER_IDLE)
			retire(&p->worker[i]);
}

void extract_pool_free(struct extract_pool **pp)
{
	struct extract_pool *p = *pp;

	if (!p)
		return;
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++) {
		struct worker *w = &p->worker[i];

		while (w->first)
			extraction_free(take_job(w));
		close_worker(w);
		loop_timer_free(&w->timer);
	}
	while (p->first)
		extraction_free(take_first(p));
	arena_free(&p->arena);
	free(p);
	*pp = NULL;
}

struct extraction *extract_pool_run(struct extract_pool *p,
				    const struct wire_request *r,
				    extraction_fn *fn, void *arg)
{
	struct extraction *x = xcalloc(1, sizeof(*x));

	x->pool = p;
	x->fn = fn;
	x->arg = arg;
	x->body = r->doc.body.len;
	wire_put_request(r, &x->message);
	put_last(p, x);
	p->pending++;
	show_pending(p);
	kick(p);
	return x;
}

void extraction_cancel(struct extraction **xp)
{
	struct extraction *x = *xp, **at;
	struct extract_pool *p;

	*xp = NULL;
	if (!x)
		return;
	p = x->pool;
	x->fn = NULL;
	if (x->worker)
		return; /* let it be answered */
	for (at = &p->first; *at != x;)
		at = &(*at)->next;
	*at = x->next;
	if (!x->next)
		p->last = at;
	drop(x);
}

size_t extract_pool_pending(const struct extract_pool *p)
{
	return p->pending;
}

size_t extract_pool_in_flight(const struct extract_pool *p)
{
	size_t n = 0;

	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		n += p->worker[i].n;
	return n;
}
