#include "streams.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/since.h"
#include "common/xmem.h"

#include "api.h"
#include "asked.h"
#include "client.h"
#include "http.h"

struct stream {
	struct live l;	      /* first */
	struct position told; /* when it last had a sign of life */
};

/* ---- signs of life ---- */

static void ping(void *arg, struct wheel_item *beat)
{
	struct stream *st = (struct stream *)live_of(beat);
	struct hub *h = st->l.s.g->hub;
	struct position pos = hub_position(h, &st->l.client);
	struct buf b = { 0 };

	(void)arg;
	if (st->l.client.blocked)
		return; /* enough waits to be read */
	if (pos.epoch == st->told.epoch && pos.offset == st->told.offset) {
		frame_add_comment(&b);
	} else {
		frame_add_id(&b, pos);
		frame_end_block(&b);
		st->told = pos;
	}
	hub_reply(h, &st->l.client, buf_str(&b));
	buf_free(&b);
}

struct pulse *streams_new(struct loop *loop)
{
	return pulse_new(loop, STREAMS_PING_MS, ping, NULL);
}

/* ---- a client ---- */

void streams_print_subscribed(const struct live *l, struct position pos,
			      bool recovered, struct buf *b)
{
	struct buf json = { 0 };

	buf_puts(b, "event: subscribed\n");
	/* None while "last" is being sent: it could not be gone on from. */
	frame_add_id(b, hub_position(l->s.g->hub, &l->client));
	client_print_subscribed(&l->client.group->patterns, pos, recovered,
				&json);
	frame_add_data(b, buf_str(&json));
	frame_end_block(b);
	buf_free(&json);
}

static void close_stream(struct session *s)
{
	struct stream *st = (struct stream *)s;

	pulse_remove(s->g->streams, &st->l.beat);
	roll_remove(s->g->roll, &st->l.entry);
	hub_leave(s->g->hub, &st->l.client);
	free(st);
}

/* The answer's head and its first block. */
static void begin(struct stream *st, struct position pos, bool recovered)
{
	struct hub *h = st->l.s.g->hub;
	unsigned spread = STREAMS_RETRY_MAX_MS - STREAMS_RETRY_MIN_MS;
	struct buf b = { 0 };

	st->told = hub_position(h, &st->l.client);
	buf_addf(&b, "retry: %u\n",
		 STREAMS_RETRY_MIN_MS + arc4random_uniform(spread + 1));
	streams_print_subscribed(&st->l, pos, recovered, &b);
	if (!net_stream(st->l.s.conn,
			&(struct net_answer){
				.status = 200,
				.type = "text/event-stream",
				.headers = "Cache-Control: no-store\r\n"
					   "X-Accel-Buffering: no\r\n",
				.body = buf_str(&b),
			}))
		hub_choked(h, &st->l.client);
	buf_free(&b);
}

/* Its client has to come back with another token. */
static void on_over(struct session *s, const char *why)
{
	struct stream *st = (struct stream *)s;
	struct buf b = { 0 }, json = { 0 };

	if (!st->l.client.blocked) {
		client_print_error("unauthorized", why, &json);
		buf_puts(&b, "event: over\n");
		frame_add_data(&b, buf_str(&json));
		frame_end_block(&b);
		hub_reply(s->g->hub, &st->l.client, buf_str(&b));
	}
	net_hang_up(s->conn, 0, "");
	buf_free(&b);
	buf_free(&json);
}

void api_stream(struct gateway *g, struct net_conn *c,
		const struct net_request *r, struct str rest)
{
	struct stream *st;
	struct asked a = { 0 };
	struct position pos;
	bool recovered = false;
	struct err e;

	(void)rest;
	if (!http_accepts(r->accept, STR("text/event-stream"))) {
		http_problem(c, 406, "what is here is text/event-stream");
		return;
	}
	if (gateway_throttle(g, THROTTLE_SUBSCRIPTION, c, net_who(c)->user)) {
		http_problem(c, 429, "too many subscriptions");
		return;
	}
	st = xcalloc(1, sizeof(*st));
	session_begin(&st->l.s, g, c, close_stream);
	st->l.client.user = st;
	st->l.client.line = net_line(c);
	st->l.client.kind = FRAME_SSE;
	pulse_add(g->streams, &st->l.beat);
	roll_add(g->roll, &st->l.entry, &st->l.s, &st->l.client, clk_wall_us());
	st->l.client.transport = HUB_SSE;
	if (asked_read(&st->l.s, r, &a, &e) &&
	    asked_subscribe(&st->l, &a, &pos, &recovered, &e) == 0) {
		asked_free(&a);
		session_keep(&st->l.s, on_over);
		begin(st, pos, recovered);
		return;
	}
	asked_free(&a);
	session_end(c);
	api_fail(g, c, &e);
}
