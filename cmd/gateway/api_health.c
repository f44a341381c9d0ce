#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/version.h"

#include "api.h"
#include "http.h"
#include "report.h"
#include "outcomes.h"

/* Something is not ready: its name, and why. */
static void __attribute__((format(printf, 3, 4)))
lacks(struct buf *b, const char *name, const char *fmt, ...)
{
	char why[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (b->len)
		buf_putc(b, ',');
	buf_puts(b, "{\"name\":");
	buf_json_str(b, str_from(name));
	buf_puts(b, ",\"why\":");
	buf_json_str(b, str_from(why));
	buf_putc(b, '}');
}

/* "not heard of for 12 s", or never. */
static bool is_silent(struct buf *b, const char *name, int64_t heard_ms,
		      int64_t now_ms)
{
	if (heard_ms < 0)
		lacks(b, name, "not heard of yet");
	else if (now_ms - heard_ms > STATS_STALE_MS)
		lacks(b, name, "not heard of for %lld s",
		      (long long)(now_ms - heard_ms) / 1000);
	else
		return false;
	return true;
}

static void check_tool(struct gateway *g, const char *tool, int64_t now,
		       struct buf *b)
{
	struct str name = str_from(tool);
	struct str reason = board_not_ready(g->board, name, now);

	if (!is_silent(b, tool, board_heard_ms(g->board, name), now) &&
	    reason.p)
		lacks(b, tool, "%.*s", STR_ARG(reason));
}

static void check_all(struct gateway *g, struct buf *b)
{
	int64_t now = loop_now_ms(g->loop);
	struct err e;

	if (!is_silent(b, "store", follow_heard_ms(g->follow), now)) {
		struct str reason =
			board_not_ready(g->board, STR("store"), now);

		if (reason.p)
			lacks(b, "store", "%.*s", STR_ARG(reason));
	}
	if (!gateway_journal(g, &e))
		lacks(b, "journal", "not open");
	else if (!follow_caught_up(g->follow))
		lacks(b, "feed", "%llu events behind",
		      (unsigned long long)(follow_head(g->follow) -
					   follow_position(g->follow).offset));
	for (size_t i = 0; i < g->settings->expect.n; i++)
		if (strcmp(g->settings->expect.v[i], "store") != 0 &&
		    strcmp(g->settings->expect.v[i], "gateway") != 0)
			check_tool(g, g->settings->expect.v[i], now, b);
}

static bool has_params(struct net_conn *c, const struct net_request *r)
{
	struct err e;

	if (http_check_params(r, NULL, 0, &e))
		return false;
	http_problem(c, 400, "%s", e.msg);
	return true;
}

void api_health(struct gateway *g, struct net_conn *c,
		const struct net_request *r, struct str rest)
{
	struct buf b = { 0 };

	(void)g;
	(void)rest;
	if (has_params(c, r))
		return;
	buf_puts(&b, "{\"status\":\"ok\"}");
	http_json(c, 200, NULL, &b);
}

void api_ready(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, struct str rest)
{
	struct buf b = { 0 }, out = { 0 };

	(void)rest;
	if (has_params(c, r))
		return;
	check_all(g, &b);
	buf_addf(&out, "{\"ready\":%s,\"not_ready\":[",
		 b.len ? "false" : "true");
	buf_add_str(&out, buf_str(&b));
	buf_puts(&out, "]}");
	http_json(c, b.len ? 503 : 200, NULL, &out);
	buf_free(&b);
}

void api_metrics(struct gateway *g, struct net_conn *c,
		 const struct net_request *r, struct str rest)
{
	struct buf b = { 0 };

	(void)rest;
	if (has_params(c, r))
		return;
	report_now(g);
	board_print_metrics(g->board, loop_now_ms(g->loop), &b);
	net_answer(c, &(struct net_answer){
			      .status = 200,
			      .type = "text/plain; version=0.0.4",
			      .headers = "Cache-Control: no-store\r\n",
			      .body = buf_str(&b),
		      });
	buf_free(&b);
}

/* Left out where the journal cannot be read; "ready" says that. */
static void add_watches(struct journal *j, struct buf *b)
{
	size_t len = b->len;
	struct err e;

	buf_puts(b, ",\"watches\":");
	if (!j || outcomes_print(j, b, &e))
		b->len = len;
}

static void add_events(struct gateway *g, struct journal *j, struct buf *b)
{
	int64_t heard = follow_heard_ms(g->follow);
	uint64_t topics = 0;
	struct err e;

	buf_addf(b,
		 ",\"events\":{\"head\":\"%llu\",\"caught_up\":%s,"
		 "\"file_bytes\":%llu",
		 (unsigned long long)follow_head(g->follow),
		 follow_caught_up(g->follow) ? "true" : "false",
		 (unsigned long long)(j ? journal_bytes(j) : 0));
	if (j && journal_count_topics(j, &topics, &e) == 0)
		buf_addf(b, ",\"topics\":%llu", (unsigned long long)topics);
	buf_addf(b, "},\"store_age_ms\":%lld",
		 (long long)(heard < 0 ? -1 : loop_now_ms(g->loop) - heard));
}

static void add_clients(struct gateway *g, struct buf *b)
{
	struct hub_counts hub = hub_count(g->hub);
	struct net_counts net = net_count(g->net);

	buf_addf(b,
		 ",\"clients\":{\"connections\":%zu,\"sockets\":%zu,"
		 "\"streams\":%zu,\"users\":%zu,\"subscribed\":%zu,"
		 "\"behind\":%zu,\"choked\":%zu,\"groups\":%zu},"
		 "\"counters\":",
		 net.conns, net.sockets, net.streams, api_count_users(g),
		 hub.subscribed, hub.behind, hub.choked, hub.groups);
	stats_print(g->stats, b);
}

void api_status(struct gateway *g, struct net_conn *c,
		const struct net_request *r, struct str rest)
{
	char text[POSITION_TEXT_MAX], time[CLK_TEXT_SIZE];
	struct position pos = follow_position(g->follow);
	struct buf b = { 0 }, lacking = { 0 };
	struct err e;
	struct journal *j = gateway_journal(g, &e);

	(void)rest;
	if (has_params(c, r))
		return;
	report_now(g);
	check_all(g, &lacking);
	buf_addf(&b, "{\"version\":\"%s\",\"started\":\"%s\",\"time\":\"",
		 weir_version, clk_format(g->started_us, time));
	buf_addf(&b, "%s\",\"ready\":%s", clk_format(clk_wall_us(), time),
		 lacking.len ? "false" : "true");
	if (pos.epoch)
		buf_addf(&b, ",\"position\":\"%s\"",
			 position_format(pos, text));
	add_events(g, j, &b);
	add_clients(g, &b);
	buf_puts(&b, ",\"processes\":");
	board_print(g->board, loop_now_ms(g->loop), &b);
	add_watches(j, &b);
	buf_putc(&b, '}');
	buf_free(&lacking);
	http_json(c, 200, NULL, &b);
}
