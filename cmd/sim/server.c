#include "server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include <microhttpd.h>

#include "common/log.h"
#include "common/xmem.h"

#include "exchange.h"
#include "listen.h"

/*
 * libmicrohttpd is driven from outside: its epoll descriptor sits in our loop,
 * and `pump` lets it work until it wants to wait. A connection that shall be
 * answered later is suspended, and resumed by a timer.
 */
struct server {
	struct loop *loop;
	struct site *site;
	struct MHD_Daemon *daemon;
	struct loop_fd *fd;
	struct loop_work *pump;
	struct loop_timer *idle; /* MHD's own time-outs */
	struct loop_timer *wake; /* the next suspended connection */
	struct exchange *suspended;
	struct gzip_bomb bomb;
	bool closing;
	char name[LISTEN_NAME_SIZE];
};

static bool pump(void *arg)
{
	struct server *sv = arg;
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(sv->daemon);
	if (MHD_get_timeout(sv->daemon, &ms) != MHD_YES) {
		loop_timer_stop(sv->idle);
		return false;
	}
	if (ms == 0)
		return true;
	loop_timer_start(sv->idle, (int64_t)ms);
	return false;
}

static void on_idle(void *arg)
{
	struct server *sv = arg;

	loop_work_wake(sv->pump);
}

static void on_fd(void *arg, int what)
{
	(void)what;
	on_idle(arg);
}

static void set_wake(struct server *sv)
{
	int64_t due = INT64_MAX, now = loop_now_ms(sv->loop);

	for (const struct exchange *x = sv->suspended; x; x = x->next)
		if (x->due_ms < due)
			due = x->due_ms;
	if (due == INT64_MAX)
		loop_timer_stop(sv->wake);
	else
		loop_timer_start(sv->wake, due > now ? due - now : 0);
}

static void unlink_exchange(struct server *sv, struct exchange *x)
{
	if (x->prev)
		x->prev->next = x->next;
	else
		sv->suspended = x->next;
	if (x->next)
		x->next->prev = x->prev;
	x->prev = x->next = NULL;
	x->suspended = false;
}

static void suspend(void *arg, struct exchange *x, int64_t ms)
{
	struct server *sv = arg;

	x->due_ms = loop_now_ms(sv->loop) + ms;
	x->suspended = true;
	x->next = sv->suspended;
	if (x->next)
		x->next->prev = x;
	sv->suspended = x;
	MHD_suspend_connection(x->conn);
	set_wake(sv);
}

/* Let those go on whose time has come. */
static void on_wake(void *arg)
{
	struct server *sv = arg;
	int64_t now = loop_now_ms(sv->loop);
	struct exchange *next;

	for (struct exchange *x = sv->suspended; x; x = next) {
		next = x->next;
		if (x->due_ms > now && !sv->closing)
			continue;
		unlink_exchange(sv, x);
		MHD_resume_connection(x->conn);
	}
	set_wake(sv);
	loop_work_wake(sv->pump);
}

static void find_answer(struct server *sv, struct exchange *x,
			const char *method, const char *url)
{
	struct exchange_scratch scratch = { 0 };
	struct request rq;

	x->answered = true;
	if (x->in.full) {
		answer_error(&x->a, 413, "That is too much.");
		return;
	}
	exchange_read(x, method, url, sv->name, &scratch, &rq);
	rq.now_ms = loop_now_ms(sv->loop);
	site_answer(sv->site, &rq, &x->a);
	exchange_scratch_free(&scratch);
	if (x->a.kind == ANSWER_HANG)
		x->a.delay_ms = SERVER_HANG_MS;
}

/* MHD calls this for the headers, for pieces of the body, and at its end. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *len, void **slot)
{
	struct server *sv = arg;
	struct exchange *x = *slot;

	(void)version;
	if (sv->closing)
		return MHD_NO;
	if (!x) {
		*slot = x = xcalloc(1, sizeof(*x));
		x->conn = conn;
		x->bomb = &sv->bomb;
		x->pause = suspend;
		x->server = sv;
		x->in.max = REQUEST_BODY_MAX;
		return MHD_YES;
	}
	if (*len > 0) {
		buf_add(&x->in, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!x->answered) {
		find_answer(sv, x, method, url);
		if (x->a.delay_ms > 0) {
			suspend(sv, x, x->a.delay_ms);
			return MHD_YES;
		}
	}
	return exchange_write(x);
}

static void on_done(void *arg, struct MHD_Connection *conn, void **slot,
		    enum MHD_RequestTerminationCode why)
{
	struct server *sv = arg;
	struct exchange *x = *slot;

	(void)conn;
	(void)why;
	*slot = NULL;
	if (!x)
		return;
	if (x->suspended)
		unlink_exchange(sv, x);
	answer_release(&x->a);
	buf_free(&x->in);
	free(x);
}

static void on_log(void *arg, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void on_log(void *arg, const char *fmt, va_list ap)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, ap);
	log_debug("http: %s", text);
}

static struct MHD_Daemon *start(struct server *sv, int fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, on_request, sv, MHD_OPTION_EXTERNAL_LOGGER, on_log,
		NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)SERVER_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)SERVER_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)SERVER_CONNECTION_BYTES, MHD_OPTION_NOTIFY_COMPLETED,
		on_done, sv, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
}

struct server *server_open(struct loop *l, const char *listen_on,
			   struct site *site, struct err *e)
{
	const union MHD_DaemonInfo *info;
	struct server *sv = xcalloc(1, sizeof(*sv));
	int fd = listen_open(listen_on, sv->name, e);

	sv->loop = l;
	sv->site = site;
	gzip_bomb_init(&sv->bomb);
	if (fd < 0)
		goto fail;
	sv->daemon = start(sv, fd);
	if (!sv->daemon) {
		close(fd);
		err_set(e, EX_OSERR, "http: the server does not start");
		goto fail;
	}
	info = MHD_get_daemon_info(sv->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	sv->pump = loop_work_new(l, pump, sv);
	sv->idle = loop_timer_new(l, on_idle, sv);
	sv->wake = loop_timer_new(l, on_wake, sv);
	sv->fd = loop_fd_new(l, info->epoll_fd, LOOP_READ, on_fd, sv);
	loop_work_wake(sv->pump);
	return sv;
fail:
	server_close(&sv);
	return NULL;
}

void server_close(struct server **svp)
{
	struct server *sv = *svp;

	*svp = NULL;
	if (!sv)
		return;
	if (sv->daemon) {
		/* MHD must not be stopped while connections are suspended. */
		sv->closing = true;
		on_wake(sv);
		MHD_run(sv->daemon);
		loop_fd_free(&sv->fd);
		MHD_stop_daemon(sv->daemon); /* closes the socket */
		loop_timer_free(&sv->idle);
		loop_timer_free(&sv->wake);
		loop_work_free(&sv->pump);
	}
	gzip_bomb_release(&sv->bomb);
	free(sv);
}

const char *server_address(const struct server *sv)
{
	return sv->name;
}
