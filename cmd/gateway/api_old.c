/* HTTP paths that old clients know (compat.h). */
#include <sysexits.h>

#include "common/json.h"

#include "api.h"
#include "http.h"
#include "socketio_live.h"

enum { ROOMS_SHOWN_MAX = 1000 };

static bool is_write(const struct net_request *r)
{
	return r->method != NET_GET && r->method != NET_HEAD;
}

/* ---- what is connected ---- */

struct shown {
	struct buf *b;
	size_t n;
};

static bool show_room(void *arg, struct str room, size_t clients)
{
	struct shown *s = arg;

	if (s->n++)
		buf_putc(s->b, ',');
	buf_puts(s->b, "{\"name\":");
	buf_json_str(s->b, room);
	buf_addf(s->b, ",\"subscribers\":%zu}", clients);
	return s->n < ROOMS_SHOWN_MAX;
}

void api_old_status(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, struct str rest)
{
	struct socketio_live_counts sio = socketio_live_count(g->socketio);
	struct hub_counts hub = hub_count(g->hub);
	struct net_counts net = net_count(g->net);
	struct buf b = { 0 };
	struct shown shown = { &b, 0 };

	(void)r;
	(void)rest;
	buf_addf(&b,
		 "{\"status\":\"ok\",\"connections\":%zu,\"clients\":%zu,"
		 "\"websockets\":%zu,\"streams\":%zu,\"socketio\":%zu,"
		 "\"channels\":[",
		 net.conns, hub.subscribed, net.sockets, net.streams,
		 sio.io.clients);
	socketio_live_each_room(g->socketio, show_room, &shown);
	buf_addf(&b,
		 "],\"counters\":{\"connections\":%llu,\"messages\":%llu,"
		 "\"delivered\":%llu,\"published\":%llu,\"recovered\":%llu}}",
		 (unsigned long long)net.accepted,
		 (unsigned long long)(net.messages + sio.engine.received),
		 (unsigned long long)hub.delivered,
		 (unsigned long long)sio.published,
		 (unsigned long long)sio.recovered);
	http_json(c, 200, NULL, &b);
}

/* ---- what was published ---- */

/* Who it is; the owner may say whose notifications it wants. */
static struct str user_of(const struct net_conn *c, const struct net_request *r)
{
	const struct access *who = net_who(c);
	struct str user = who->user;
	struct err e;

	if (user.p || !who->owner)
		return user;
	user = http_param(r, "userId");
	return user.p && access_check_user(user, &e) == 0 ? user : who->user;
}

static void history(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, const struct compat_path *p)
{
	struct patterns set = { 0 };

	if (compat_path_patterns(p, user_of(c, r), &set))
		api_events_old(g, c, r, &set, p->as);
	else
		http_problem(c, 400,
			     "this needs ids of letters, digits, '.', '_' and "
			     "'-', in the path or as userId");
	patterns_free(&set);
}

/* ---- publishing ---- */

static void on_published(struct gateway *g, struct net_conn *c, void *arg,
			 const struct position *pos, size_t n)
{
	char text[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	(void)g;
	(void)arg;
	(void)n;
	buf_addf(&b, "{\"success\":true,\"position\":\"%s\"}",
		 position_format(pos[0], text));
	http_json(c, 200, NULL, &b);
}

static int read_action(struct gateway *g, struct net_conn *c,
		       const struct compat_path *p, struct str body,
		       struct arena *a, struct event *ev, struct err *e)
{
	struct mold_scope scope = { .user = net_who(c)->user,
				    .now_us = clk_wall_us() };
	struct str name;

	if (json_check(body, JSON_STRICT, e) ||
	    compat_action(p, body, a, &name, &scope.data, e) ||
	    compat_publish(g->compat, name, &scope, a, ev, e))
		return -1;
	ev->time_us = scope.now_us;
	return access_check_event(net_who(c), ev, e);
}

static void publish(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, const struct compat_path *p)
{
	struct str body = json_trim(r->body.len ? r->body : STR("{}"));
	struct arena a = { 0 };
	struct event ev;
	struct err e;

	if (read_action(g, c, p, body, &a, &ev, &e))
		api_fail(g, c, &e);
	else
		api_publish(g, c, &ev, 1, on_published, NULL);
	arena_free(&a);
}

void api_old(struct gateway *g, struct net_conn *c, const struct net_request *r,
	     struct str rest)
{
	struct compat_path p;
	bool other;

	(void)rest;
	if (!compat_path(g->compat, r->path, is_write(r), &p, &other))
		http_not_allowed(c, is_write(r) ? "GET, HEAD" : "POST");
	else if (p.kind == COMPAT_HISTORY)
		history(g, c, r, &p);
	else
		publish(g, c, r, &p);
}
