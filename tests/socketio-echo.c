/*
 * socketio-echo - what the conformance suites of Socket.IO and Engine.IO are
 * run against: the gateway's own modules, with the application that they ask
 * for.
 *
 *	socketio-echo [--engine] [--port P] [--ping-interval MS]
 *		      [--ping-timeout MS]
 *
 * Socket.IO at /socket.io/: the namespaces "/" and "/custom" send "auth" back
 * on connect; in "/", "message" comes back as "message-back", and
 * "message-with-ack" as its acknowledgement. With --engine, Engine.IO alone at
 * /engine.io/, where every message comes back.
 *
 * For tests of what clients do when things go wrong, "/" also knows
 * "disconnect-me" (from the namespace) and "flood" N (that many events), and
 * refuses who says {"token":"wrong"}. A client that comes back with a pid is
 * taken for recovered.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/xmem.h"

#include "cmd/gateway/engineio_net.h"
#include "cmd/gateway/http.h"
#include "cmd/gateway/proxies.h"
#include "cmd/gateway/session.h"
#include "cmd/gateway/socketio.h"

enum {
	CONNECT_MS = 1500, /* the suites' patience is 2,000 */
	AUTH_MS = 50,
	SESSIONS_MAX = 1000,
	CONNS_MAX = 1000,
};

struct echo {
	const char *path;
	struct loop *loop;
	struct net *net;
	struct engineio_net *wire;
	struct engineio *engine; /* with --engine */
	struct socketio *socketio;
};

static struct {
	int engine;
	long port, ping_interval_ms, ping_timeout_ms;
} opt = { .port = 3000, .ping_interval_ms = 300, .ping_timeout_ms = 200 };

/* ---- Engine.IO ---- */

static void ignore_session(void *arg, struct engineio_session *s)
{
	(void)arg;
	(void)s;
}

static void send_back(void *arg, struct engineio_session *s, struct str data,
		      bool binary)
{
	(void)arg;
	engineio_send(s, data, binary);
}

static void forget_session(void *arg, struct engineio_session *s,
			   const char *why)
{
	(void)arg;
	log_info("closed sid=%s why=\"%s\"", engineio_sid(s), why);
}

/* ---- Socket.IO ---- */

static void hello(void *arg, struct socketio_client *c,
		  const struct socketio_hello *h, struct socketio_welcome *w_r)
{
	struct str token;

	(void)arg;
	(void)c;
	if (!str_is(h->nsp, "/") && !str_is(h->nsp, "/custom"))
		w_r->refusal = STR("Invalid namespace");
	else if (json_get(h->auth, "token", &token) &&
		 str_is(token, "\"wrong\""))
		w_r->refusal = STR("Not authorized");
	else if (h->pid.p)
		w_r->pid = h->pid;
}

/*
 * "auth" is told a moment later: the suites' WebSocket hands its test all the
 * messages of one read at once, and the test looks at the first of them.
 */
struct auth {
	struct socketio_client *c;
	struct loop_timer *timer;
	struct buf args;
};

static void free_auth(struct auth *a)
{
	loop_timer_free(&a->timer);
	buf_free(&a->args);
	free(a);
}

static void tell_auth(void *arg)
{
	struct auth *a = arg;
	struct socketio_client *c = a->c;
	struct socketio_message m = { .args = buf_str(&a->args) };

	socketio_set_user(c, NULL);
	socketio_emit(c, &m);
	free_auth(a);
}

static void connected(void *arg, struct socketio_client *c,
		      const struct socketio_hello *h)
{
	struct echo *x = arg;
	struct auth *a = xcalloc(1, sizeof(*a));

	a->c = c;
	a->timer = loop_timer_new(x->loop, tell_auth, a);
	buf_addf(&a->args, "[\"auth\",%.*s]", STR_ARG(h->auth));
	socketio_set_user(c, a);
	loop_timer_start(a->timer, AUTH_MS);
}

/* The rest of the arguments, after the event's name, as an array. */
static void put_rest(struct json_iter it, const char *name, struct buf *b)
{
	const char *before = "";

	buf_putc(b, '[');
	if (name) {
		buf_json_str(b, str_from(name));
		before = ",";
	}
	for (; json_next(&it); before = ",") {
		buf_puts(b, before);
		buf_add_str(b, it.value);
	}
	buf_putc(b, ']');
}

static void flood(struct socketio_client *c, struct str n_text)
{
	struct buf args = { 0 };
	uint64_t n = 0;

	str_u64(n_text, &n);
	for (uint64_t i = 1; i <= n; i++) {
		buf_reset(&args);
		buf_addf(&args, "[\"drop\",%llu]", (unsigned long long)i);
		socketio_emit(c, &(struct socketio_message){
					 .args = buf_str(&args) });
	}
	buf_free(&args);
}

static void event(void *arg, struct socketio_client *c,
		  const struct socketio_message *m)
{
	struct json_iter it = json_iter(m->args);
	struct socketio_message back = *m;
	struct buf args = { 0 };
	struct str name;

	(void)arg;
	if (!str_is(socketio_namespace(c), "/") || !json_next(&it))
		return;
	name = it.value;
	if (str_is(name, "\"message\"")) {
		put_rest(it, "message-back", &args);
		back.args = buf_str(&args);
		back.has_id = false;
		socketio_emit(c, &back);
	} else if (str_is(name, "\"message-with-ack\"") && m->has_id) {
		put_rest(it, NULL, &args);
		back.args = buf_str(&args);
		socketio_ack(c, &back);
	} else if (str_is(name, "\"disconnect-me\"")) {
		socketio_disconnect(c);
	} else if (str_is(name, "\"flood\"") && json_next(&it)) {
		flood(c, it.value);
	}
	buf_free(&args);
}

