#include "report.h"

#include "common/clk.h"

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

void report_clients(struct gateway *g)
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
