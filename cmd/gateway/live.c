#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "api.h"
#include "asked.h"
#include "http.h"
#include "live_private.h"
#include "presence_live.h"
#include "socketio_live.h"
#include "streams.h"

/* The first that is known here, which is the one that libwebsockets takes. */
enum speaks { SPEAKS_OTHER, SPEAKS_WEIR, SPEAKS_CLOUDEVENTS };

static enum speaks speaks(struct str protocols)
{
	struct str one;

	if (!protocols.p)
		return SPEAKS_WEIR; /* who knows no other need not say so */
	while (str_token(&protocols, ", \t", &one)) {
		if (str_is(one, "weir.v1"))
			return SPEAKS_WEIR;
		if (str_is(one, "cloudevents.json"))
			return SPEAKS_CLOUDEVENTS;
	}
	return SPEAKS_OTHER;
}

bool live_upgrade(void *arg, struct net_conn *c, const struct net_request *r)
{
	struct gateway *g = arg;
	struct err e;

	if (!api_admit(arg, c, r, true))
		return false;
	if (socketio_live_is_path(r->path) &&
	    speaks(r->protocols) != SPEAKS_OTHER)
		return engineio_net_upgrade(socketio_live_wire(g->socketio), c,
					    r);
	if (socketio_live_is_path(r->path))
		http_problem(c, 400, "Socket.IO has no such subprotocol");
	else if (!str_is(r->path, "/ws"))
		http_problem(c, 404, "the WebSocket is at /ws");
	else if (r->method != NET_GET)
		http_not_allowed(c, "GET");
	else if (!str_is(r->version, "13"))
		http_problem(c, 426, "Sec-WebSocket-Version must be 13");
	else if (speaks(r->protocols) == SPEAKS_CLOUDEVENTS)
		return live_cloud_upgrade(g, c, r);
	else if (!http_check_params(r, NULL, 0, &e))
		http_problem(c, 400, "%s", e.msg);
	else if (speaks(r->protocols) != SPEAKS_WEIR)
		http_problem(c, 400,
			     "the subprotocols here are weir.v1 and "
			     "cloudevents.json");
	else {
		net_allow_deflate(c);
		return true;
	}
	return false;
}

void api_websocket(struct gateway *g, struct net_conn *c,
		   const struct net_request *r, struct str rest)
{
	(void)g;
	(void)r;
	(void)rest;
	http_problem(c, 426,
		     "a WebSocket is here, and this asks for none; a proxy has "
		     "to hand on Upgrade and Connection");
}

static void close_live(struct session *s)
{
	struct live *l = (struct live *)s;

	live_publish_abandon(l);
	live_cloud_forget(l);
	pulse_remove(s->g->sockets, &l->beat);
	roll_remove(s->g->roll, &l->entry);
	hub_leave(s->g->hub, &l->client);
	free(l);
}

bool live_send(void *user, struct str frames)
{
	struct live *l = user;

	return l->client.kind >= FRAME_CUSTOM ? socketio_live_send(l, frames)
					      : net_send(l->s.conn, frames);
}

size_t live_send_to(void *arg, const struct line *to, size_t n,
		    struct str frames, struct line_left *left_r)
{
	const struct gateway *g = arg;
	size_t left = 0;

	/* They take frames of one kind, and so are of one sort. */
	if (to[0].fd != LINE_OTHER)
		return net_send_to(g->net, to, n, frames, left_r);
	for (size_t i = 0; i < n; i++)
		if (!socketio_live_send(to[i].conn, frames))
			left_r[left++] = (struct line_left){ i, frames.len };
	return left;
}

struct buf *live_text(const struct live *l)
{
	buf_reset(&l->s.g->text);
	return &l->s.g->text;
}

void live_reply(struct live *l)
{
	struct gateway *g = l->s.g;
	struct buf whole = { 0 };

	buf_reset(&g->frame);
	if (live_is_cloud(l)) {
		live_cloud_wrap(g, buf_str(&g->text), &whole);
		frame_add(&g->frame, buf_str(&whole));
		buf_free(&whole);
	} else {
		frame_add(&g->frame, buf_str(&g->text));
	}
	hub_reply(g->hub, &l->client, buf_str(&g->frame));
}

static void reply_error(struct live *l, const char *code, const char *message)
{
	stats_add(l->s.g->stats, "bad_messages_total", code, 1);
	client_print_error(code, message, live_text(l));
	live_reply(l);
}

void live_reply_refused(struct live *l, const char *code, const char *message,
			struct str id)
{
	stats_add(l->s.g->stats, "bad_messages_total", code, 1);
	client_print_refused(code, message, id, live_text(l));
	live_reply(l);
}

