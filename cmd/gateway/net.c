/* Connections: how they come, what lws tells of them, how they go. */
#include "net_private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <uv.h>

#include "common/clk.h"
#include "common/files.h"
#include "common/xmem.h"

#include "status.h"
#include "tls.h"

#include "access.h"

enum {
	WRITE_MAX = 1 << 20, /* bytes that lws gives to one send(2) */
	OTHER_FILES = 64,    /* descriptors besides those of connections */
	CLOSING_TURNS = 1000,
	CLOSING_TURNS_MIN = 4,
};

static void forget(struct net_conn *c)
{
	struct net *n = c->net;

	n->conf.on->closed(n->conf.arg, c);
	n->counts.conns--;
	n->counts.untold += c->ending;
	net_see_no_head(c);
	net_end_request(c);
	net_unkeep(c);
	if (c->is_socket)
		n->counts.sockets--;
	if (c->is_stream)
		n->counts.streams--;
	if (n->adopting == c)
		n->adopting = NULL;
	peers_leave(n->peers, &c->peer);
	peers_leave(n->peers, &c->client);
	net_unlist_held(c);
	net_unwatch(c);
	net_let_go(c);
	buf_free(&c->body);
	free(c->headers);
	free(c);
}

/* To read on, lws sets a timeout of its own, and ours to end is gone. */
static bool is_http(enum lws_callback_reasons why)
{
	return why == LWS_CALLBACK_HTTP || why == LWS_CALLBACK_HTTP_BODY ||
	       why == LWS_CALLBACK_HTTP_BODY_COMPLETION;
}

/* lws has made the context, for us to fill. */
static int set_up_tls(struct net *n, void *context)
{
	struct err e;

	n->tls = context;
	return tls_apply(n->conf.tls, context, &e);
}

/*
 * Thousands that come or go at once are one turn of the loop to libuv, and that
 * may be long. Called where nothing of a connection is half done.
 */
static void look_up(struct net *n)
{
	int64_t now_us = clk_mono_us();

	if (!n->conf.on->look || now_us - n->looked_us < NET_LOOK_MS * 1000)
		return;
	loop_update_now(n->conf.loop);
	n->conf.on->look(n->conf.arg);
	n->looked_us = clk_mono_us();
}

static int on_established(struct net_conn *c)
{
	look_up(c->net);
	return net_on_opened(c);
}

static int on_received(struct net_conn *c, const char *in, size_t len)
{
	int rc = net_on_receive(c, in, len);

	look_up(c->net);
	return rc;
}

/* Its end has begun: nothing is written to it, nor asked of lws. */
static int on_ending(struct net_conn *c)
{
	c->dying = true;
	look_up(c->net);
	return 0;
}

