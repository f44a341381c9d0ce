/* Connections: from a name to a socket, and the bytes through it. */
#include "common/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/loop_resolve.h"
#include "common/wire_proxy.h"
#include "common/wire_tls.h"
#include "common/xmem.h"

enum { CHUNK = 16 << 10, REASON_MAX = 200 };

struct wires {
	struct wires_conf conf;
	struct wire_tls_context *tls;
	struct loop_work *work;
	struct wire *ready, **ready_last; /* to be served in the next turn */
	char chunk[CHUNK];
};

enum state { RESOLVING, CONNECTING, SHAKING, ASKING, OPEN, OVER };

struct wire {
	struct wires *wires;
	const struct wire_handler *handler;
	void *arg;
	char *host;
	const char *alpn;
	unsigned port;
	enum state state;
	bool tls, paused, wants_write;
	struct wire_proxy *proxy; /* until it has connected us; or NULL */
	bool is_ready;
	bool busy, dead; /* in a callback of its own, and closed by it */
	struct wire *next_ready;
	struct loop_resolve *resolve;
	struct loop_address *addresses;
	size_t n_addresses, at;
	struct loop_timer *timer; /* while an address is tried */
	int s;
	struct loop_fd *fd;
	struct wire_tls *ssl;
	struct buf in, out; /* not used yet, not sent yet */
	int64_t heard_ms;
	enum http_result result; /* once it is over */
	char *reason;
};

static void try_address(struct wire *w);

/* ---- those that are served in the next turn ---- */

static void make_ready(struct wire *w)
{
	struct wires *ws = w->wires;

	if (w->is_ready)
		return;
	w->is_ready = true;
	w->next_ready = NULL;
	*ws->ready_last = w;
	ws->ready_last = &w->next_ready;
	loop_work_wake(ws->work);
}

static void unready(struct wire *w)
{
	struct wires *ws = w->wires;
	struct wire **p = &ws->ready;

	if (!w->is_ready)
		return;
	while (*p != w)
		p = &(*p)->next_ready;
	*p = w->next_ready;
	if (ws->ready_last == &w->next_ready)
		ws->ready_last = p;
	w->is_ready = false;
}

/* ---- the end ---- */

static void drop_socket(struct wire *w)
{
	loop_timer_free(&w->timer);
	loop_fd_free(&w->fd);
	wire_tls_free(&w->ssl);
	if (w->s >= 0)
		close(w->s);
	w->s = -1;
	w->wants_write = false;
}

/* Its user is told in the next turn. */
static void finish(struct wire *w, enum http_result result, const char *reason)
{
	if (w->state == OVER)
		return;
	w->state = OVER;
	if (w->proxy && result != HTTP_NO_ROUTE)
		result = HTTP_PROXY;
	w->result = result;
	w->reason = xstrdup(reason); /* it may be the socket's */
	drop_socket(w);
	if (result == HTTP_TOO_LARGE || w->proxy)
		buf_free(&w->in); /* what a proxy said is not the host's */
	make_ready(w);
}

static void finish_errno(struct wire *w, enum http_result result, int error)
{
	finish(w, result, strerror(error));
}

/* ---- reading and writing ---- */

static void set_interest(struct wire *w)
{
	bool write = w->state == CONNECTING || w->wants_write || w->out.len;
	bool read = w->state == SHAKING || w->state == ASKING ||
		    (w->state == OPEN && !w->paused);

	if (w->fd)
		loop_fd_set(w->fd,
			    (read ? LOOP_READ : 0) | (write ? LOOP_WRITE : 0));
}

static ssize_t io_result(struct wire *w, ssize_t n)
{
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return -1;
	finish_errno(w, HTTP_BROKEN, errno);
	return -1;
}

/* What wire_tls_* says: as io_result(). */
static ssize_t tls_result(struct wire *w, ssize_t n, enum wire_tls_want want)
{
	bool wants_write = want == WIRE_TLS_WRITE;

	/* Also of a read: it answers a new key (RFC 8446, 4.6.3) first. */
	if (w->wants_write != wants_write) {
		w->wants_write = wants_write;
		set_interest(w);
	}
	if (want == WIRE_TLS_CLOSED)
		finish(w, HTTP_OK, "closed by the server");
	else if (want == WIRE_TLS_FAILED)
		finish(w, HTTP_BROKEN, wire_tls_error(w->ssl));
	return want == WIRE_TLS_DONE ? n : -1;
}

