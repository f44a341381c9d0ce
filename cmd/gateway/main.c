/*
 * gateway - serve the journal to clients: dashboard, REST, WebSocket and SSE.
 *
 * Reads the feed and the journal, writes what it was given over HTTP to
 * ingest. Design, section 6; weir-gateway(1).
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "activation.h"
#include "api.h"
#include "gateway.h"
#include "guard.h"
#include "leave.h"
#include "live.h"
#include "presence_live.h"
#include "origins.h"
#include "report.h"
#include "roll.h"
#include "socketio_live.h"
#include "streams.h"
#include "tls.h"

static struct gateway_settings cfg = {
	.listen = "127.0.0.1",
	.port = 8080,
	.max_clients = 10000,
	.ping_ms = LIVE_PING_MS,
	.accept_rate = 5000,
	.max_subscriptions = PATTERNS_MAX,
};
static struct opt_common common;

/* What cfg points to, whatever the file says later. */
static char listening[64];

static const struct opt opts[] = {
	{ 'l', "listen", "ADDRESS", OPT_STR, &cfg.listen, 0, 0,
	  "IP address (default 127.0.0.1); others than loopback need a token" },
	{ 'P', "port", "PORT", OPT_UINT, &cfg.port, 0, 65535,
	  "TCP port (default 8080); 0 for any free one" },
	{ 'H', "host", "NAME", OPT_LIST, &cfg.hosts, 0, 0,
	  "name by which clients may call this gateway" },
	{ 't', "token-file", "FILE", OPT_STR, &cfg.auth.token_file, 0, 0,
	  "file with the owner's token, who may do everything" },
	{ 'k', "keys-file", "FILE", OPT_STR, &cfg.auth.keys_file, 0, 0,
	  "file with the API keys of users, as hashes" },
	{ 'j', "jwt-keys", "FILE", OPT_LIST, &cfg.auth.jwt_keys, 0, 0,
	  "keys for JWTs: a JWK Set, a public key or a secret" },
	{ 0, "jwt-audience", "TEXT", OPT_STR, &cfg.auth.jwt_audience, 1, 0,
	  "audience that JWTs must be for" },
	{ 0, "jwt-issuer", "TEXT", OPT_STR, &cfg.auth.jwt_issuer, 1, 0,
	  "issuer that JWTs must be from" },
	{ 'a', "anonymous", "PATTERN", OPT_LIST, &cfg.auth.anonymous, 0, 0,
	  "what may be read without a token" },
	{ 'o', "origin", "ORIGIN", OPT_LIST, &cfg.origins, 0, 0,
	  "pages elsewhere that may use this gateway; * for all" },
	{ 0, "tls-cert", "FILE", OPT_STR, &cfg.tls_cert, 1, 0,
	  "certificate and its chain, PEM: https and wss" },
	{ 0, "tls-key", "FILE", OPT_STR, &cfg.tls_key, 1, 0,
	  "its private key, PEM" },
	{ 'e', "expect", "TOOL", OPT_LIST, &cfg.expect, 0, 0,
	  "tool that must be running for /readyz to say yes" },
	{ 0, "max-clients", "N", OPT_UINT, &cfg.max_clients, 1, 1000000,
	  "connections at a time (default 10000); more are turned away" },
	{ 0, "lag", "RULE", OPT_LIST, &cfg.lag, 0, 0,
	  "PATTERN=latest:N or PATTERN=disconnect:N, for who is behind" },
	{ 0, "compat", "FILE", OPT_STR, &cfg.compat, 1, 0,
	  "what clients of before call things (default: built in)" },
	{ 0, "max-per-address", "N", OPT_UINT, &cfg.max_per_address, 0, 1000000,
	  "connections from one address (default 0: no limit)" },
	{ 0, "accept-rate", "N", OPT_UINT, &cfg.accept_rate, 0, 1000000,
	  "connections taken in a second (default 5000; 0: no limit)" },
	{ 0, "requests-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_REQUEST], 0, 1000000,
	  "of an address, and of a user (default 0: no limit)" },
	{ 0, "messages-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_MESSAGE], 0, 1000000,
	  "likewise, of all their WebSockets (default 0: no limit)" },
	{ 0, "subscriptions-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_SUBSCRIPTION], 0, 1000000,
	  "likewise, of WebSockets and streams (default 0: no limit)" },
	{ 0, "max-subscriptions", "N", OPT_UINT, &cfg.max_subscriptions, 1,
	  PATTERNS_MAX, "patterns of one client (default 128)" },
	{ 0, "trusted-proxy", "ADDRESS", OPT_LIST, &cfg.proxies, 0, 0,
	  "ADDRESS[/BITS] whose X-Forwarded-For is believed" },
	{ 0, "ping", "TIME", OPT_MS, &cfg.ping_ms, LIVE_PING_MIN_MS,
	  LIVE_PING_MAX_MS,
	  "how often WebSockets are asked whether they live (default 45s)" },
};

