/* Requests, and their answers. */
#include "net_private.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <uv.h>

#include "common/xmem.h"

#include "status.h"
#include "wire.h"

static const char too_much[] = "too much is on its way; try again later";

const char net_crowded[] = "too many connections from this address";

enum { LINGER_S = 2 }; /* for the rest of what was no request */

/* ---- answering ---- */

static void print_answer(const struct net_conn *c, const struct net_answer *a,
			 bool end, bool goes_on, struct buf *b)
{
	buf_addf(b, "HTTP/1.1 %d %s\r\n", a->status, status_text(a->status));
	if (a->type)
		buf_addf(b, "Content-Type: %s\r\n", a->type);
	if (a->status != 204 && a->status != 304 && !goes_on)
		buf_addf(b, "Content-Length: %zu\r\n", a->body.len);
	buf_puts(b, "X-Content-Type-Options: nosniff\r\n");
	if (c->headers)
		buf_puts(b, c->headers);
	if (a->headers)
		buf_puts(b, a->headers);
	if (end)
		buf_puts(b, "Connection: close\r\n");
	buf_puts(b, "\r\n");
	if (!c->head_only)
		buf_add_str(b, a->body);
}

static void count_answer(struct net_counts *n, int status)
{
	n->not_found += status == 404;
	n->not_allowed += status == 405;
	n->not_taken += status == 415;
}

static void forget_headers(struct net_conn *c)
{
	free(c->headers);
	c->headers = NULL;
}

void net_set_headers(struct net_conn *c, struct str headers)
{
	forget_headers(c);
	if (headers.len)
		c->headers = xstrndup(headers.p, headers.len);
}

void net_begin_request(struct net_conn *c)
{
	c->net->in_request += !c->in_request;
	c->in_request = true;
	net_unkeep(c);
}

void net_end_request(struct net_conn *c)
{
	c->net->in_request -= c->in_request;
	c->in_request = false;
}

void net_unkeep(struct net_conn *c)
{
	c->net->kept -= c->kept;
	c->kept = false;
}

/* It may ask again; or, counted, not: there are too many of these. */
static bool may_stay(struct net_conn *c)
{
	if (c->net->kept < NET_KEPT_MAX)
		return true;
	c->net->counts.unkept++;
	return false;
}

static void keep(struct net_conn *c)
{
	c->since_ms = loop_now_ms(c->net->conf.loop);
	c->kept = true;
	c->net->kept++;
}

void net_kill_soon(struct net_conn *c)
{
	c->dying = true;
	/* Whoever has its line is not told: nothing more goes out on it. */
	if (!c->net->tls && (c->is_socket || c->is_stream))
		shutdown(lws_get_socket_fd(c->wsi), SHUT_WR);
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT,
			LWS_TO_KILL_ASYNC);
	/* Called from without, lws would look at it when it next wakes. */
	lws_cancel_service(c->net->context);
}

int net_write(struct net_conn *c, struct str s)
{
	struct net_counts *n = &c->net->counts;

	n->sends++;
	n->bytes += s.len;
	/* lws takes a plain pointer, and does not write through it here. */
	return lws_write(c->wsi, (unsigned char *)(uintptr_t)s.p, s.len,
			 LWS_WRITE_RAW);
}

/* Stop reading a connection until its request is answered. */
static void hold(struct net_conn *c)
{
	if (c->held || c->dying)
		return;
	c->held = true;
	lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
	lws_rx_flow_control(c->wsi, 0);
	/* Its strings are copied; 16 KiB for each poll that waits are not kept. */
	lws_http_headers_detach(c->wsi);
	if (c->served == 0 || c->in_holding)
		return;
	c->in_holding = true;
	c->next_holding = c->net->holding;
	c->net->holding = c;
	loop_work_wake(c->net->settle);
}

static void stop_if_held(uv_handle_t *h, void *arg)
{
	struct net *n = arg;
	uv_os_fd_t fd;

	if (h->type != UV_POLL || uv_fileno(h, &fd))
		return;
	for (struct net_conn *c = n->holding; c; c = c->next_holding)
		if (c->held && !c->dying && lws_get_socket_fd(c->wsi) == fd)
			uv_poll_stop((uv_poll_t *)h);
}