static void reply_subscribed(struct live *l, struct position pos,
			     bool recovered)
{
	const struct patterns none = { 0 };

	client_print_subscribed(l->client.group ? &l->client.group->patterns
						: &none,
				pos, recovered, live_text(l));
	live_reply(l);
}

void live_broken(void *user, struct position pos)
{
	struct live *l = user;
	struct gateway *g = l->s.g;

	if (l->client.kind >= FRAME_CUSTOM) {
		socketio_live_broken(l);
		return;
	}
	if (l->client.kind != FRAME_SSE) {
		reply_subscribed(l, pos, false);
		return;
	}
	buf_reset(&g->frame);
	streams_print_subscribed(l, pos, false, &g->frame);
	hub_reply(g->hub, &l->client, buf_str(&g->frame));
}

/* It comes back in a while, and not at the same time as others. */
void live_lagged(void *user, struct position pos)
{
	struct live *l = user;
	unsigned spread = STREAMS_RETRY_MAX_MS - STREAMS_RETRY_MIN_MS;
	char text[POSITION_TEXT_MAX];
	struct buf why = { 0 }, b = { 0 };

	if (l->client.kind >= FRAME_CUSTOM) {
		socketio_live_broken(l);
		return;
	}
	buf_addf(&why, "{\"retry\":%u,\"position\":\"%s\"}",
		 STREAMS_RETRY_MIN_MS + arc4random_uniform(spread + 1),
		 position_format(pos, text));
	if (l->client.kind == FRAME_SSE) {
		buf_puts(&b, "event: lagged\n");
		frame_add_id(&b, pos);
		frame_add_data(&b, buf_str(&why));
		frame_end_block(&b);
		hub_reply(l->s.g->hub, &l->client, buf_str(&b));
	}
	net_hang_up(l->s.conn, LIVE_LAGGED, why.p);
	buf_free(&why);
	buf_free(&b);
}

static const char *code_of(const struct err *e)
{
	switch (e->code) {
	case EX_DATAERR: return "too-many-subscriptions";
	case EX_NOPERM: return "forbidden";
	case EX_TEMPFAIL: return "busy";
	default: return "unavailable";
	}
}

static void welcome(struct live *l, const struct client_command *cmd,
		    struct position pos, bool recovered)
{
	reply_subscribed(l, pos, recovered);
	if (cmd->presence)
		presence_live_watch(l, cmd->pattern, cmd->n);
}

/* How many patterns the client would have. */
static size_t count_patterns(const struct live *l,
			     const struct client_command *cmd)
{
	const struct patterns none = { 0 }, *has;
	size_t n;

	has = l->client.group ? &l->client.group->patterns : &none;
	n = has->n + cmd->n;
	for (size_t i = 0; i < cmd->n; i++)
		n -= patterns_have(has, cmd->pattern[i]);
	return n;
}

/* False: it was told why not. */
static bool may_subscribe(struct live *l, const struct client_command *cmd)
{
	struct gateway *g = l->s.g;
	char text[64];

	if (count_patterns(l, cmd) > (size_t)g->settings->max_subscriptions) {
		snprintf(text, sizeof(text), "more than %d patterns",
			 (int)g->settings->max_subscriptions);
		reply_error(l, "too-many-subscriptions", text);
		return false;
	}
	if (gateway_throttle(g, THROTTLE_SUBSCRIPTION, l->s.conn,
			     l->s.who->user)) {
		reply_error(l, "rate-limited", "too many subscriptions");
		return false;
	}
	return true;
}

/* False: it was told why not. *filter_r is NULL where none is asked for. */
static bool find_filter(struct live *l, struct str expr,
			struct filter **filter_r)
{
	struct err e;

	*filter_r =
		expr.p ? filters_get(hub_filters(l->s.g->hub), expr, &e) : NULL;
	if (!expr.p || *filter_r)
		return true;
	reply_error(l, e.code == EX_DATAERR ? "bad-filter" : "too-many-filters",
		    e.msg);
	return false;
}

static void subscribe(struct live *l, const struct client_command *cmd)
{
	struct gateway *g = l->s.g;
	struct position pos, since = { 0 };
	struct hub_wish wish = { cmd->pattern, cmd->n,
				 cmd->since.p ? &since : NULL, cmd->last,
				 NULL };
	bool recovered, whole = true;
	struct err e;

	if (!may_subscribe(l, cmd) ||
	    !find_filter(l, cmd->filter, &wish.filter))
		return;
	if (access_check_reads(l->s.who, cmd->pattern, cmd->n, &e) ||
	    (cmd->since.p && asked_since(g, cmd->since, cmd->pattern, cmd->n,
					 &since, &whole, &e)) ||
	    hub_subscribe(g->hub, &l->client, &wish, &pos, &recovered, &e))
		reply_error(l, code_of(&e), e.msg);
	else
		welcome(l, cmd, pos, recovered && whole);
	gateway_charge(g, THROTTLE_SUBSCRIPTION, l->s.conn, l->s.who->user,
		       l->client.looked / HUB_LOOKED_COST);
	filter_drop(&wish.filter);
}

