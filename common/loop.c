#include "common/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

#include <uv.h>

#include "common/xmem.h"

struct loop {
	uv_loop_t uv; /* first */
	uv_signal_t term, intr, hup;
	bool signals, stopping;
	const struct loop_timer *due; /* its handler runs */
	void (*on_hup)(void *arg);
	void *hup_arg;
};

struct loop_timer {
	uv_timer_t uv;
	void (*fn)(void *arg);
	void *arg;
};

struct loop_fd {
	uv_poll_t uv;
	void (*fn)(void *arg, int what);
	void *arg;
	int interest;
};

/*
 * Work runs in a prepare handle, just before the loop waits. While it wants to
 * go on, an idle handle keeps the wait at zero.
 */
struct loop_work {
	uv_prepare_t prepare;
	uv_idle_t idle;
	bool (*fn)(void *arg);
	void *arg;
	bool awake;
	int open; /* handles not yet closed */
};

struct loop *loop_new(struct err *e)
{
	struct loop *l = xcalloc(1, sizeof(*l));
	int rc = uv_loop_init(&l->uv);

	if (rc) {
		err_set(e, EX_OSERR, "event loop: %s", uv_strerror(rc));
		free(l);
		return NULL;
	}
	return l;
}

void loop_free(struct loop **lp)
{
	struct loop *l = *lp;
	int rc;

	if (!l)
		return;
	if (l->signals) {
		uv_close((uv_handle_t *)&l->term, NULL);
		uv_close((uv_handle_t *)&l->intr, NULL);
		uv_close((uv_handle_t *)&l->hup, NULL);
	}
	/* Let the closing callbacks run; they free what they close. */
	for (int i = 0; (rc = uv_loop_close(&l->uv)) == UV_EBUSY && i < 100;
	     i++)
		uv_run(&l->uv, UV_RUN_NOWAIT);
	*lp = NULL;
	/* A thread that looks up a name may take its time: it still has l. */
	if (rc != UV_EBUSY)
		free(l);
}

void loop_run(struct loop *l)
{
	while (!l->stopping && uv_run(&l->uv, UV_RUN_DEFAULT))
		;
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
	uv_stop(&l->uv);
}

bool loop_stopping(const struct loop *l)
{
	return l->stopping;
}

void loop_rearm(struct loop *l)
{
	l->stopping = false;
}

int64_t loop_now_ms(struct loop *l)
{
	return (int64_t)uv_now(&l->uv);
}

void loop_update_now(struct loop *l)
{
	uv_update_time(&l->uv);
}

static void on_stop(uv_signal_t *h, int signo)
{
	(void)signo;
	loop_stop(h->data);
}

static void on_hup(uv_signal_t *h, int signo)
{
	struct loop *l = h->data;

	(void)signo;
	if (l->on_hup)
		l->on_hup(l->hup_arg);
}

int loop_signals(struct loop *l, void (*hup)(void *arg), void *arg,
		 struct err *e)
{
	int rc;

	l->on_hup = hup;
	l->hup_arg = arg;
	signal(SIGPIPE, SIG_IGN);
	uv_signal_init(&l->uv, &l->term);
	uv_signal_init(&l->uv, &l->intr);
	uv_signal_init(&l->uv, &l->hup);
	l->term.data = l->intr.data = l->hup.data = l;
	l->signals = true;
	rc = uv_signal_start(&l->term, on_stop, SIGTERM);
	if (!rc)
		rc = uv_signal_start(&l->intr, on_stop, SIGINT);
	if (!rc)
		rc = uv_signal_start(&l->hup, on_hup, SIGHUP);
	if (rc)
		return err_set(e, EX_OSERR, "signals: %s", uv_strerror(rc));
	return 0;
}

static void free_data(uv_handle_t *h)
{
	free(h->data);
}

/* ---- other signals ---- */

struct loop_signal {
	uv_signal_t uv;
	void (*fn)(void *arg);
	void *arg;
};

static void on_signal(uv_signal_t *h, int signo)
{
	struct loop_signal *s = h->data;

	(void)signo;
	s->fn(s->arg);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo,
				    void (*fn)(void *arg), void *arg,
				    struct err *e)
{
	struct loop_signal *s = xcalloc(1, sizeof(*s));
	int rc;

