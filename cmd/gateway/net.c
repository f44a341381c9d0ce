/*
 * What libwebsockets 4.1.6 does of itself, and what of that is not wanted:
 *
 * - LWS_WRITE_HTTP (alias RAW) on a WebSocket writes the bytes as they are. What
 *   the socket does not take is copied to a list and sent first later;
 *   lws_partial_buffered() tells. More writes then would grow that list.
 * - While a request waits for its answer, lws reads neither its connection nor
 *   notices its end, but polls for it and spins: reading is switched off.
 * - A chunked request body is not understood: refused. Without a length there
 *   is none, but lws waits for one: such a connection ends with its answer.
 * - An unknown Upgrade is answered by lws itself, and then offered to us with
 *   the head gone: UPGRADE must be looked up again, not believed.
 * - Connections are never closed from within our own loops, but soon after
 *   (LWS_TO_KILL_ASYNC).
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <libwebsockets.h>
#include <uv.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "frame.h"
#include "listener.h"
#include "status.h"

enum {
	WRITE_MAX = 1 << 20, /* bytes that lws gives to one send(2) */
	OTHER_FILES = 64,    /* descriptors besides those of connections */
	CLOSING_TURNS = 1000,
	CLOSING_TURNS_MIN = 4,
	CHOKED_ANSWERS_MAX = 8, /* small writes to a socket that takes none */
};

struct net {
	struct net_conf conf;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct listener *listener;
	struct net_conn *adopting;
	struct net_conn *holding; /* held in this turn, on a kept connection */
	struct loop_work *settle;
	struct net_counts counts;
	char scratch[NET_HEAD_MAX + 1024]; /* strings of the current request */
	size_t scratch_used;
	struct net_request request;
};

struct net_conn {
	struct net *net;
	struct lws *wsi;
	struct net_conn *next_holding;
	bool in_holding;
	uint64_t served; /* requests answered on this connection */
	void *user;
	struct buf body; /* of a request, or of a message in parts */
	size_t length;	 /* of the body that was announced */
	bool is_socket;
	bool in_request; /* not answered yet */
	bool head_only;	 /* the request was HEAD */
	bool held;	 /* reading is switched off until the answer */
	bool last;	 /* request: the connection ends with its answer */
	bool dying;
	bool choked;
	bool skipping; /* the rest of a message that was refused */
	unsigned choked_sends;
};

/* ---- reading a request's head ---- */

static struct str keep(struct net *n, int len)
{
	struct str s = { n->scratch + n->scratch_used, (size_t)len };

	n->scratch_used += (size_t)len + 1;
	return s;
}

static int scratch_left(const struct net *n)
{
	return (int)(sizeof(n->scratch) - n->scratch_used);
}

/* A header's text, absent where it was not sent. */
static struct str header(struct net *n, struct lws *wsi,
			 enum lws_token_indexes token)
{
	char *to = n->scratch + n->scratch_used;
	const struct str none = { 0 };
	int len;

	if (lws_hdr_total_length(wsi, token) <= 0)
		return none;
	len = lws_hdr_copy(wsi, to, scratch_left(n), token);
	return len < 0 ? none : keep(n, len);
}

static enum net_method method_of(struct lws *wsi, struct str *path_r)
{
	static const enum net_method methods[] = {
		[LWSHUMETH_GET] = NET_GET,
		[LWSHUMETH_POST] = NET_POST,
		[LWSHUMETH_OPTIONS] = NET_OTHER,
		[LWSHUMETH_PUT] = NET_PUT,
		[LWSHUMETH_PATCH] = NET_OTHER,
		[LWSHUMETH_DELETE] = NET_DELETE,
		[LWSHUMETH_CONNECT] = NET_OTHER,
		[LWSHUMETH_HEAD] = NET_HEAD,
	};
	char *uri = NULL;
	int len = 0, m = lws_http_get_uri_and_method(wsi, &uri, &len);

	*path_r = (struct str){ uri, (size_t)len };
	if (m < 0 || (size_t)m >= ARRAY_LEN(methods))
		return NET_OTHER;
	return methods[m];
}