/* The number of bytes, or -1: none now, or it is over. */
static ssize_t read_some(struct wire *w, char *p, size_t size)
{
	enum wire_tls_want want;
	ssize_t n;

	if (w->ssl) {
		n = wire_tls_read(w->ssl, p, size, &want);
		return tls_result(w, n, want);
	}
	n = io_result(w, recv(w->s, p, size, 0));
	if (n == 0) {
		finish(w, HTTP_OK, "closed by the server");
		return -1;
	}
	return n;
}

static void flush(struct wire *w)
{
	enum wire_tls_want want;
	ssize_t n = 1;

	while (w->out.len && n > 0) {
		if (w->ssl) {
			n = wire_tls_write(w->ssl, buf_str(&w->out), &want);
			n = tls_result(w, n, want);
		} else {
			n = io_result(w, send(w->s, w->out.p, w->out.len,
					      MSG_NOSIGNAL));
		}
		if (n > 0)
			buf_consume(&w->out, (size_t)n);
	}
	if (!w->out.len)
		buf_free(&w->out);
}

static void wire_free(struct wire *w)
{
	buf_free(&w->in);
	buf_free(&w->out);
	free(w->addresses);
	free(w->host);
	free(w->proxy);
	free(w->reason);
	free(w);
}

/* After a callback. False where it has closed the wire, which is gone now. */
static bool still_there(struct wire *w)
{
	bool dead = w->dead;

	w->busy = false;
	if (dead)
		wire_free(w);
	return !dead;
}

/*
 * Hand over what there is, in `bytes` or kept from before. False where the wire
 * is gone.
 */
static bool hand_over(struct wire *w, struct str bytes)
{
	bool kept = w->in.len > 0;
	size_t used;

	if (kept) {
		buf_add_str(&w->in, bytes);
		bytes = buf_str(&w->in);
	}
	if (!w->in.full) {
		w->busy = true;
		used = w->handler->data(w->arg, bytes);
		if (!still_there(w))
			return false;
		if (kept)
			buf_consume(&w->in, used);
		else
			buf_add(&w->in, bytes.p + used, bytes.len - used);
		if (!w->in.len)
			buf_free(&w->in);
	}
	if (w->in.full)
		finish(w, HTTP_TOO_LARGE, "more than may be kept");
	return true;
}

static void read_all(struct wire *w)
{
	struct wires *ws = w->wires;
	size_t total = 0;

	while (w->state == OPEN && !w->paused && total < WIRE_READ_MAX) {
		ssize_t n = read_some(w, ws->chunk, CHUNK);

		if (n <= 0)
			return;
		total += (size_t)n;
		w->heard_ms = loop_now_ms(ws->conf.loop);
		if (!hand_over(w, (struct str){ ws->chunk, (size_t)n }))
			return;
		/* A short read was all there is; the loop tells of more. */
		if (n < CHUNK && (!w->ssl || !wire_tls_pending(w->ssl)))
			return;
	}
	if (w->state == OPEN && w->ssl && wire_tls_pending(w->ssl))
		make_ready(w); /* the socket does not tell of that */
}

/* ---- from a name to a connection ---- */

static void opened(struct wire *w)
{
	loop_timer_free(&w->timer);
	free(w->addresses);
	w->addresses = NULL;
	w->state = OPEN;
	w->heard_ms = loop_now_ms(w->wires->conf.loop);
	w->busy = true;
	w->handler->open(w->arg);
	if (!still_there(w))
		return;
	set_interest(w);
	if (w->state == OPEN &&
	    (w->in.len || (w->ssl && wire_tls_pending(w->ssl))))
		make_ready(w); /* it came with the proxy's last words */
}

/* This address was nothing: the next one, or the end. */
static void next_address(struct wire *w, const char *reason)
{
	drop_socket(w);
	if (++w->at < w->n_addresses)
		try_address(w);
	else
		finish(w, HTTP_NO_CONNECT, reason);
}

static void begin_tls(struct wire *w);

/* The proxy has connected us. */
static void connected_by_proxy(struct wire *w)
{
	free(w->proxy);
	w->proxy = NULL;
	if (!w->tls) {
		opened(w);
		return;
	}
	if (w->in.len)
		finish(w, HTTP_BAD_TLS, "bytes before TLS");
	else
		begin_tls(w);
}