static int on_end(struct lws *wsi, struct net_conn *c)
{
	struct net *n = c->net;

	lws_set_opaque_user_data(wsi, NULL);
	forget(c);
	look_up(n);
	return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons why, void *user,
		    void *in, size_t len)
{
	struct net_conn *c = lws_get_opaque_user_data(wsi);

	if (why == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
		return set_up_tls(lws_context_user(lws_get_context(wsi)), user);
	if (!c)
		return 0;
	c->wsi = wsi;
	if (c->dying && is_http(why))
		return -1;
	switch (why) {
	case LWS_CALLBACK_HTTP: return net_on_head(c);
	case LWS_CALLBACK_HTTP_BODY: return net_on_body(c, in, len);
	case LWS_CALLBACK_RAW_RX: return net_on_raw(c);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION: return net_on_body_end(c);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return net_on_upgrade(c);
	case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: return net_on_extension(c);
	case LWS_CALLBACK_ADD_HEADERS: return net_on_headers(c, in);
	case LWS_CALLBACK_ESTABLISHED: return on_established(c);
	case LWS_CALLBACK_RECEIVE: return on_received(c, in, len);
	case LWS_CALLBACK_RECEIVE_PONG:
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return net_on_control(c);
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_SERVER_WRITEABLE: return net_on_writable(c);
	case LWS_CALLBACK_CLOSED_HTTP: net_see_late_head(c); return 0;
	case LWS_CALLBACK_CLOSED: return on_ending(c);
	case LWS_CALLBACK_WSI_DESTROY: return on_end(wsi, c);
	default: return 0;
	}
}

/* ---- accepting ---- */

/* Best effort: the socket is new, its buffer is empty. Ends it. */
static void say(struct net *n, int fd, struct str text)
{
	if (send(fd, text.p, text.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		n->counts.failed++;
	close(fd);
}

/* Not all are to come back at once. */
static void turn_away(struct net *n, int fd, int status)
{
	const unsigned spread = NET_RETRY_MAX_S - NET_RETRY_MIN_S + 1;
	struct buf b = { 0 };

	n->counts.refused++;
	buf_addf(&b,
		 "HTTP/1.1 %d %s\r\n"
		 "Retry-After: %u\r\n"
		 "Content-Length: 0\r\n"
		 "Connection: close\r\n\r\n",
		 status, status_text(status),
		 NET_RETRY_MIN_S + arc4random_uniform(spread));
	if (n->tls)
		close(fd); /* before any handshake, there is no answer */
	else
		say(n, fd, buf_str(&b));
	buf_free(&b);
}

static void adopt(void *arg, int fd, void *peer)
{
	struct net *n = arg;
	struct net_conn *c = xcalloc(1, sizeof(*c));
	lws_adopt_desc_t desc = {
		.vh = n->vhost,
		.type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET |
			(n->tls ? LWS_ADOPT_ALLOW_SSL : 0),
		.fd = { .sockfd = fd },
		.opaque = c,
	};
	struct lws *wsi;

	c->net = n;
	c->peer = peer;
	c->since_ms = loop_now_ms(n->conf.loop);
	n->adopting = c;
	wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (wsi) {
		c->wsi = wsi;
		n->adopting = NULL;
		return;
	}
	n->counts.failed++;
	/* If lws has told of it, it will also tell of its end. */
	if (n->adopting && !c->wsi)
		forget(c);
	n->adopting = NULL;
}

static void on_gone(void *arg, int fd, void *user, bool late)
{
	const struct str text = STR("HTTP/1.1 408 Request Timeout\r\n"
				    "Content-Length: 0\r\n"
				    "Connection: close\r\n\r\n");
	struct net *n = arg;
	struct peer *peer = user;

	n->counts.conns--;
	peers_leave(n->peers, &peer);
	n->counts.late_heads += late;
	if (late && !n->tls)
		say(n, fd, text);
	else
		close(fd);
}

/* Who has not said what it wants makes room for who may. */
static void on_accepted(void *arg, int fd, const struct sockaddr_storage *sa)
{
	struct net *n = arg;
	struct in6_addr a = peers_address(sa);
	bool trusted = proxies_trust(n->conf.proxies, &a);
	struct peer *peer = peers_take_address(
		n->peers, &a, trusted ? 0 : peers_max(&n->conf.per_peer, &a));

	if (!peer) {
		n->counts.crowded++;
		turn_away(n, fd, 503);
		return;
	}
	if (n->conf.admit && !trusted &&
	    !n->conf.admit(n->conf.arg, &a, peers_is_local(&a))) {
		peers_leave(n->peers, &peer);
		turn_away(n, fd, 429);
		return;
	}
	if (n->counts.conns >= n->conf.max_conns &&
	    !lobby_make_room(n->lobby)) {
		peers_leave(n->peers, &peer);
		turn_away(n, fd, 503);
		return;
	}
	n->counts.conns++;
	n->counts.accepted++;
	lobby_add(n->lobby, fd, peer);
}

static void on_delayed(void *arg)
{
	struct net *n = arg;

	n->counts.delayed++;
}

static void on_not_accepted(void *arg)
{
	struct net *n = arg;

	n->counts.failed++;
}

/* ---- life cycle ---- */

/*
 * lws keeps a buffer of this size for each WebSocket as long as it lives. What
 * is longer comes in parts; clients say little.
 */
enum { RX_BUFFER = 256 };

static const struct lws_protocols protocols[] = {
	{ .name = "weir.v1",
	  .callback = callback,
	  .rx_buffer_size = RX_BUFFER,
	  .tx_packet_size = WRITE_MAX },
	{ .name = "cloudevents.json",
	  .callback = callback,
	  .rx_buffer_size = RX_BUFFER,
	  .tx_packet_size = WRITE_MAX },
	{ 0 },
};

/* None: what it does costs more the more connections there are. */
static const lws_retry_bo_t idle_policy = { 0 };

static int start_lws(struct net *n, struct err *e)
{
	void *loops[1] = { loop_native(n->conf.loop) };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.options =
			LWS_SERVER_OPTION_LIBUV |
			LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			/* no method: raw, so that we can answer */
			LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG,
		.foreign_loops = loops,
		.protocols = protocols,
		.extensions = n->conf.deflate ? net_extensions : NULL,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.timeout_secs = NET_REQUEST_S,
		.timeout_secs_ah_idle = NET_REQUEST_S,
		.keepalive_timeout = NET_KEEPALIVE_S,
		.max_http_header_data2 = NET_HEAD_MAX,
		.max_http_header_pool2 = (unsigned int)n->conf.max_conns,
		.retry_and_idle_policy = &idle_policy,
		.pcontext = &n->context,
		.user = n,
		.alpn = "http/1.1", /* WebSockets over h2 are framed otherwise */
	};

	if (n->conf.tls)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	/* What it has to say is said to us in error codes. */
	lws_set_log_level(0, NULL);
	n->context = lws_create_context(&info);
	if (!n->context)
		return err_set(e, EX_SOFTWARE,
			       "libwebsockets: no context; is its libuv "
			       "plug-in (libwebsockets-evlib-uv) installed?");
	info.vhost_name = "weir";
	if (n->conf.tls)
		info.options |= LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
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
		.fd = conf->listening,
		.rate = conf->accept_rate,
		.accepted = on_accepted,
		.delayed = on_delayed,
		.failed = on_not_accepted,
		.arg = n,
	};
	const struct lobby_conf lobby = {
		.loop = conf->loop,
		.is_tls = conf->tls != NULL,
		.head_max = NET_HEAD_MAX,
		.ready = adopt,
		.gone = on_gone,
		.arg = n,
	};

	n->conf = *conf;
	n->streams_fd = -1;
	n->peers = peers_new();
	if (conf->deflate)
		n->inflater = inflater_new();
	files_allow((size_t)conf->max_conns +
		    OTHER_FILES); /* lws sizes its table by this */
	n->burst = burst_new(!conf->no_io_uring);
	n->settle = loop_work_new(conf->loop, net_settle_held, n);
	n->watch = loop_timer_new(conf->loop, net_look, n);
	n->listener = listener_new(&listener, e);
	n->lobby = lobby_new(&lobby, e);
	if (!n->listener || !n->lobby || net_streams_init(n, e) ||
	    start_lws(n, e))
		net_free(&n);
	return n;
}

void net_free(struct net **np)
{
	struct net *n = *np;

	if (!n)
		return;
	listener_free(&n->listener);
	lobby_free(&n->lobby);
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
	net_streams_fini(n);
	peers_free(&n->peers);
	burst_free(&n->burst);
	inflater_free(&n->inflater);
	loop_work_free(&n->settle);
	loop_timer_free(&n->watch);
	free(n);
	*np = NULL;
}

uint16_t net_port(const struct net *n)
{
	return listener_port(n->listener);
}

bool net_is_shared(const struct net *n)
{
	return listener_is_shared(n->listener);
}

int net_set_tls(struct net *n, const struct tls *tls, struct err *e)
{
	return n->tls ? tls_apply(tls, n->tls, e) : 0;
}

void net_take_no_more(struct net *n)
{
	n->leaving = true;
	listener_stop(n->listener);
}

/* What is watched is a body, or an answer, on its way. */
size_t net_busy(const struct net *n)
{
	size_t busy = n->in_request;

	for (const struct net_conn *c = n->watched; c; c = c->next_watched)
		busy += !c->in_request;
	return busy;
}

int net_listening(const struct net *n)
{
	return listener_dup(n->listener);
}

struct net_counts net_count(const struct net *n)
{
	struct net_counts now = n->counts;

	now.waiting = lobby_count(n->lobby);
	now.io_uring = burst_has_ring(n->burst);
	return now;
}

void net_peer(const struct net_conn *c, char out[NET_PEER_MAX])
{
	peer_text(c->client ? c->client : c->peer, out);
}

struct in6_addr net_address(const struct net_conn *c)
{
	return peer_address(c->client ? c->client : c->peer);
}

bool net_is_local(const struct net_conn *c)
{
	/* Whom a proxy speaks for is not: anybody could name such an address. */
	return !c->client && peer_is_local(c->peer);
}

void net_set_user(struct net_conn *c, void *user)
{
	c->user = user;
}

void *net_user(const struct net_conn *c)
{
	return c->user;
}

void net_set_who(struct net_conn *c, struct access *who)
{
	access_drop(&c->who);
	c->who = who;
}

struct access *net_who(const struct net_conn *c)
{
	return c->who;
}