/* lws has cut the query at '&', and decoded it, already. */
static void read_params(struct net *n, struct lws *wsi, struct net_request *r)
{
	while (r->n_params < NET_PARAMS_MAX) {
		char *to = n->scratch + n->scratch_used;
		int len = lws_hdr_copy_fragment(wsi, to, scratch_left(n),
						WSI_TOKEN_HTTP_URI_ARGS,
						(int)r->n_params);
		struct net_param *p = &r->param[r->n_params];

		if (len < 0)
			break;
		r->n_params++;
		p->name = str_cut(keep(n, len), '=', &p->value);
	}
	/* "?", "&&": nothing was said */
	for (size_t i = 0; i < r->n_params;)
		if (r->param[i].name.len == 0 && !r->param[i].value.p)
			r->param[i] = r->param[--r->n_params];
		else
			i++;
}

/* Valid until the next call. */
static const struct net_request *read_request(struct net *n, struct lws *wsi)
{
	struct net_request *r = &n->request;

	n->scratch_used = 0;
	*r = (struct net_request){ .method = NET_OTHER };
	r->method = method_of(wsi, &r->path);
	read_params(n, wsi, r);
	r->host = header(n, wsi, WSI_TOKEN_HOST);
	r->origin = header(n, wsi, WSI_TOKEN_ORIGIN);
	r->authorization = header(n, wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
	r->content_type = header(n, wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
	r->if_none_match = header(n, wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
	r->accept_encoding = header(n, wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING);
	r->protocols = header(n, wsi, WSI_TOKEN_PROTOCOL);
	r->version = header(n, wsi, WSI_TOKEN_VERSION);
	return r;
}

/* ---- answering ---- */

static void print_answer(const struct net_answer *a, bool head_only, bool end,
			 struct buf *b)
{
	buf_addf(b, "HTTP/1.1 %d %s\r\n", a->status, status_text(a->status));
	if (a->type)
		buf_addf(b, "Content-Type: %s\r\n", a->type);
	if (a->status != 204 && a->status != 304)
		buf_addf(b, "Content-Length: %zu\r\n", a->body.len);
	buf_puts(b, "X-Content-Type-Options: nosniff\r\n");
	if (a->headers)
		buf_puts(b, a->headers);
	if (end)
		buf_puts(b, "Connection: close\r\n");
	buf_puts(b, "\r\n");
	if (!head_only)
		buf_add_str(b, a->body);
}

static void kill_soon(struct net_conn *c)
{
	c->dying = true;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT,
			LWS_TO_KILL_ASYNC);
}

static int write_raw(struct net_conn *c, struct str s)
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
static bool settle_held(void *arg)
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

static void unlist_holding(struct net_conn *c)
{
	struct net_conn **at = &c->net->holding;

	if (!c->in_holding)
		return;
	while (*at != c)
		at = &(*at)->next_holding;
	*at = c->next_holding;
}

void net_answer(struct net_conn *c, const struct net_answer *a)
{
	struct buf b = { 0 };
	bool end = a->close || c->last;

	if (!c->in_request || c->dying)
		return;
	c->in_request = false;
	c->served++;
	print_answer(a, c->head_only, end, &b);
	if (write_raw(c, buf_str(&b)) < 0)
		end = true;
	buf_free(&b);
	buf_free(&c->body);
	if (c->held) {
		c->held = false;
		lws_rx_flow_control(c->wsi, 1);
	}
	if (end) {
		/* What is left over is still sent before it closes. */
		kill_soon(c);
		return;
	}
	if (lws_http_transaction_completed(c->wsi))
		kill_soon(c);
}

/* A refusal that net makes itself; its words are a problem document too. */
static void refuse(struct net_conn *c, int status, const char *detail)
{
	struct buf b = { 0 };

	buf_addf(&b, "{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
		 status_text(status), status, detail);
	net_answer(c, &(struct net_answer){
			      .status = status,
			      .type = "application/problem+json",
			      .body = buf_str(&b),
			      .close = true,
		      });
	buf_free(&b);
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
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
		refuse(c, 411, "a body must come with its Content-Length");
		return false;
	}
	text = header(c->net, wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	if (!text.p) {
		/* There is no body, but lws would read on for one. */
		c->last = method == NET_POST || method == NET_PUT;
		return true;
	}
	if (!str_u64(text, &length)) {
		refuse(c, 400, "Content-Length is not a number");
		return false;
	}
	if (length > NET_BODY_MAX) {
		refuse(c, 413, "a body may have 4 MiB at most");
		return false;
	}
	c->length = length;
	return true;
}

static bool wants_continue(struct net *n, struct lws *wsi)
{
	return str_eq_nocase(header(n, wsi, WSI_TOKEN_HTTP_EXPECT),
			     STR("100-continue"));
}

static int on_head(struct net_conn *c)
{
	const struct net_events *on = c->net->conf.on;
	const struct net_request *r = read_request(c->net, c->wsi);

	c->net->counts.requests++;
	c->in_request = true;
	c->head_only = r->method == NET_HEAD;
	buf_reset(&c->body);
	if (!plan_body(c, c->wsi, r->method))
		return 0;
	on->head(c->net->conf.arg, c, r);
	if (!c->in_request) {
		if (c->length && !c->dying)
			kill_soon(c); /* its body is never read */
		return 0;
	}
	if (c->length == 0) {
		on->request(c->net->conf.arg, c, r);
		if (c->in_request)
			hold(c);
		return 0;
	}
	c->body.max = c->length;
	if (wants_continue(c->net, c->wsi))
		write_raw(c, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	return 0;
}

static int on_body_end(struct net_conn *c)
{
	struct net_request *r;

	if (!c->in_request || c->held || c->length == 0)
		return 0;
	read_request(c->net, c->wsi);
	r = &c->net->request;
	r->body = buf_str(&c->body);
	c->net->conf.on->request(c->net->conf.arg, c, r);
	if (c->in_request)
		hold(c);
	return 0;
}

/* 0 lets lws shake hands; -1 closes, after what was answered is out. */
static int on_upgrade(struct net_conn *c)
{
	struct net *n = c->net;
	const struct net_request *r;

	if (lws_hdr_total_length(c->wsi, WSI_TOKEN_UPGRADE) <= 0)
		return -1;
	n->counts.requests++;
	r = read_request(n, c->wsi);
	c->in_request = true;
	c->head_only = r->method == NET_HEAD;
	if (!str_eq_nocase(header(n, c->wsi, WSI_TOKEN_UPGRADE),
			   STR("websocket")))
		refuse(c, 400, "the only upgrade offered is to websocket");
	else if (lws_hdr_total_length(c->wsi, WSI_TOKEN_KEY) <= 0)
		refuse(c, 400, "Sec-WebSocket-Key is missing");
	else if (n->conf.on->upgrade(n->conf.arg, c, r)) {
		c->in_request = false;
		return 0;
	}
	return -1;
}

/* ---- WebSocket ---- */

bool net_send(struct net_conn *c, struct str frames)
{
	if (c->dying)
		return false;
	if (c->choked && ++c->choked_sends > CHOKED_ANSWERS_MAX) {
		c->net->counts.failed++;
		kill_soon(c); /* asks and asks, and reads no answer */
		return false;
	}
	if (write_raw(c, frames) < 0) {
		kill_soon(c);
		return false;
	}
	if (!c->choked && lws_partial_buffered(c->wsi)) {
		c->choked = true;
		c->choked_sends = 0;
		lws_callback_on_writable(c->wsi);
	}
	return !c->choked;
}

void net_close(struct net_conn *c, uint16_t code, const char *why)
{
	struct buf b = { 0 };

	if (c->dying)
		return;
	frame_add_close(&b, code, why);
	write_raw(c, buf_str(&b));
	buf_free(&b);
	kill_soon(c);
}

static void refuse_message(struct net_conn *c, const char *code,
			   const char *why)
{
	c->skipping = true;
	buf_free(&c->body);
	c->net->conf.on->refused(c->net->conf.arg, c, code, why);
}

static int on_receive(struct net_conn *c, const char *in, size_t len)
{
	const struct net_events *on = c->net->conf.on;
	bool end = lws_is_final_fragment(c->wsi) &&
		   lws_remaining_packet_payload(c->wsi) == 0;

	if (c->dying)
		return 0;
	if (lws_is_first_fragment(c->wsi)) {
		c->net->counts.messages++;
		c->skipping = false;
		buf_reset(&c->body);
		if (lws_frame_is_binary(c->wsi))
			refuse_message(c, "not-text",
				       "messages are text, not binary");
	}
	if (!c->skipping && c->body.len + len > NET_MESSAGE_MAX)
		refuse_message(c, "too-large",
			       "a message may have 64 KiB at most");
	if (!c->skipping) {
		if (end && c->body.len == 0) {
			on->message(c->net->conf.arg, c,
				    (struct str){ in ? in : "", len });
			return 0;
		}
		buf_add(&c->body, in, len);
		if (end)
			on->message(c->net->conf.arg, c, buf_str(&c->body));
	}
	if (end)
		buf_free(&c->body); /* a quiet client costs no memory */
	return 0;
}

static int on_writable(struct net_conn *c)
{
	if (!c->choked || c->dying)
		return 0;
	if (lws_partial_buffered(c->wsi)) {
		lws_callback_on_writable(c->wsi);
		return 0;
	}
	c->choked = false;
	c->net->conf.on->writable(c->net->conf.arg, c);
	return 0;
}

static void forget(struct net_conn *c)
{
	struct net *n = c->net;

	n->conf.on->closed(n->conf.arg, c);
	n->counts.conns--;
	if (c->is_socket)
		n->counts.sockets--;
	if (n->adopting == c)
		n->adopting = NULL;
	unlist_holding(c);
	buf_free(&c->body);
	free(c);
}

/* To read on, lws sets a timeout of its own, and ours to end is gone. */
static bool is_http(enum lws_callback_reasons why)
{
	return why == LWS_CALLBACK_HTTP || why == LWS_CALLBACK_HTTP_BODY ||
	       why == LWS_CALLBACK_HTTP_BODY_COMPLETION;
}

static int callback(struct lws *wsi, enum lws_callback_reasons why, void *user,
		    void *in, size_t len)
{
	struct net_conn *c = lws_get_opaque_user_data(wsi);

	(void)user;
	if (!c)
		return 0;
	c->wsi = wsi;
	if (c->dying && is_http(why))
		return -1;
	switch (why) {
	case LWS_CALLBACK_HTTP: return on_head(c);
	case LWS_CALLBACK_HTTP_BODY:
		if (c->in_request && !c->held)
			buf_add(&c->body, in, len);
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION: return on_body_end(c);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return on_upgrade(c);
	case LWS_CALLBACK_ESTABLISHED:
		c->is_socket = true;
		c->net->counts.sockets++;
		c->net->conf.on->opened(c->net->conf.arg, c);
		return 0;
	case LWS_CALLBACK_RECEIVE: return on_receive(c, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE: return on_writable(c);
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		forget(c);
		return 0;
	default: return 0;
	}
}

/* ---- accepting ---- */

static void turn_away(struct net *n, int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\n"
				   "Retry-After: 5\r\n"
				   "Content-Length: 0\r\n"
				   "Connection: close\r\n\r\n";

	n->counts.refused++;
	/* Best effort: the socket is new, its buffer is empty. */
	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		n->counts.failed++;
	close(fd);
}

static void adopt(struct net *n, int fd)
{
	struct net_conn *c = xcalloc(1, sizeof(*c));
	lws_adopt_desc_t desc = {
		.vh = n->vhost,
		.type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET,
		.fd = { .sockfd = fd },
		.opaque = c,
	};
	struct lws *wsi;

	c->net = n;
	n->adopting = c;
	n->counts.conns++;
	n->counts.accepted++;
	wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (wsi) {
		c->wsi = wsi;
		n->adopting = NULL;
		return;
	}
	n->counts.failed++;
	if (n->adopting)
		forget(c); /* lws failed before it knew the connection */
}

static void on_accepted(void *arg, int fd)
{
	struct net *n = arg;

	if (n->counts.conns >= n->conf.max_conns)
		turn_away(n, fd);
	else
		adopt(n, fd);
}

static void on_not_accepted(void *arg)
{
	struct net *n = arg;

	n->counts.failed++;
}

/* ---- life cycle ---- */

static const struct lws_protocols protocols[] = {
	{ .name = "weir.v1",
	  .callback = callback,
	  .rx_buffer_size = 4096,
	  .tx_packet_size = WRITE_MAX },
	{ 0 },
};

static const lws_retry_bo_t idle_policy = {
	.secs_since_valid_ping = NET_PING_S,
	.secs_since_valid_hangup = NET_HANGUP_S,
};

/* A descriptor for each connection, as far as the system lets us. */
static void allow_files(size_t conns)
{
	struct rlimit r;
	rlim_t want = (rlim_t)conns + OTHER_FILES;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= want)
		return;
	r.rlim_cur = want < r.rlim_max ? want : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int start_lws(struct net *n, struct err *e)
{
	void *loops[1] = { loop_native(n->conf.loop) };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.options = LWS_SERVER_OPTION_LIBUV |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.foreign_loops = loops,
		.protocols = protocols,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.timeout_secs = NET_REQUEST_S,
		.keepalive_timeout = NET_KEEPALIVE_S,
		.max_http_header_data2 = NET_HEAD_MAX,
		.max_http_header_pool2 = (unsigned int)n->conf.max_conns,
		.retry_and_idle_policy = &idle_policy,
		.pcontext = &n->context,
	};

	/* What it has to say is said to us in error codes. */
	lws_set_log_level(0, NULL);
	n->context = lws_create_context(&info);
	if (!n->context)
		return err_set(e, EX_SOFTWARE,
			       "libwebsockets: no context; is its libuv "
			       "plug-in (libwebsockets-evlib-uv) installed?");
	info.vhost_name = "weir";
	n->vhost = lws_create_vhost(n->context, &info);
	if (!n->vhost)
		return err_set(e, EX_SOFTWARE, "libwebsockets: no vhost");
	return 0;
}

struct net *net_new(const struct net_conf *conf, struct err *e)
{
	struct net *n = xcalloc(1, sizeof(*n));
	const struct listener_conf listener = {
		.loop = conf->loop,
		.address = conf->address,
		.port = conf->port,
		.accepted = on_accepted,
		.failed = on_not_accepted,
		.arg = n,
	};

	n->conf = *conf;
	allow_files(conf->max_conns); /* lws sizes its table by this */
	n->settle = loop_work_new(conf->loop, settle_held, n);
	n->listener = listener_new(&listener, e);
	if (!n->listener || start_lws(n, e))
		net_free(&n);
	return n;
}

void net_free(struct net **np)
{
	struct net *n = *np;

	if (!n)
		return;
	listener_free(&n->listener);
	if (n->context)
		lws_context_destroy(n->context);
	/*
	 * Its connections and handles end in turns of the loop that they live
	 * in. What is left then, in a loop that is not its own, only a second
	 * call takes away; lws clears the pointer to itself.
	 */
	for (int i = 0; i < CLOSING_TURNS; i++)
		if (n->context && (n->counts.conns || i < CLOSING_TURNS_MIN))
			uv_run(loop_native(n->conf.loop), UV_RUN_NOWAIT);
	if (n->context)
		lws_context_destroy(n->context);
	loop_work_free(&n->settle);
	free(n);
	*np = NULL;
}

uint16_t net_port(const struct net *n)
{
	return listener_port(n->listener);
}

struct net_counts net_count(const struct net *n)
{
	return n->counts;
}

void net_set_user(struct net_conn *c, void *user)
{
	c->user = user;
}

void *net_user(const struct net_conn *c)
{
	return c->user;
}