/* Patterns that the client may not read any more are taken away, and told. */
static void unsubscribe_forbidden(struct live *l)
{
	struct str lost[PATTERNS_MAX];
	size_t n = 0;

	if (!l->client.group)
		return;
	for (size_t i = 0; i < l->client.group->patterns.n; i++) {
		struct str p = l->client.group->patterns.v[i];

		if (!access_reads(l->s.who, p))
			lost[n++] = p;
	}
	if (n == 0)
		return;
	hub_unsubscribe(l->s.g->hub, &l->client, lost, n);
	reply_subscribed(l, hub_position(l->s.g->hub, &l->client), true);
}

static bool is_same_user(const struct access *a, const struct access *b)
{
	return a->owner == b->owner && str_eq(a->user, b->user);
}

/* A first token, or another one of the same user. */
static void authenticate(struct live *l, struct str token)
{
	const struct auth *auth = l->s.g->auth;
	struct access *who;
	struct err e;

	who = auth_is_on(auth) ? auth_token(auth, token, clk_wall_us(), &e)
			       : auth_nobody(auth);
	if (!who) {
		stats_add(l->s.g->stats, "refused_total", "token", 1);
		reply_error(l, "unauthorized", e.msg);
		return;
	}
	if (!access_is_nobody(l->s.who) && !is_same_user(who, l->s.who)) {
		access_drop(&who);
		reply_error(l, "another-user",
			    "the token is another user's; that needs another "
			    "connection");
		return;
	}
	session_set_who(&l->s, who);
	presence_live_who(l);
	client_print_authenticated(who, live_text(l));
	live_reply(l);
	unsubscribe_forbidden(l);
}

/*
 * From where it may go on elsewhere. Who wants nothing yet, perhaps since what
 * it wants is still on its way, has a place of its own, which we do not know.
 */
static struct position place_of(const struct live *l)
{
	const struct position none = { 0, 0 };

	return l->client.group ? hub_position(l->s.g->hub, &l->client) : none;
}

/* The client is told why, and in the frame's reason from where to go on. */
static void on_over(struct session *s, const char *why)
{
	struct live *l = (struct live *)s;
	struct position pos = place_of(l);
	char text[POSITION_TEXT_MAX], reason[64] = "{}";

	reply_error(l, "unauthorized", why);
	if (pos.epoch)
		snprintf(reason, sizeof(reason), "{\"position\":\"%s\"}",
			 position_format(pos, text));
	net_close(s->conn, NET_CLOSE_AUTH, reason);
}

/* Whom an open WebSocket belongs to, if it is not weir.v1's. */
static struct engineio_net *engine_of(const struct gateway *g,
				      const struct net_conn *c)
{
	return engineio_net_has(net_user(c)) ? socketio_live_wire(g->socketio)
					     : NULL;
}

struct live *live_begin(struct gateway *g, struct net_conn *c)
{
	struct live *l = xcalloc(1, sizeof(*l));

	session_begin(&l->s, g, c, close_live);
	session_keep(&l->s, on_over);
	l->client.user = l;
	l->client.line = net_line(c);
	pulse_add(l->s.g->sockets, &l->beat);
	roll_add(l->s.g->roll, &l->entry, &l->s, &l->client, clk_wall_us());
	return l;
}

void live_compress(struct live *l)
{
	if (net_deflates(l->s.conn))
		l->client.kind = frame_deflated(l->client.kind);
}

bool live_is_cloud(const struct live *l)
{
	return frame_plain(l->client.kind) == FRAME_CLOUDEVENT;
}

void live_opened(void *arg, struct net_conn *c)
{
	struct engineio_net *engine = engine_of(arg, c);

	if (engine)
		engineio_net_opened(engine, c);
	else if (net_user(c)) /* cloudevents.json; its request is read */
		live_cloud_opened(net_user(c));
	else
		live_compress(live_begin(arg, c));
}

struct live *live_of(struct wheel_item *beat)
{
	return (struct live *)((char *)beat - offsetof(struct live, beat));
}

/* The system's clock for what came is not as fine as ours. */
enum { SIGN_SLACK_MS = 500 };