static const struct opt_tool tool = {
	.name = "gateway",
	.synopsis = "[OPTION...]",
	.summary = "Serve events to browsers and programs.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &common,
};

/* Without authentication, any page at all would be the owner. */
static int check_origins(const struct auth *a, struct err *e)
{
	if (origins_check(&cfg.origins, e))
		return -1;
	for (size_t i = 0; i < cfg.origins.n && !auth_is_on(a); i++)
		if (strcmp(cfg.origins.v[i], "*") == 0)
			return err_set(e, EX_CONFIG,
				       "origin: '*' not without authentication "
				       "(--token-file, --keys-file or "
				       "--jwt-keys)");
	return 0;
}

/* address: where we are, or will be, reached. NULL with *e. */
static struct auth *read_auth(const char *address, struct err *e)
{
	struct auth *a = auth_new(&cfg.auth, e);

	if (a && check_origins(a, e))
		auth_free(&a);
	if (a && !auth_is_on(a) && !guard_is_loopback(address)) {
		auth_free(&a);
		err_set(e, EX_CONFIG,
			"listen: %s: not without authentication (--token-file, "
			"--keys-file or --jwt-keys)",
			address);
	}
	return a;
}

/* How far clients may fall behind; *l_r is NULL where nothing is said. */
static int read_lag(struct lag **l_r, struct err *e)
{
	*l_r = cfg.lag.n ? lag_new(cfg.lag.v, cfg.lag.n, e) : NULL;
	return cfg.lag.n && !*l_r ? -1 : 0;
}

/* ---- SIGHUP ---- */

/* The certificate, where there is to be one; *tls_r is NULL otherwise. */
static int read_tls(struct tls **tls_r, struct err *e)
{
	*tls_r = NULL;
	if (!cfg.tls_cert && !cfg.tls_key)
		return 0;
	if (!cfg.tls_cert || !cfg.tls_key)
		return err_set(e, EX_CONFIG,
			       "tls-cert and tls-key go together");
	*tls_r = tls_read(cfg.tls_cert, cfg.tls_key, e);
	return *tls_r ? 0 : -1;
}

/* A new certificate, for those who come from now on. */
static int reload_tls(struct gateway *g, struct err *e)
{
	struct tls *tls;
	int rc = read_tls(&tls, e);

	if (rc == 0 && !tls != !g->tls)
		rc = err_set(e, EX_CONFIG,
			     "tls-cert: between plain and TLS it takes a "
			     "restart");
	if (rc == 0 && tls)
		rc = net_set_tls(g->net, tls, e);
	tls_free(&tls);
	return rc;
}

static int read_settings(struct gateway *g, struct err *e)
{
	const struct gateway_settings old = cfg;
	struct opt_past *past = opt_reload(&tool, e);
	struct lag *lag = NULL; /* must be right, and needs a restart */
	struct proxies proxies;
	struct auth *auth = NULL;

	if (!past)
		return -1;
	if (read_lag(&lag, e) == 0 &&
	    proxies_read(&proxies, &cfg.proxies, e) == 0)
		auth = read_auth(listening, e);
	lag_free(&lag);
	if (!auth || reload_tls(g, e)) {
		auth_free(&auth);
		opt_revert(&tool, &past);
		return -1;
	}
	auth_free(&g->auth);
	g->auth = auth;
	g->proxies = proxies;
	sessions_review(g->sessions);
	cfg.listen = listening;
	cfg.port = old.port;
	cfg.max_clients = old.max_clients;
	cfg.ping_ms = old.ping_ms;
	cfg.accept_rate = old.accept_rate;
	cfg.max_per_address = old.max_per_address;
	opt_keep(&tool, &past);
	return 0;
}

static void on_hup(void *arg)
{
	struct err e;

	if (read_settings(arg, &e))
		log_error("not reloaded: %s", e.msg);
	else
		log_info("reloaded");
}

/* ---- the parts, joined ---- */