/*
 * A request that came along with the one before it is handled from a buffer,
 * and while that is not empty lws does not switch reading off, nor tries again
 * later: the descriptor stays readable, unread. Its watcher is stopped here;
 * lws starts it again when it wants to write.
 */
bool net_settle_held(void *arg)
{
	struct net *n = arg;
	struct net_conn *c;

	uv_walk(loop_native(n->conf.loop), stop_if_held, n);
	while ((c = n->holding)) {
		n->holding = c->next_holding;
		c->in_holding = false;
	}
	return false;
}

void net_unlist_held(struct net_conn *c)
{
	struct net_conn **at = &c->net->holding;

	if (!c->in_holding)
		return;
	while (*at != c)
		at = &(*at)->next_holding;
	*at = c->next_holding;
}

/* False: the connection is broken. */
static bool send_answer(struct net_conn *c, struct str s)
{
	bool written = net_write(c, s) >= 0;

	c->sending = lws_partial_buffered(c->wsi);
	if (c->sending) {
		/* It would end what is slow, too. */
		lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
		net_watch(c);
	} else {
		net_unwatch(c);
		net_let_go(c);
	}
	return written;
}

/* Write the answer to a request; false: there is nothing more to do about it. */
static bool answer(struct net_conn *c, const struct net_answer *a, bool end,
		   bool goes_on)
{
	struct buf b = { 0 };
	bool written;

	if (!c->in_request || c->dying)
		return false;
	c->receiving = false;
	if (!c->sending)
		net_let_go(c); /* of the body */
	count_answer(&c->net->counts, a->status);
	print_answer(c, a, end || c->asked_to_close, goes_on, &b);
	if (!net_hold(c, b.len, b.len)) {
		buf_free(&b);
		net_decline(c, 503, too_much);
		return false;
	}
	forget_headers(c);
	net_end_request(c);
	c->served++;
	written = send_answer(c, buf_str(&b));
	buf_free(&b);
	buf_free(&c->body);
	if (c->held) {
		c->held = false;
		lws_rx_flow_control(c->wsi, 1);
	}
	if (!written)
		net_kill_soon(c);
	return written;
}

void net_answer(struct net_conn *c, const struct net_answer *a)
{
	bool end = a->close || c->last || c->net->leaving;

	if (c->in_request && !c->dying && !end && !c->asked_to_close)
		end = !may_stay(c);
	if (!answer(c, a, end, false))
		return;
	/* What a kill finds left over is lost; only small answers are killed. */
	if (end || lws_http_transaction_completed(c->wsi))
		net_kill_soon(c);
	else if (!c->asked_to_close)
		keep(c);
}

bool net_stream(struct net_conn *c, const struct net_answer *a)
{
	if (c->net->leaving) {
		net_decline(c, 503, "the service restarts");
		return false;
	}
	if (!answer(c, a, true, true))
		return false;
	if (c->head_only) {
		net_kill_soon(c);
		return false;
	}
	net_become_stream(c);
	return net_has_room(c);
}

/* A refusal that net makes itself; its words are a problem document too. */
void net_decline(struct net_conn *c, int status, const char *detail)
{
	struct buf b = { 0 };

	buf_addf(&b,
		 "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
		 "\"detail\":\"%s\"}\n",
		 status_text(status), status, detail);
	net_answer(c, &(struct net_answer){
			      .status = status,
			      .type = "application/problem+json",
			      .headers = status == 503 ? "Retry-After: 5\r\n"
						       : NULL,
			      .body = buf_str(&b),
			      .close = true,
		      });
	buf_free(&b);
}

void net_refuse(struct net_conn *c, int status, const char *detail)
{
	c->net->counts.malformed++;
	net_decline(c, status, detail);
}

/* ---- requests ---- */

/* False, answered, where the body cannot be read. */
static bool plan_body(struct net_conn *c, struct lws *wsi,
		      enum net_method method)
{
	struct str text;
	uint64_t length;

	c->length = 0;
	c->last = false;
	c->asked_to_close = net_wants_close(c->net, wsi);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
		net_refuse(c, 411, "a body must come with its Content-Length");
		return false;
	}
	text = net_header(c->net, wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	if (!text.p) {
		/* There is no body, but lws would read on for one. */
		c->last = method == NET_POST || method == NET_PUT;
		return true;
	}
	if (!str_u64(text, &length)) {
		net_refuse(c, 400, "Content-Length is not a number");
		return false;
	}
	if (length > NET_BODY_MAX) {
		net_refuse(c, 413, "a body may have 4 MiB at most");
		return false;
	}
	c->length = length;
	return true;
}