/* What the proxy says goes into the wire's own buffer, as it may say more. */
static void ask_proxy(struct wire *w)
{
	char in[1024];
	struct buf out = { 0 };
	const char *why;
	size_t used;
	ssize_t n;

	while (w->state == ASKING && (n = read_some(w, in, sizeof(in))) > 0) {
		enum wire_proxy_result r;

		buf_add(&w->in, in, (size_t)n);
		do {
			r = wire_proxy_read(w->proxy, buf_str(&w->in), &used,
					    &out, &why);
			buf_consume(&w->in, used);
		} while (r == WIRE_PROXY_MORE && used);
		if (w->in.full && r == WIRE_PROXY_MORE) {
			finish(w, HTTP_PROXY, "it answers without an end");
			break;
		}
		buf_add_str(&w->out, buf_str(&out));
		buf_reset(&out);
		if (r == WIRE_PROXY_OPEN)
			connected_by_proxy(w);
		else if (r != WIRE_PROXY_MORE)
			finish(w,
			       r == WIRE_PROXY_FAILED ? HTTP_PROXY
						      : HTTP_NO_ROUTE,
			       why);
		else
			flush(w);
		if (r != WIRE_PROXY_MORE)
			break; /* the wire may be gone */
		set_interest(w);
	}
	buf_free(&out);
}

static void begin_asking(struct wire *w)
{
	w->state = ASKING;
	wire_proxy_begin(w->proxy, &w->out);
	flush(w);
	set_interest(w);
}

static void shake(struct wire *w)
{
	enum wire_tls_want want = wire_tls_connect(w->ssl);

	w->wants_write = want == WIRE_TLS_WRITE;
	if (want == WIRE_TLS_DONE && w->proxy)
		begin_asking(w);
	else if (want == WIRE_TLS_DONE)
		opened(w);
	else if (want == WIRE_TLS_FAILED || want == WIRE_TLS_CLOSED)
		finish(w, HTTP_BAD_TLS, wire_tls_error(w->ssl));
	else
		set_interest(w);
}

static void begin_tls(struct wire *w)
{
	struct wires *ws = w->wires;
	struct err e;

	loop_timer_free(&w->timer);
	if (!ws->tls)
		ws->tls = wire_tls_context_new(ws->conf.ca_file, &e);
	if (!ws->tls) {
		finish(w, HTTP_BAD_TLS, e.msg);
		return;
	}
	if (w->proxy)
		w->ssl = wire_tls_new(ws->tls, w->s, w->proxy->host, NULL);
	else if (w->ssl)
		w->ssl = wire_tls_new_within(ws->tls, w->ssl, w->host, w->alpn);
	else
		w->ssl = wire_tls_new(ws->tls, w->s, w->host, w->alpn);
	w->state = SHAKING;
	shake(w);
}