int64_t gateway_throttle(struct gateway *g, enum throttle_kind kind,
			 const struct net_conn *c, struct str user)
{
	static const char *const labels[] = {
		[THROTTLE_REQUEST] = "request-rate",
		[THROTTLE_MESSAGE] = "message-rate",
		[THROTTLE_SUBSCRIPTION] = "subscription-rate",
	};
	char address[NET_PEER_MAX] = "";
	int64_t ms;

	if (cfg.limits.per_s[kind] == 0)
		return 0;
	if (c)
		net_peer(c, address);
	ms = throttle_take(g->throttle, &cfg.limits, kind,
			   c ? str_from(address) : (struct str){ 0 }, user,
			   loop_now_ms(g->loop));
	if (ms)
		stats_add(g->stats, "refused_total", labels[kind], 1);
	return ms;
}

struct journal *gateway_journal(struct gateway *g, struct err *e)
{
	struct journal *j = follow_journal(g->follow);
	struct position pos = follow_position(g->follow);

	if (!j || !pos.epoch) {
		err_set(e, EX_UNAVAILABLE, "the journal is not there yet");
		return NULL;
	}
	/* Before its first event, nobody tells the hub where it begins. */
	if (hub_epoch_of(g->hub) == 0)
		hub_epoch(g->hub, pos);
	return j;
}

static struct journal *journal_for_hub(void *arg)
{
	struct err e;

	return gateway_journal(arg, &e);
}

static void encode_for_hub(void *arg, enum frame_kind kind,
			   const struct event *ev, struct buf *b)
{
	const struct gateway *g = arg;

	socketio_live_encode(g->socketio, kind, ev, b);
}

static void on_event(void *arg, const struct event *ev)
{
	struct gateway *g = arg;

	hub_event(g->hub, ev);
	publish_event(g->publish, ev);
}

static void on_slice_end(void *arg)
{
	struct gateway *g = arg;

	hub_slice_end(g->hub);
}

static void on_epoch(void *arg, struct position pos)
{
	struct gateway *g = arg;
	char text[POSITION_TEXT_MAX];

	log_warn("another journal position=%s", position_format(pos, text));
	hub_epoch(g->hub, pos);
}

static void on_gap(void *arg, uint64_t from, uint64_t to)
{
	struct gateway *g = arg;

	log_warn("between %llu and %llu events were pruned before they were "
		 "read",
		 (unsigned long long)from, (unsigned long long)to);
	hub_gap(g->hub);
}

static void on_control(void *arg, const struct bus_msg *m)
{
	struct gateway *g = arg;

	if (str_starts(m->topic, STR("$stats/")))
		board_hear(g->board, m->topic, m->data, loop_now_ms(g->loop));
	else if (str_starts(m->topic, STR("$presence/")))
		presence_live_hear(g, m->topic, m->data);
}

static void on_durable(void *arg, uint64_t id, uint32_t epoch)
{
	struct gateway *g = arg;
	struct err e;

	publish_durable(g->publish, id, epoch, gateway_journal(g, &e));
}

static void on_failed(void *arg, const struct err *e)
{
	struct gateway *g = arg;

	g->failure = *e;
	loop_stop(g->loop);
}

static void gateway_count(struct gateway *g)
{
	struct net_counts net = net_count(g->net);
	struct hub_counts hub = hub_count(g->hub);
	const struct {
		const char *name;
		uint64_t v;
	} counts[] = {
		{ "connections", net.conns },
		{ "websockets", net.sockets },
		{ "streams", net.streams },
		{ "connections_waiting", net.waiting },
		{ "connections_total", net.accepted },
		{ "connections_delayed_total", net.delayed },
		{ "connections_crowded_total", net.crowded },
		{ "late_heads_total", net.late_heads },
		{ "connections_refused_total", net.refused },
		{ "connections_failed_total", net.failed },
		{ "requests_total", net.requests },
		{ "malformed_total", net.malformed },
		{ "held_bytes", net.held },
		{ "overloads_total", net.overloads },
		{ "timeouts_total", net.timeouts },
		{ "silent_total", net.silent },
		{ "messages_total", net.messages },
		{ "sends_total", net.sends },
		{ "sent_bytes_total", net.bytes },
		{ "subscribed", hub.subscribed },
		{ "behind", hub.behind },
		{ "choked", hub.choked },
		{ "groups", hub.groups },
		{ "filters", hub.filters.filters },
		{ "filter_tests_total", hub.filters.tests },
		{ "framed_total", hub.framed },
		{ "delivered_total", hub.delivered },
		{ "flushes_total", hub.flushes },
		{ "from_ring_total", hub.from_ring },
		{ "from_journal_total", hub.from_journal },
		{ "shared_total", hub.shared },
		{ "waiting", producer_memory_waiting(g->queue) },
		{ "lag",
		  follow_head(g->follow) - follow_position(g->follow).offset },
	};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		stats_set(g->stats, counts[i].name, NULL, (int64_t)counts[i].v);
	stats_set(g->stats, "lagged_total", "latest",
		  (int64_t)hub.lagged[LAG_LATEST]);
	stats_set(g->stats, "lagged_total", "disconnect",
		  (int64_t)hub.lagged[LAG_DISCONNECT]);
	report_clients(g);
	presence_live_report(g->presence, g->stats);
	socketio_live_report(g->socketio, g->stats);
}

