#include "report.h"

#include <string.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "heap.h"
#include "presence_live.h"
#include "socketio_live.h"

/* Labels are literals: stats keeps no copies. */
#define CLASSES(transport)                                      \
	{                                                       \
		"transport=" transport ",class=live",           \
			"transport=" transport ",class=behind", \
			"transport=" transport ",class=choked", \
	}

static const char *const labels[HUB_TRANSPORTS][HUB_CLASSES] = {
	[HUB_WEBSOCKET] = CLASSES("websocket"),
	[HUB_SSE] = CLASSES("sse"),
	[HUB_POLL] = CLASSES("poll"),
	[HUB_SOCKETIO] = CLASSES("socketio"),
};

/* Once for each event, whoever got it: one clock for all of them. */
void report_flushed(void *arg, const int64_t *recorded_us, size_t n)
{
	struct gateway *g = arg;
	int64_t now_us = clk_wall_us();

	for (size_t i = 0; i < n; i++)
		stats_took(g->delivery, now_us - recorded_us[i]);
}

/* Gauges of clients as they are now. */
static void count_clients(struct gateway *g)
{
	struct hub_lag lag[HUB_TRANSPORTS][HUB_CLASSES];

	hub_lags(g->hub, lag);
	for (int t = 0; t < HUB_TRANSPORTS; t++)
		for (int k = 0; k < HUB_CLASSES; k++) {
			stats_set(g->stats, "clients", labels[t][k],
				  (int64_t)lag[t][k].clients);
			stats_set(g->stats, "client_lag_events", labels[t][k],
				  (int64_t)lag[t][k].events);
		}
}

static void count_deflate(struct gateway *g, const struct net_counts *net)
{
	struct deflater_counts out;

	if (!g->deflater)
		return;
	out = deflater_count(g->deflater);
	stats_set(g->stats, "deflated_total", NULL, (int64_t)out.messages);
	stats_set(g->stats, "deflated_bytes_total", "before",
		  (int64_t)out.before);
	stats_set(g->stats, "deflated_bytes_total", "after",
		  (int64_t)out.after);
	stats_set(g->stats, "deflate_offers_total", "taken",
		  (int64_t)net->offers_taken);
	stats_set(g->stats, "deflate_offers_total", "declined",
		  (int64_t)net->offers_declined);
	stats_set(g->stats, "inflated_total", NULL, (int64_t)net->inflated);
	stats_set(g->stats, "inflate_refused_total", "too-large",
		  (int64_t)net->bombs);
	stats_set(g->stats, "inflate_refused_total", "broken",
		  (int64_t)net->inflate_broken);
}

static void count(struct gateway *g)
{
	struct net_counts net = net_count(g->net);
	struct hub_counts hub = hub_count(g->hub);
	struct heap heap = heap_look();
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
		{ "connections_unkept_total", net.unkept },
		{ "late_heads_total", net.late_heads },
		{ "connections_refused_total", net.refused },
		{ "connections_failed_total", net.failed },
		{ "requests_total", net.requests },
		{ "malformed_total", net.malformed },
		{ "heap_bytes", heap.used },
		{ "heap_free_bytes", heap.free },
		{ "held_bytes", net.held },
		{ "overloads_total", net.overloads },
		{ "timeouts_total", net.timeouts },
		{ "silent_total", net.silent },
		{ "untold_total", net.untold },
		{ "messages_total", net.messages },
		{ "sends_total", net.sends },
		{ "io_uring", net.io_uring },
		{ "sent_bytes_total", net.bytes },
		{ "subscribed", hub.subscribed },
		{ "behind", hub.behind },
		{ "choked", hub.choked },
		{ "groups", hub.groups },
		{ "filters", hub.filters.filters },
		{ "filter_tests_total", hub.filters.tests },
		{ "filter_given_up_total", hub.filters.given_up },
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

	count_deflate(g, &net);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		stats_set(g->stats, counts[i].name, NULL, (int64_t)counts[i].v);
	stats_set(g->stats, "refused_total", "not-found",
		  (int64_t)net.not_found);
	stats_set(g->stats, "refused_total", "method",
		  (int64_t)net.not_allowed);
	stats_set(g->stats, "refused_total", "media-type",
		  (int64_t)net.not_taken);
	stats_set(g->stats, "lagged_total", "latest",
		  (int64_t)hub.lagged[LAG_LATEST]);
	stats_set(g->stats, "lagged_total", "disconnect",
		  (int64_t)hub.lagged[LAG_DISCONNECT]);
	count_clients(g);
	presence_live_report(g->presence, g->stats);
	socketio_live_report(g->socketio, g->stats);
}

/* Our counters on our own board; returns the topic that they have there. */
static struct str put_on_board(struct gateway *g, struct buf *topic,
			       struct buf *b)
{
	struct str source = producer_memory_source(g->queue);

	count(g);
	stats_print(g->stats, b);
	/* "weir/gateway/1f..." gives "$stats/gateway/1f..." */
	buf_puts(topic, "$stats/");
	buf_add_str(topic, str_sub(source, strlen("weir/"), source.len));
	board_hear(g->board, buf_str(topic), buf_str(b), loop_now_ms(g->loop));
	return buf_str(topic);
}

void report_now(struct gateway *g)
{
	struct buf topic = { 0 }, b = { 0 };

	put_on_board(g, &topic, &b);
	buf_free(&topic);
	buf_free(&b);
}

void report_publish(struct gateway *g)
{
	struct buf topic = { 0 }, b = { 0 };

	producer_control(g->producer, put_on_board(g, &topic, &b), STR("-"),
			 buf_str(&b));
	buf_free(&topic);
	buf_free(&b);
}