static void connected(struct wire *w)
{
	socklen_t len = sizeof(int);
	int error = 0, on = 1;

	if (getsockopt(w->s, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (error) {
		next_address(w, strerror(error));
		return;
	}
	(void)setsockopt(w->s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (w->proxy ? w->proxy->tls : w->tls)
		begin_tls(w);
	else if (w->proxy)
		begin_asking(w);
	else
		opened(w);
}

static void on_ready(void *arg, int what)
{
	struct wire *w = arg;

	switch (w->state) {
	case CONNECTING: connected(w); return;
	case SHAKING: shake(w); return;
	case ASKING:
		if (what & LOOP_WRITE)
			flush(w);
		set_interest(w);
		ask_proxy(w);
		return;
	case OPEN: break;
	default: return;
	}
	if (what & LOOP_WRITE)
		flush(w);
	set_interest(w);
	/* One that is to be served has bytes that come first. */
	if (((what & LOOP_READ) || w->ssl) && !w->is_ready)
		read_all(w);
}

static void on_late(void *arg)
{
	next_address(arg, "no answer in time");
}

static void try_address(struct wire *w)
{
	const struct loop_address *a = &w->addresses[w->at];
	const struct sockaddr *sa = (const struct sockaddr *)&a->sa;
	struct wires *ws = w->wires;
	const char *what = NULL;
	char text[REASON_MAX];

	if (ws->conf.guard)
		what = netguard_refuses(ws->conf.guard, sa);
	if (what && w->proxy && ws->conf.proxy_guard)
		what = netguard_refuses(ws->conf.proxy_guard, sa);
	if (what && w->at + 1 == w->n_addresses) {
		snprintf(text, sizeof(text), "address is %s", what);
		finish(w, HTTP_REFUSED, text);
		return;
	}
	if (what) {
		next_address(w, what);
		return;
	}
	w->state = CONNECTING;
	w->s = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		      0);
	if (w->s < 0 || (connect(w->s, sa, a->len) && errno != EINPROGRESS)) {
		next_address(w, strerror(errno));
		return;
	}
	w->fd = loop_fd_new(ws->conf.loop, w->s, LOOP_WRITE, on_ready, w);
	if (w->at + 1 == w->n_addresses)
		return;
	w->timer = loop_timer_new(ws->conf.loop, on_late, w);
	loop_timer_start(w->timer, WIRE_ADDRESS_MS);
}

static void on_addresses(void *arg, const struct loop_address *list, size_t n,
			 const char *error)
{
	struct wire *w = arg;

	loop_resolve_free(&w->resolve);
	if (!n) {
		finish(w, HTTP_NO_HOST, error);
		return;
	}
	w->addresses = xmalloc(n * sizeof(*list));
	memcpy(w->addresses, list, n * sizeof(*list));
	w->n_addresses = n;
	try_address(w);
}

/* ---- what its user does ---- */

/* NULL, or why it cannot be. */
static const char *use_proxy(struct wire *w, const struct wire_target *t)
{
	const char *why;

	w->proxy = xcalloc(1, sizeof(*w->proxy));
	why = wire_proxy_init(w->proxy, t->proxy, w->host, w->port);
	if (!why && t->address && w->proxy->names_here)
		why = wire_proxy_init(w->proxy, t->proxy, t->address, w->port);
	return why;
}

struct wire *wire_open(struct wires *ws, const struct wire_target *t,
		       const struct wire_handler *h, void *arg)
{
	struct wire *w = xcalloc(1, sizeof(*w));
	const char *why;

	w->wires = ws;
	w->handler = h;
	w->arg = arg;
	w->host = xstrdup(t->host);
	w->port = t->port;
	w->tls = t->tls;
	w->alpn = t->alpn;
	w->s = -1;
	w->in.max = t->max_in;
	w->out.max = WIRE_OUT_MAX;
	why = t->proxy ? use_proxy(w, t) : NULL;
	if (why) {
		finish(w, HTTP_REFUSED, why);
		return w;
	}
	w->resolve = loop_resolve_new(ws->conf.loop,
				      w->proxy ? w->proxy->host : w->host,
				      w->proxy ? w->proxy->port : w->port,
				      on_addresses, w);
	if (!w->resolve)
		finish(w, HTTP_NO_HOST, "no such name");
	return w;
}

void wire_write(struct wire *w, struct str bytes)
{
	if (w->state != OPEN)
		return;
	buf_add_str(&w->out, bytes);
	if (w->out.full) {
		finish(w, HTTP_TOO_LARGE, "the server takes nothing");
		return;
	}
	flush(w);
	set_interest(w);
}

void wire_pause(struct wire *w, bool paused)
{
	if (w->paused == paused)
		return;
	w->paused = paused;
	set_interest(w);
	if (!paused)
		make_ready(w);
}

int64_t wire_heard_ms(const struct wire *w)
{
	return w->heard_ms;
}

void wire_close(struct wire **wp)
{
	struct wire *w = *wp;

	*wp = NULL;
	if (!w)
		return;
	unready(w);
	loop_resolve_free(&w->resolve);
	drop_socket(w);
	w->state = OVER;
	w->dead = true;
	if (!w->busy)
		wire_free(w);
}

/* ---- all of them ---- */

static void tell_end(struct wire *w)
{
	struct wire_end end = { .result = w->result,
				.reason = w->reason,
				.rest = buf_str(&w->in) };

	w->busy = true;
	w->handler->end(w->arg, &end);
	(void)still_there(w);
}

static void serve(struct wire *w)
{
	if (w->paused)
		return; /* wire_pause() will make it ready again */
	if (w->in.len && !hand_over(w, (struct str){ 0 }))
		return;
	if (w->state == OPEN)
		read_all(w);
	else if (w->state == OVER && !w->paused)
		tell_end(w);
}

static bool on_work(void *arg)
{
	struct wires *ws = arg;
	struct wire *last = NULL, *w;

	/* Those that are made ready meanwhile wait for the next turn. */
	for (w = ws->ready; w; w = w->next_ready)
		last = w;
	while ((w = ws->ready) && last) {
		bool was_last = w == last;

		unready(w);
		serve(w);
		if (was_last)
			break;
	}
	return ws->ready != NULL;
}

struct wires *wires_new(const struct wires_conf *conf)
{
	struct wires *ws = xcalloc(1, sizeof(*ws));

	ws->conf = *conf;
	ws->ready_last = &ws->ready;
	ws->work = loop_work_new(conf->loop, on_work, ws);
	return ws;
}

void wires_set(struct wires *ws, const struct wires_conf *conf)
{
	struct loop *loop = ws->conf.loop;

	ws->conf = *conf;
	ws->conf.loop = loop;
	wire_tls_context_free(&ws->tls); /* those that are up have it still */
}

void wires_free(struct wires **wsp)
{
	struct wires *ws = *wsp;

	if (!ws)
		return;
	loop_work_free(&ws->work);
	wire_tls_context_free(&ws->tls);
	free(ws);
	*wsp = NULL;
}
