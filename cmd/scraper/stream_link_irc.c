/*
 * IRC, over a wire or in the text messages of a WebSocket: each line is a unit,
 * but for what irc_session answers.
 */
#include "stream_link_private.h"

#include <stdlib.h>

#include "common/clk.h"
#include "common/wire_url.h"

#include "classify.h"
#include "irc.h"
#include "irc_session.h"

struct irc_link {
	struct link l; /* first */
	struct irc_session session;
	struct wire *wire; /* one of the two */
	struct ws_client *client;
	struct buf held;   /* WebSocket: of a message, when it was paused */
	int64_t joined_ms; /* channels were last asked for */
	bool joins_more;
};

static bool over_websocket(const struct irc_link *c)
{
	return c->l.target->protocol == LINK_IRC_WEBSOCKET;
}

/* Lines with their CRLF. */
static void say(struct irc_link *c, struct buf *out)
{
	struct str rest = buf_str(out), line;
	size_t used;

	if (c->wire && out->len)
		wire_write(c->wire, rest);
	while (c->client && irc_next(rest, &line, &used) == IRC_LINE) {
		ws_client_send(c->client, line);
		rest = str_sub(rest, used, rest.len);
	}
	buf_free(out);
}

static void begin(struct irc_link *c)
{
	const struct link_target *t = c->l.target;
	const struct irc_conf conf = { .nick = t->nick,
				       .pass = t->pass,
				       .channels = t->channels,
				       .n_channels = t->n_channels,
				       .random = arc4random() };
	struct buf out = { 0 };
	const char *why = irc_begin(&c->session, &conf, &out);

	if (why)
		link_fail(&c->l, OUTCOME_REFUSED, "%s", why);
	else
		say(c, &out);
}

static void give(struct irc_link *c, struct str line)
{
	struct buf text = { 0 };

	if (!str_is_utf8(line)) {
		buf_add_utf8(&text, line);
		line = buf_str(&text);
	}
	link_give(&c->l, &(struct link_unit){ .bytes = line });
	buf_free(&text);
}

static void joined(struct irc_link *c)
{
	c->joined_ms = loop_now_ms(c->l.links->conf.loop);
	c->joins_more = c->session.asked < c->session.conf.n_channels;
	link_set_timer(&c->l, c->joins_more ? IRC_JOIN_MS : c->l.idle_ms / 2);
	link_opened(&c->l);
}

static void on_line(struct irc_link *c, struct str line)
{
	struct irc_verdict v;
	struct buf out = { 0 };

	irc_line(&c->session, line, &out, &v);
	say(c, &out);
	if (v.over) {
		link_fail(&c->l, v.outcome, "%s", v.reason);
		return;
	}
	if (c->session.state == IRC_JOINED && !c->l.open)
		joined(c);
	if (v.give)
		give(c, line);
}

/* The number of bytes that were used. */
static size_t read_lines(struct irc_link *c, struct str in)
{
	size_t all = 0, used;
	struct str line;

	while (!c->l.over && !(c->l.paused && c->l.open)) {
		enum irc_result r =
			irc_next(str_sub(in, all, in.len), &line, &used);

		if (r == IRC_BIG)
			link_fail(&c->l, OUTCOME_REFUSED,
				  "line of more than %d bytes", IRC_LINE_MAX);
		if (r != IRC_BIG)
			all += used;
		if (r != IRC_LINE)
			break;
		on_line(c, line);
	}
	return all;
}

/* ---- over a wire ---- */

static void on_wire_open(void *arg)
{
	begin(arg);
}

static size_t on_wire_data(void *arg, struct str in)
{
	struct irc_link *c = arg;
	size_t used = read_lines(c, in);

	if (c->wire && c->l.paused && c->l.open)
		wire_pause(c->wire, true);
	return c->l.over ? in.len : used;
}

static void on_wire_end(void *arg, const struct wire_end *e)
{
	struct irc_link *c = arg;
	struct answer a = { .result = e->result, .reason = e->reason };
	struct verdict v;

	if (e->result == HTTP_OK)
		a.result = HTTP_BROKEN;
	classify(&a, clk_wall_us(), &v);
	link_finish(&c->l, &(struct link_end){ .outcome = v.outcome,
					       .reason = v.reason,
					       .way = link_way_of(a.result) });
}

static const struct wire_handler wire_handler = {
	.open = on_wire_open,
	.data = on_wire_data,
	.end = on_wire_end,
};