static void closed(void *arg, struct socketio_client *c, const char *why)
{
	struct auth *a = socketio_user(c);

	(void)arg;
	if (a)
		free_auth(a);
	log_info("closed sid=%s why=\"%s\"", socketio_sid(c), why);
}

/* ---- connections ---- */

static void on_head(void *arg, struct net_conn *c, const struct net_request *r)
{
	struct echo *x = arg;

	if (str_is(r->path, x->path))
		engineio_net_head(x->wire, c, r);
	else
		http_problem(c, 404, "there is nothing here");
}

static void on_request(void *arg, struct net_conn *c,
		       const struct net_request *r)
{
	struct echo *x = arg;

	engineio_net_request(x->wire, c, r);
}

static bool on_upgrade(void *arg, struct net_conn *c,
		       const struct net_request *r)
{
	struct echo *x = arg;

	if (str_is(r->path, x->path))
		return engineio_net_upgrade(x->wire, c, r);
	http_problem(c, 404, "there is nothing here");
	return false;
}

static void on_opened(void *arg, struct net_conn *c)
{
	struct echo *x = arg;

	engineio_net_opened(x->wire, c);
}

static void on_message(void *arg, struct net_conn *c, struct str data,
		       bool binary)
{
	struct echo *x = arg;

	engineio_net_message(x->wire, c, data, binary);
}

static bool on_incoming(void *arg, struct net_conn *c)
{
	(void)arg;
	(void)c;
	return true;
}

static void on_refused(void *arg, struct net_conn *c, const char *code,
		       const char *why)
{
	struct echo *x = arg;

	(void)code;
	(void)why;
	engineio_net_refused(x->wire, c);
}

static void on_writable(void *arg, struct net_conn *c)
{
	struct echo *x = arg;

	engineio_net_writable(x->wire, c);
}

static void on_closed(void *arg, struct net_conn *c)
{
	(void)arg;
	session_end(c);
}

/* ---- life ---- */

static void serve_engine(struct echo *x, struct engineio_conf *conf)
{
	static const struct engineio_events events = {
		.opened = ignore_session,
		.message = send_back,
		.ready = ignore_session,
		.closed = forget_session,
	};

	conf->on = &events;
	x->path = "/engine.io/";
	x->engine = engineio_new(conf);
	engineio_net_serve(x->wire, x->engine);
}

static void serve_socketio(struct echo *x, const struct engineio_conf *conf)
{
	static const struct socketio_events events = {
		.hello = hello,
		.connected = connected,
		.event = event,
		.closed = closed,
	};
	const struct socketio_conf socketio = {
		.engine = *conf,
		.on = &events,
		.arg = x,
	};

	x->path = "/socket.io/";
	x->socketio = socketio_new(&socketio);
	engineio_net_serve(x->wire, socketio_engine(x->socketio));
}

static int run(struct echo *x, struct err *e)
{
	static const struct net_events events = {
		.head = on_head,
		.request = on_request,
		.upgrade = on_upgrade,
		.opened = on_opened,
		.message = on_message,
		.incoming = on_incoming,
		.refused = on_refused,
		.writable = on_writable,
		.closed = on_closed,
	};
	struct engineio_conf engine = {
		.ping_interval_ms = opt.ping_interval_ms,
		.ping_timeout_ms = opt.ping_timeout_ms,
		.unused_ms = CONNECT_MS,
		.max_sessions = SESSIONS_MAX,
		.wire = &engineio_net_wire,
	};
	static const struct proxies nobody;
	struct net_conf net = {
		.address = "127.0.0.1",
		.port = (uint16_t)opt.port,
		.listening = -1,
		.proxies = &nobody,
		.max_conns = CONNS_MAX,
		.on = &events,
		.arg = x,
	};

	x->loop = loop_new(e);
	if (!x->loop || loop_signals(x->loop, NULL, NULL, e))
		return -1;
	x->wire = engineio_net_new(x->loop, NULL);
	engine.wire_arg = x->wire;
	if (opt.engine)
		serve_engine(x, &engine);
	else
		serve_socketio(x, &engine);
	net.loop = x->loop;
	x->net = net_new(&net, e);
	if (!x->net)
		return -1;
	log_info("ready url=http://127.0.0.1:%u%s", net_port(x->net), x->path);
	loop_run(x->loop);
	return 0;
}

static long number(const char *text, long max)
{
	uint64_t v;

	if (!str_u64(str_from(text), &v) || v > (uint64_t)max) {
		log_error("%s: not a number up to %ld", text, max);
		exit(EX_USAGE);
	}
	return (long)v;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "engine", no_argument, &opt.engine, 1 },
		{ "port", required_argument, NULL, 'p' },
		{ "ping-interval", required_argument, NULL, 'i' },
		{ "ping-timeout", required_argument, NULL, 't' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 0: break;
		case 'p': opt.port = number(optarg, UINT16_MAX); break;
		case 'i':
			opt.ping_interval_ms = number(optarg, 86400000);
			break;
		case 't': opt.ping_timeout_ms = number(optarg, 86400000); break;
		default: exit(EX_USAGE);
		}
	}
}

int main(int argc, char **argv)
{
	struct echo x = { 0 };
	struct err e = { 0 };
	int rc;

	log_init("socketio-echo");
	parse(argc, argv);
	rc = run(&x, &e);
	if (rc)
		log_error("%s", e.msg);
	net_free(&x.net);
	socketio_free(&x.socketio);
	engineio_free(&x.engine);
	engineio_net_free(&x.wire);
	loop_free(&x.loop);
	return rc ? e.code : 0;
}