/* Whoever reads nothing is slow, not gone: the system notices that. */
static void ask(void *arg, struct wheel_item *beat)
{
	struct gateway *g = arg;
	struct live *l = live_of(beat);
	struct position pos = place_of(l);
	int64_t now_ms = loop_now_ms(g->loop);
	char text[POSITION_TEXT_MAX];

	if (l->asked_ms &&
	    now_ms - net_quiet_ms(l->s.conn) + SIGN_SLACK_MS < l->asked_ms) {
		net_give_up(l->s.conn);
		return;
	}
	l->asked_ms = 0;
	if (l->client.blocked)
		return;
	buf_reset(&g->frame);
	frame_add_ping(&g->frame, pos.epoch
					  ? str_from(position_format(pos, text))
					  : STR(""));
	l->asked_ms = now_ms;
	hub_reply(g->hub, &l->client, buf_str(&g->frame));
}

struct pulse *live_new(struct gateway *g)
{
	return pulse_new(g->loop, g->settings->ping_ms, ask, g);
}

static void take_message(struct gateway *g, struct live *l, struct str text)
{
	struct client_command cmd;
	struct client_error why;
	struct arena a = { 0 };

	if (!client_parse(text, &a, &cmd, &why)) {
		reply_error(l, why.code, why.message);
		arena_free(&a);
		return;
	}
	if (session_is_stranger(&l->s) && cmd.verb != CLIENT_AUTH) {
		reply_error(l, "unauthorized", "authenticate first");
		arena_free(&a);
		return;
	}
	switch (cmd.verb) {
	case CLIENT_AUTH: authenticate(l, cmd.token); break;
	case CLIENT_PUBLISH: live_publish(l, &cmd, &a); break;
	case CLIENT_SUBSCRIBE: subscribe(l, &cmd); break;
	case CLIENT_UNSUBSCRIBE:
		hub_unsubscribe(g->hub, &l->client, cmd.pattern, cmd.n);
		reply_subscribed(l, hub_position(g->hub, &l->client), true);
		break;
	case CLIENT_PING:
		client_print_pong(cmd.ping, hub_position(g->hub, &l->client),
				  live_text(l));
		live_reply(l);
		break;
	}
	arena_free(&a);
}

/* It is told so. Who does not listen to that is closed. */
static void comes_too_often(struct live *l)
{
	if (++l->too_often == LIVE_TOO_OFTEN_MAX)
		net_close(l->s.conn, NET_CLOSE_POLICY, "too many messages");
	else
		reply_error(l, "rate-limited", "too many messages");
}

bool live_incoming(void *arg, struct net_conn *c)
{
	bool too_often = gateway_throttle(arg, THROTTLE_MESSAGE, c,
					  net_who(c)->user) > 0;

	if (engine_of(arg, c)) {
		/* Engine.IO has no words for it. */
		if (too_often)
			net_close(c, NET_CLOSE_POLICY, "too many messages");
	} else if (too_often) {
		comes_too_often(net_user(c));
	} else {
		((struct live *)net_user(c))->too_often = 0;
	}
	return !too_often;
}

void live_message(void *arg, struct net_conn *c, struct str text, bool binary)
{
	struct engineio_net *engine = engine_of(arg, c);
	struct live *l = net_user(c);

	if (engine)
		engineio_net_message(engine, c, text, binary);
	else if (live_is_cloud(l)) /* never binary: net_take_binary() */
		live_cloud_message(l, text);
	else
		take_message(arg, l, text);
}

void live_refused(void *arg, struct net_conn *c, const char *code,
		  const char *why)
{
	struct engineio_net *engine = engine_of(arg, c);

	if (engine)
		engineio_net_refused(engine, c);
	else
		reply_error(net_user(c), code, why);
}

static void drained(struct gateway *g, struct live *l)
{
	hub_drained(g->hub, &l->client);
	presence_live_drained(l);
}

void live_writable(void *arg, struct net_conn *c)
{
	struct engineio_net *engine = engine_of(arg, c);
	struct gateway *g = arg;
	struct live *l = net_user(c);

	if (engine)
		engineio_net_writable(engine, c);
	else
		drained(g, l);
}

void live_dismiss(struct live *l, uint16_t code, unsigned retry_ms)
{
	struct hub *h = l->s.g->hub;
	struct position pos = place_of(l);
	struct buf b = { 0 };

	if (l->client.kind == FRAME_SSE) {
		buf_addf(&b, "retry: %u\n", retry_ms);
		frame_add_id(&b, pos);
		frame_end_block(&b);
		if (!l->client.blocked)
			hub_reply(h, &l->client, buf_str(&b));
		net_hang_up(l->s.conn, code, "");
	} else {
		client_print_reason(retry_ms, pos, &b);
		buf_putc(&b, '\0');
		net_close(l->s.conn, code, b.p);
	}
	buf_free(&b);
}