static uint64_t bytes_taken(const struct net_conn *c)
{
	return wire_look(lws_get_socket_fd(c->wsi)).taken;
}

/*
 * True if the last of this head, and perhaps a body, came in one read with the
 * request before it: libwebsockets has it in a buffer of its own.
 */
static bool is_pipelined(struct net_conn *c)
{
	uint64_t before = c->taken;

	c->taken = bytes_taken(c);
	return c->served > 0 && c->taken <= before + 1; /* 1: see wire.h */
}

static bool has_waited(const struct net_conn *c)
{
	return !c->dying && !c->in_request &&
	       loop_now_ms(c->net->conf.loop) - c->since_ms >=
		       (NET_REQUEST_S - 1) * INT64_C(1000);
}

/*
 * A client that has hung up was not late; one whose head lws could not read, it
 * ends as soon as that comes.
 */
void net_see_late_head(struct net_conn *c)
{
	struct wire w;

	if (!c->kept || !has_waited(c))
		return;
	w = wire_look(lws_get_socket_fd(c->wsi));
	if (w.is_open && w.taken > c->taken + 1)
		c->net->counts.late_heads++;
}

void net_see_no_head(struct net_conn *c)
{
	if (c->served == 0 && !c->is_socket && has_waited(c))
		c->net->counts.late_heads++;
}

static bool wants_continue(struct net *n, struct lws *wsi)
{
	return str_eq_nocase(net_header(n, wsi, WSI_TOKEN_HTTP_EXPECT),
			     STR("100-continue"));
}

int net_on_head(struct net_conn *c)
{
	const struct net_events *on = c->net->conf.on;
	const struct net_request *r = net_read_request(c->net, c->wsi);
	const char *detail;
	int fault;

	c->net->counts.requests++;
	net_begin_request(c);
	c->head_only = r->method == NET_HEAD;
	buf_reset(&c->body);
	fault = net_request_fault(c->net, c->wsi, &detail);
	if (fault) {
		net_refuse(c, fault, detail);
		return 0;
	}
	if (!net_know_client(c)) {
		net_decline(c, 503, net_crowded);
		return 0;
	}
	if (!plan_body(c, c->wsi, r->method))
		return 0;
	if (is_pipelined(c) && (c->length > 0 || c->last))
		return -1; /* RFC 9112, 9.3.2: it is sent again */
	on->head(c->net->conf.arg, c, r);
	if (!c->in_request) {
		if (c->length && !c->dying)
			net_kill_soon(c); /* its body is never read */
		return 0;
	}
	if (c->length == 0) {
		on->request(c->net->conf.arg, c, r);
		if (c->in_request)
			hold(c);
		return 0;
	}
	c->body.max = c->length;
	c->receiving = true;
	net_watch(c);
	if (wants_continue(c->net, c->wsi))
		net_write(c, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	return 0;
}

int net_on_body(struct net_conn *c, const char *in, size_t len)
{
	if (!c->in_request || c->held)
		return 0;
	if (net_hold(c, len, c->body.len + len))
		buf_add(&c->body, in, len);
	else
		net_decline(c, 503, too_much);
	return 0;
}

int net_on_body_end(struct net_conn *c)
{
	struct net_request *r;

	if (!c->in_request || c->held || c->length == 0)
		return 0;
	c->taken = bytes_taken(c);
	c->receiving = false;
	if (!c->sending)
		net_unwatch(c);
	net_read_request(c->net, c->wsi);
	r = &c->net->request;
	r->body = buf_str(&c->body);
	c->net->conf.on->request(c->net->conf.arg, c, r);
	if (c->in_request)
		hold(c);
	return 0;
}

/* What lws could not make out, it hands over as it came. */
int net_on_raw(struct net_conn *c)
{
	if (c->dying)
		return 0;
	c->net->counts.requests++;
	net_begin_request(c);
	c->head_only = false;
	net_refuse(c, 400, "not a request that is known here");
	/* Closed with more on its way to us, it would lose the answer. */
	shutdown(lws_get_socket_fd(c->wsi), SHUT_WR);
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LINGER_S);
	return 0;
}