static void open_wire(struct irc_link *c)
{
	struct wire_url u;
	const char *why = wire_url_parse(str_from(c->l.target->url), &u);

	if (!why && !str_starts(u.scheme, STR("irc")))
		why = "no URL of IRC";
	if (why) {
		link_fail(&c->l, OUTCOME_REFUSED, "%s", why);
		return;
	}
	c->wire = wire_open(c->l.links->wires,
			    &(struct wire_target){ .host = u.host,
						   .port = u.port,
						   .tls = u.tls,
						   .proxy = c->l.target->proxy,
						   .address =
							   c->l.target->address,
						   .max_in = 2 * IRC_LINE_MAX },
			    &wire_handler, c);
}

/* ---- over a WebSocket ---- */

static void on_message(void *arg, struct str bytes, bool binary)
{
	struct irc_link *c = arg;
	size_t used = 0;

	(void)binary;
	buf_add_str(&c->held, bytes);
	buf_puts(&c->held, "\r\n"); /* the end of a message ends a line */
	used = read_lines(c, buf_str(&c->held));
	buf_consume(&c->held, used);
	if (!c->held.len)
		buf_free(&c->held);
	if (c->l.paused && c->l.open)
		ws_client_pause(c->client, true);
}

static void on_client_open(void *arg)
{
	begin(arg);
}

static const struct ws_client_handler client_handler = {
	.open = on_client_open,
	.message = on_message,
	.end = link_websocket_end,
};

/* ---- as any link ---- */

static int irc_start(struct link *l)
{
	struct irc_link *c = (struct irc_link *)l;

	link_set_timer(l, l->links->conf.open_ms);
	if (over_websocket(c))
		c->client = link_websocket_open(l, &client_handler);
	else
		open_wire(c);
	return 0;
}

static int64_t heard_ms(const struct irc_link *c)
{
	return c->wire ? wire_heard_ms(c->wire) : ws_client_heard_ms(c->client);
}

static void ask_if_alive(struct irc_link *c)
{
	struct buf out = { 0 };

	buf_puts(&out, "PING :weir\r\n");
	say(c, &out);
}

static void join_more(struct irc_link *c)
{
	int64_t now = loop_now_ms(c->l.links->conf.loop);
	struct buf out = { 0 };

	if (now - c->joined_ms >= IRC_JOIN_MS) {
		c->joined_ms = now;
		c->joins_more = irc_join_more(&c->session, &out);
		say(c, &out);
	}
	if (c->joins_more)
		link_set_timer(&c->l, c->joined_ms + IRC_JOIN_MS - now);
}

/* What was held back, and then the socket again. */
static void read_on(struct irc_link *c)
{
	buf_consume(&c->held, read_lines(c, buf_str(&c->held)));
	if (c->held.len || c->l.paused || c->l.over)
		return;
	buf_free(&c->held);
	if (c->client)
		ws_client_pause(c->client, false);
}

static void irc_tick(struct link *l)
{
	struct irc_link *c = (struct irc_link *)l;

	if (!l->open) {
		link_is_late(l);
		return;
	}
	if (c->held.len && !l->paused)
		read_on(c);
	if (link_is_idle(l, heard_ms(c)))
		ask_if_alive(c);
	if (c->joins_more)
		join_more(c);
}

/* Until it has joined it goes on: none of that is for the user. */
static void irc_pause(struct link *l)
{
	struct irc_link *c = (struct irc_link *)l;

	if (!l->open)
		return;
	if (c->wire)
		wire_pause(c->wire, true);
	else
		ws_client_pause(c->client, true);
}

static void irc_resume(struct link *l)
{
	struct irc_link *c = (struct irc_link *)l;

	if (c->held.len)
		link_set_timer(l, 0);
	else if (c->wire)
		wire_pause(c->wire, false);
	else
		ws_client_pause(c->client, false);
}

static void irc_stop(struct link *l)
{
	struct irc_link *c = (struct irc_link *)l;
	struct buf out = { 0 };

	if (l->open) {
		buf_puts(&out, "QUIT\r\n");
		say(c, &out);
	}
	wire_close(&c->wire);
	ws_client_free(&c->client);
	irc_session_free(&c->session);
	buf_free(&c->held);
}

const struct link_ops link_irc = {
	.size = sizeof(struct irc_link),
	.start = irc_start,
	.pause = irc_pause,
	.resume = irc_resume,
	.tick = irc_tick,
	.stop = irc_stop,
};