/* Our counters on our own board; returns the topic that they have there. */
static struct str report(struct gateway *g, struct buf *topic, struct buf *b)
{
	struct str source = producer_memory_source(g->queue);

	gateway_count(g);
	stats_print(g->stats, b);
	/* "weir/gateway/1f..." gives "$stats/gateway/1f..." */
	buf_puts(topic, "$stats/");
	buf_add_str(topic, str_sub(source, strlen("weir/"), source.len));
	board_hear(g->board, buf_str(topic), buf_str(b), loop_now_ms(g->loop));
	return buf_str(topic);
}

void gateway_report(struct gateway *g)
{
	struct buf topic = { 0 }, b = { 0 };

	report(g, &topic, &b);
	buf_free(&topic);
	buf_free(&b);
}

/* Every STATS_EVERY_MS: say how it goes. */
static void on_timer(void *arg)
{
	struct gateway *g = arg;
	struct buf topic = { 0 }, b = { 0 };

	producer_control(g->producer, report(g, &topic, &b), STR("-"),
			 buf_str(&b));
	board_forget(g->board, loop_now_ms(g->loop));
	buf_free(&topic);
	buf_free(&b);
	notify("WATCHDOG=1");
	loop_timer_start(g->timer, STATS_EVERY_MS);
}

static void on_closed(void *arg, struct net_conn *c)
{
	(void)arg;
	session_end(c);
	net_set_who(c, NULL);
}

/* ---- life ---- */

static int open_bus(struct gateway *g, struct err *e)
{
	struct follow_conf follow = {
		.loop = g->loop,
		.dir = common.dir,
		.at_head = true,
		.arg = g,
		.event = on_event,
		.slice_end = on_slice_end,
		.gap = on_gap,
		.epoch = on_epoch,
		.control = on_control,
	};
	struct producer_conf producer = {
		.loop = g->loop,
		.failed = on_failed,
		.durable = on_durable,
		.arg = g,
	};

	g->bus = bus_new(&common, e);
	if (!g->bus)
		return -1;
	g->queue = producer_memory_new("gateway", PUBLISH_WAITING_MAX);
	g->publish = publish_new(g->loop, g->queue);
	follow.bus = producer.bus = g->bus;
	producer.queue = producer_memory_queue(g->queue);
	g->follow = follow_new(&follow, e);
	if (g->follow)
		g->producer = producer_new(&producer, e);
	return g->producer ? 0 : -1;
}

static int open_net(struct gateway *g, struct err *e)
{
	static const struct net_events events = {
		.head = api_head,
		.request = api_request,
		.upgrade = live_upgrade,
		.opened = live_opened,
		.message = live_message,
		.refused = live_refused,
		.writable = live_writable,
		.closed = on_closed,
	};
	const struct net_conf net = {
		.loop = g->loop,
		.address = cfg.listen,
		.listening = g->listening,
		.tls = g->tls,
		.port = (uint16_t)cfg.port,
		.max_conns = (size_t)cfg.max_clients,
		.max_per_peer = (size_t)cfg.max_per_address,
		.accept_rate = cfg.accept_rate,
		.proxies = &g->proxies,
		.on = &events,
		.arg = g,
	};

	g->net = net_new(&net, e);
	return g->net ? 0 : -1;
}