	s->fn = fn;
	s->arg = arg;
	uv_signal_init(&l->uv, &s->uv);
	s->uv.data = s;
	rc = uv_signal_start(&s->uv, on_signal, signo);
	if (rc) {
		err_set(e, EX_OSERR, "signals: %s", uv_strerror(rc));
		loop_signal_free(&s);
	}
	return s;
}

void loop_signal_free(struct loop_signal **sp)
{
	if (*sp)
		uv_close((uv_handle_t *)&(*sp)->uv, free_data);
	*sp = NULL;
}

static void on_timer(uv_timer_t *h)
{
	struct loop_timer *t = h->data;
	struct loop *l = (struct loop *)h->loop;

	l->due = t;
	t->fn(t->arg);
	l->due = NULL;
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg),
				  void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->fn = fn;
	t->arg = arg;
	return t;
}

void loop_timer_start(struct loop_timer *t, int64_t in_ms)
{
	const struct loop *l = (const struct loop *)t->uv.loop;
	/* Or libuv would call it again and again, and nobody else. */
	int64_t least = l->due == t ? 1 : 0;

	uv_timer_start(&t->uv, on_timer,
		       (uint64_t)(in_ms < least ? least : in_ms), 0);
}

void loop_timer_stop(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

bool loop_timer_running(const struct loop_timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv);
}

void loop_timer_free(struct loop_timer **tp)
{
	if (*tp)
		uv_close((uv_handle_t *)&(*tp)->uv, free_data);
	*tp = NULL;
}

static void on_fd(uv_poll_t *h, int status, int events)
{
	struct loop_fd *f = h->data;
	int what = 0;

	if (events & UV_READABLE)
		what |= LOOP_READ;
	if (events & UV_WRITABLE)
		what |= LOOP_WRITE;
	if (status < 0)
		what |= LOOP_READ | LOOP_WRITE;
	f->fn(f->arg, what);
}

void loop_fd_set(struct loop_fd *f, int interest)
{
	int events = 0;

	if (interest == f->interest)
		return;
	f->interest = interest;
	if (interest & LOOP_READ)
		events |= UV_READABLE;
	if (interest & LOOP_WRITE)
		events |= UV_WRITABLE;
	if (events)
		uv_poll_start(&f->uv, events, on_fd);
	else
		uv_poll_stop(&f->uv);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, int interest,
			    void (*fn)(void *arg, int what), void *arg)
{
	struct loop_fd *f = xcalloc(1, sizeof(*f));

	uv_poll_init(&l->uv, &f->uv, fd);
	f->uv.data = f;
	f->fn = fn;
	f->arg = arg;
	loop_fd_set(f, interest);
	return f;
}

void loop_fd_free(struct loop_fd **fp)
{
	if (*fp)
		uv_close((uv_handle_t *)&(*fp)->uv, free_data);
	*fp = NULL;
}

static void on_idle(uv_idle_t *h)
{
	(void)h;
}

static void on_prepare(uv_prepare_t *h)
{
	struct loop_work *w = h->data;

	/* fn itself may wake it, and then says that it is done. */
	w->awake = false;
	if (w->fn(w->arg))
		w->awake = true;
	if (w->awake)
		return;
	uv_prepare_stop(&w->prepare);
	uv_idle_stop(&w->idle);
}

struct loop_work *loop_work_new(struct loop *l, bool (*fn)(void *arg),
				void *arg)
{
	struct loop_work *w = xcalloc(1, sizeof(*w));

	uv_prepare_init(&l->uv, &w->prepare);
	uv_idle_init(&l->uv, &w->idle);
	w->prepare.data = w->idle.data = w;
	w->fn = fn;
	w->arg = arg;
	w->open = 2;
	return w;
}

void loop_work_wake(struct loop_work *w)
{
	if (w->awake)
		return;
	w->awake = true;
	uv_prepare_start(&w->prepare, on_prepare);
	uv_idle_start(&w->idle, on_idle);
}

static void work_closed(uv_handle_t *h)
{
	struct loop_work *w = h->data;

	if (--w->open == 0)
		free(w);
}

void loop_work_free(struct loop_work **wp)
{
	struct loop_work *w = *wp;

	if (!w)
		return;
	uv_close((uv_handle_t *)&w->prepare, work_closed);
	uv_close((uv_handle_t *)&w->idle, work_closed);
	*wp = NULL;
}

void *loop_native(struct loop *l)
{
	return &l->uv;
}
