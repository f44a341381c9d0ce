/* The parts, joined: who tells whom what, and in which order they live. */
#include "gateway.h"

#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/notify.h"

#include "api.h"
#include "heap.h"
#include "leave.h"
#include "live.h"
#include "presence_live.h"
#include "report.h"
#include "roll.h"
#include "socketio_live.h"
#include "streams.h"
#include "tls.h"

static int64_t throttle(struct gateway *g, enum throttle_kind kind,
			bool is_local, const struct in6_addr *address,
			struct str user)
{
	static const char *const labels[] = {
		[THROTTLE_CONNECTION] = "connection-rate",
		[THROTTLE_REQUEST] = "request-rate",
		[THROTTLE_MESSAGE] = "message-rate",
		[THROTTLE_SUBSCRIPTION] = "subscription-rate",
	};
	const struct throttle_limits limits =
		throttle_resolve(&g->settings->limits, is_local);
	int64_t ms = throttle_take(g->throttle, &limits, kind, address, user,
				   loop_now_ms(g->loop));

	if (ms)
		stats_add(g->stats, "refused_total", labels[kind], 1);
	return ms;
}

static int64_t throttle_client(struct gateway *g, enum throttle_kind kind,
			       const struct net_conn *c, bool of_address,
			       struct str user)
{
	struct in6_addr address;

	if (g->settings->limits.per_s[kind] == 0)
		return 0;
	address = net_address(c);
	return throttle(g, kind, net_is_local(c), of_address ? &address : NULL,
			user);
}

int64_t gateway_throttle(struct gateway *g, enum throttle_kind kind,
			 const struct net_conn *c, struct str user)
{
	return throttle_client(g, kind, c, true, user);
}

int64_t gateway_throttle_user(struct gateway *g, enum throttle_kind kind,
			      const struct net_conn *c, struct str user)
{
	return throttle_client(g, kind, c, false, user);
}

void gateway_charge(struct gateway *g, enum throttle_kind kind,
		    const struct net_conn *c, struct str user, size_t n)
{
	const struct throttle_limits limits =
		throttle_resolve(&g->settings->limits, net_is_local(c));
	const struct in6_addr address = net_address(c);

	throttle_charge(g->throttle, &limits, kind, n, &address, user,
			loop_now_ms(g->loop));
}

static bool admit(void *arg, const struct in6_addr *address, bool is_local)
{
	return throttle(arg, THROTTLE_CONNECTION, is_local, address,
			(struct str){ 0 }) == 0;
}

struct peers_limit gateway_per_peer(const struct gateway *g)
{
	const int64_t given = g->settings->max_per_address;

	if (given < 0)
		return (struct peers_limit){ NET_PER_PEER, true };
	return (struct peers_limit){ (size_t)given, false };
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
			   const struct event *ev, bool is_past, struct buf *b)
{
	const struct gateway *g = arg;

	socketio_live_encode(g->socketio, kind, ev, is_past, b);
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

/* Every STATS_EVERY_MS: say how it goes. */
static void on_timer(void *arg)
{
	struct gateway *g = arg;

	report_publish(g);
	board_forget(g->board, loop_now_ms(g->loop));
	heap_tidy(&g->heap_looked_ms, loop_now_ms(g->loop));
	notify("WATCHDOG=1");
	loop_timer_start(g->timer, STATS_EVERY_MS);
}

static void on_closed(void *arg, struct net_conn *c)
{
	(void)arg;
	session_end(c);
	net_set_who(c, NULL);
}

/* What comes live does not wait for all those who come and go. */
static void on_look(void *arg)
{
	struct gateway *g = arg;

	follow_look_now(g->follow);
	hub_look(g->hub);
}

/* ---- life ---- */

static int open_bus(struct gateway *g, struct err *e)
{
	struct follow_conf follow = {
		.loop = g->loop,
		.dir = g->settings->dir,
		.at_head = true,
		.arg = g,
		.event = on_event,
		.slice_end = on_slice_end,
		.gap = on_gap,
		.gap_again = true, /* each client is told of its own */
		.epoch = on_epoch,
		.control = on_control,
	};
	struct producer_conf producer = {
		.loop = g->loop,
		.failed = on_failed,
		.durable = on_durable,
		.arg = g,
	};

	g->bus = bus_new(g->settings->common, e);
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
		.incoming = live_incoming,
		.message = live_message,
		.refused = live_refused,
		.writable = live_writable,
		.closed = on_closed,
		.look = on_look,
	};
	const struct net_conf net = {
		.loop = g->loop,
		.address = g->settings->listen,
		.listening = g->listening,
		.tls = g->tls,
		.port = (uint16_t)g->settings->port,
		.max_conns = (size_t)g->settings->max_clients,
		.per_peer = gateway_per_peer(g),
		.admit = admit,
		.accept_rate = g->settings->accept_rate,
		.deflate = g->settings->deflate,
		.no_io_uring = g->settings->no_io_uring,
		.proxies = &g->proxies,
		.on = &events,
		.arg = g,
	};

	g->net = net_new(&net, e);
	return g->net ? 0 : -1;
}

int gateway_open(struct gateway *g, void (*reload)(void *arg), struct err *e)
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
	if (!g->loop || loop_signals(g->loop, reload, g, e))
		return -1;
	hub.loop = g->loop;
	g->started_us = clk_wall_us();
	if (g->settings->deflate)
		hub.deflater = g->deflater = deflater_new();
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

void gateway_close(struct gateway *g)
{
	loop_timer_free(&g->timer); /* the loop turns on for a while */
	net_free(&g->net); /* ends all sessions, which use everything else */
	socketio_live_free(&g->socketio);
	leave_free(&g->leave);
	producer_free(&g->producer);
	follow_free(&g->follow);
	publish_free(&g->publish);
	producer_memory_free(&g->queue);
	loop_work_free(&g->jobs_work);
	pulse_free(&g->sockets);
	pulse_free(&g->streams);
	hub_free(&g->hub);
	deflater_free(&g->deflater);
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
	buf_free(&g->text);
	buf_free(&g->frame);
	bus_free(&g->bus);
	loop_free(&g->loop);
}

int gateway_serve(struct gateway *g, struct err *e)
{
	bool is_v6 = strchr(g->settings->listen, ':') != NULL;

	loop_timer_start(g->timer, 0);
	/* The first client is served, too; /readyz tells of what is missing. */
	if (!follow_look(g->follow))
		log_info("no journal yet");
	if (net_is_shared(g->net))
		log_warn("%s port %u: another process listens there, too; "
			 "connections go to one or the other",
			 g->settings->listen, net_port(g->net));
	log_info("ready url=http%s://%s%s%s:%u/ dir=%s", g->tls ? "s" : "",
		 is_v6 ? "[" : "", g->settings->listen, is_v6 ? "]" : "",
		 net_port(g->net), g->settings->dir);
	notify("READY=1");
	loop_run(g->loop);
	*e = g->failure;
	if (leave_is_done(g->leave))
		return e->code ? -1 : 0;
	notify("STOPPING=1");
	leave_tell(g, 1001);
	return e->code ? -1 : 0;
}
