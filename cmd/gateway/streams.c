#include "streams.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/since.h"
#include "common/xmem.h"

#include "api.h"
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

struct asked {
	struct patterns patterns;
	struct filter *filter; /* of all of them, or NULL */
	struct position since;
	bool has_since, last;
	bool recovered; /* what a time asks for is all there */
};

/* A time or an age is the position before what was recorded then. */
static bool read_since(struct gateway *g, const struct net_request *r,
		       struct asked *a, struct err *e)
{
	/* A browser that comes back has both; where it was is what counts. */
	bool is_back = r->last_event_id.len > 0;
	struct str text = is_back ? r->last_event_id : http_param(r, "since");
	struct journal_want want = { .pattern = a->patterns.v,
				     .n = a->patterns.n };
	struct journal *j;
	struct since w;
	uint64_t first = 1;
	int whole;

	a->recovered = true;
	a->has_since = text.p != NULL;
	if (!a->has_since)
		return true;
	if (is_back && !position_parse(text, &a->since))
		return !err_set(e, EX_USAGE, "Last-Event-ID: not a position");
	if (is_back || position_parse(text, &a->since))
		return true;
	if (!since_parse(text, clk_wall_us(), &w))
		return !err_set(e, EX_USAGE,
				"since: not a position, a time or an age");
	j = gateway_journal(g, e);
	whole = j ? since_first(&w, j, &want, &first, e) : -1;
	a->since = (struct position){ hub_epoch_of(g->hub), first - 1 };
	a->recovered = whole == 1;
	return whole >= 0;
}

static bool read_asked(struct stream *st, const struct net_request *r,
		       struct asked *a, struct err *e)
{
	static const char *const names[] = { "topic*", "since", "last",
					     "filter" };

	return http_check_params(r, names, ARRAY_LEN(names), e) &&
	       api_wanted(st->l.s.g, st->l.s.conn, r, &a->patterns, e) &&
	       http_param_filter(r, hub_filters(st->l.s.g->hub), &a->patterns,
				 &a->filter, e) &&
	       http_param_flag(r, "last", &a->last, e) &&
	       read_since(st->l.s.g, r, a, e);
}

/* True, subscribed, with the position after which events come. */
static bool subscribe(struct stream *st, const struct net_request *r,
		      struct position *pos_r, bool *recovered_r, struct err *e)
{
	struct gateway *g = st->l.s.g;
	struct asked a = { 0 };
	bool ok = read_asked(st, r, &a, e);

	if (ok) {
		struct hub_wish wish = { a.patterns.v, a.patterns.n,
					 a.has_since ? &a.since : NULL, a.last,
					 a.filter };

		ok = hub_subscribe(g->hub, &st->l.client, &wish, pos_r,
				   recovered_r, e) == 0;
		*recovered_r &= a.recovered;
	}
	patterns_free(&a.patterns);
	filter_drop(&a.filter);
	return ok;
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
	if (subscribe(st, r, &pos, &recovered, &e)) {
		session_keep(&st->l.s, on_over);
		begin(st, pos, recovered);
		return;
	}
	session_end(c);
	api_fail(g, c, &e);
}