static int gateway_open(struct gateway *g, struct err *e)
{
	struct hub_conf hub = {
		.arg = g,
		.journal = journal_for_hub,
		.send = live_send,
		.send_to = live_send_to,
		.encode = encode_for_hub,
		.woken = api_events_woken,
		.broken = live_broken,
		.flushed = report_flushed,
		.wants = presence_live_wants,
		.lag = g->lag,
		.lagged = live_lagged,
	};

	g->loop = loop_new(e);
	if (!g->loop || loop_signals(g->loop, on_hup, g, e))
		return -1;
	hub.loop = g->loop;
	g->started_us = clk_wall_us();
	g->hub = hub_new(&hub);
	g->leave = leave_new(g, e);
	if (!g->leave)
		return -1;
	g->sockets = live_new(g);
	g->streams = streams_new(g->loop);
	g->socketio = socketio_live_new(g);
	g->sessions = sessions_new(g);
	g->throttle = throttle_new();
	g->board = board_new();
	g->roll = roll_new();
	g->presence = presence_live_new(g);
	g->stats = stats_new();
	g->delivery = stats_times(g->stats, "delivery_seconds", NULL);
	g->jobs_work = loop_work_new(g->loop, api_jobs, g);
	g->timer = loop_timer_new(g->loop, on_timer, g);
	return open_bus(g, e) || open_net(g, e) ? -1 : 0;
}

static void gateway_close(struct gateway *g)
{
	net_free(&g->net); /* ends all sessions, which use everything else */
	socketio_live_free(&g->socketio);
	leave_free(&g->leave);
	producer_free(&g->producer);
	follow_free(&g->follow);
	publish_free(&g->publish);
	producer_memory_free(&g->queue);
	loop_timer_free(&g->timer);
	loop_work_free(&g->jobs_work);
	pulse_free(&g->sockets);
	pulse_free(&g->streams);
	hub_free(&g->hub);
	sessions_free(&g->sessions);
	lag_free(&g->lag);
	throttle_free(&g->throttle);
	board_free(&g->board);
	auth_free(&g->auth);
	tls_free(&g->tls);
	roll_free(&g->roll);
	presence_live_free(&g->presence);
	stats_free(&g->stats);
	compat_free(&g->compat);
	bus_free(&g->bus);
	loop_free(&g->loop);
}

static int serve(struct gateway *g, struct err *e)
{
	bool is_v6 = strchr(cfg.listen, ':') != NULL;

	loop_timer_start(g->timer, 0);
	/* The first client is served, too; /readyz tells of what is missing. */
	if (!follow_look(g->follow))
		log_info("no journal yet");
	log_info("ready url=http%s://%s%s%s:%u/ dir=%s", g->tls ? "s" : "",
		 is_v6 ? "[" : "", cfg.listen, is_v6 ? "]" : "",
		 net_port(g->net), common.dir);
	notify("READY=1");
	loop_run(g->loop);
	*e = g->failure;
	if (leave_is_done(g->leave))
		return e->code ? -1 : 0;
	notify("STOPPING=1");
	leave_tell(g, 1001);
	return e->code ? -1 : 0;
}

/* Where a socket that was handed over listens is where we do. */
static int find_socket(int *fd_r, struct err *e)
{
	static char address[ACTIVATION_ADDRESS_MAX];
	uint16_t port;
	int rc = activation_take(fd_r, e);

	if (rc != 1)
		return rc;
	activation_address(*fd_r, address, &port);
	cfg.listen = address;
	cfg.port = port;
	return 0;
}

/* 0, with a listening socket for the program that is to be executed, or -1. */
static int run_once(int listening_fd, int *next_fd, struct err *e)
{
	struct gateway g = { .settings = &cfg, .listening = listening_fd };
	int rc = -1;

	if (proxies_read(&g.proxies, &cfg.proxies, e))
		return -1;
	g.auth = read_auth(cfg.listen, e);
	if (!g.auth)
		return -1;
	if (read_tls(&g.tls, e)) {
		auth_free(&g.auth);
		return -1;
	}
	str_copy(listening, sizeof(listening), str_from(cfg.listen));
	g.compat = read_lag(&g.lag, e) ? NULL : compat_open(cfg.compat, e);
	if (!g.compat || common.check_config)
		rc = g.compat ? 0 : -1;
	else if (gateway_open(&g, e) == 0)
		rc = serve(&g, e);
	if (g.leave && leave_is_done(g.leave))
		*next_fd = net_listening(g.net);
	gateway_close(&g);
	return rc;
}

static int run(char **args, struct err *e)
{
	int fd = -1, next, rc;

	(void)args;
	cfg.dir = common.dir;
	do {
		next = -1;
		rc = find_socket(&fd, e);
		if (rc == 0)
			rc = run_once(fd, &next, e);
		if (next >= 0) {
			leave_execute(next, e);
			log_error("not replaced: %s", e->msg);
		}
	} while (next >= 0);
	return rc;
}

int main(int argc, char **argv)
{
	leave_init(argv);
	return tool_main(&tool, run, argc, argv);
}
