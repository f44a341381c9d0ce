#include "socketio_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

#include "auth.h"
#include "socketio_peer.h"

enum {
	TICK_MS = 1000,
	PID_MAX = 1 + ENGINEIO_SID_LEN + 1 + POSITION_TEXT_MAX,
	USER_TOPIC_MAX = EVENT_TOPIC_MAX + 1,
};

/* ---- rooms ---- */

int peer_room(const struct peer *p, struct str room, struct patterns *set,
	      struct err *e)
{
	struct patterns own = { 0 };
	int rc = 0;

	if (!compat_room(p->s->g->compat, room, p->user, &own))
		rc = err_set(e, EX_DATAERR, "%.*s: there is no such room",
			     STR_ARG(str_utf8_prefix(room, 64)));
	else
		rc = access_check_reads(p->l.s.who, own.v, own.n, e);
	for (size_t i = 0; rc == 0 && i < own.n; i++)
		if (!patterns_add(set, own.v[i]))
			rc = err_set(e, EX_DATAERR, "more than %d patterns",
				     PATTERNS_MAX);
	patterns_free(&own);
	return rc;
}

/* What all of its rooms want; those that it may not be in are left. */
static void gather(struct peer *p, struct patterns *set)
{
	struct str room;
	struct err e;

	for (size_t i = 0; (room = rooms_at(p->seat, i)).p;)
		if (peer_room(p, room, set, &e))
			rooms_leave(p->s->rooms, p->seat, room);
		else
			i++;
}

/*
 * True if it now has all since there. Without a journal, it waits for one.
 * *pos_r is where it stands.
 */
static bool subscribe(struct peer *p, const struct patterns *set,
		      const struct position *since, struct position *pos_r)
{
	const struct hub_wish wish = { .pattern = set->v,
				       .n = set->n,
				       .since = since };
	bool recovered = true;
	struct err e;

	*pos_r = hub_position(p->s->g->hub, &p->l.client);
	if (set->n == 0 || hub_subscribe(p->s->g->hub, &p->l.client, &wish,
					 pos_r, &recovered, &e) == 0) {
		p->waits = false;
		return recovered;
	}
	p->waits = true;
	return false;
}

static bool subscribe_again(struct peer *p, const struct position *since)
{
	struct patterns set = { 0 };
	struct position pos;
	bool recovered;

	gather(p, &set);
	recovered = subscribe(p, &set, since, &pos);
	patterns_free(&set);
	return recovered;
}

/* ---- coming ---- */

static bool find_namespace(const struct compat *t, struct str nsp, size_t *i_r)
{
	for (*i_r = 0; compat_namespace(t, *i_r).p; ++*i_r)
		if (str_eq(compat_namespace(t, *i_r), nsp))
			return true;
	return false;
}

static struct str text_of(struct str obj, const char *key, struct arena *a)
{
	struct str value, text = { 0 };

	if (json_get(obj, key, &value) && !json_text(value, a, &text) &&
	    json_type_of(json_trim(value)) == JSON_NUMBER)
		text = json_trim(value);
	return text;
}

/* Who it is, by the token of its `auth`, else by its connection. */
static struct access *identify(struct socketio_live *s, struct str auth,
			       struct arena *a)
{
	struct str token = text_of(auth, "token", a);
	struct access *who = engineio_net_who(s->wire);
	struct err e;

	if (token.len && auth_is_on(s->g->auth)) {
		if (str_starts(token, STR("Bearer ")))
			token = str_sub(token, 7, token.len);
		who = auth_token(s->g->auth, str_trim(token), clk_wall_us(),
				 &e);
	} else {
		who = who ? access_hold(who) : auth_nobody(s->g->auth);
	}
	/* Who has a name reads its own notifications, at least. */
	if (who && access_is_nobody(who) && !access_reads_some(who))
		access_drop(&who);
	return who;
}

/*
 * Whose notifications are its own. The owner reads everybody's, and may say
 * whose it wants.
 */
static struct str user_of(const struct access *who, struct str auth,
			  struct arena *a)
{
	char topic[USER_TOPIC_MAX];
	struct str user = who->user, none = { 0 };
	struct err e;

	if (user.p || !who->owner)
		return user;
	user = text_of(auth, "userId", a);
	if (!user.p)
		user = text_of(auth, "user", a);
	if (!user.p || access_check_user(user, &e))
		return none;
	snprintf(topic, sizeof(topic), "user.notification/%.*s", STR_ARG(user));
	return access_reads(who, str_from(topic)) ? user : none;
}

/* ---- coming back ---- */

/*
 * The newer one of where its last event was and where its pid was given, of
 * this journal. An offset from before that pid may still be said.
 */
static bool read_position(const struct peer *p, const struct socketio_hello *h,
			  struct position *pos_r)
{
	uint32_t epoch = hub_epoch_of(p->s->g->hub);
	struct position given = { 0 }, last = { 0 };
	struct str rest;

	str_cut(h->pid, '.', &rest);
	if (!rest.p || !position_parse(rest, &given))
		given.epoch = 0;
	if (!h->offset.p || !position_parse(h->offset, &last))
		last.epoch = 0;
	if (last.epoch &&
	    (given.epoch != last.epoch ? last.epoch == epoch || !given.epoch
				       : last.offset > given.offset))
		given = last;
	*pos_r = given;
	return given.epoch != 0;
}

/* A seat is for one namespace: it is the first letter of its pid. */
static char mark_of(const struct peer *p)
{
	return (char)('a' + (p->l.client.kind - FRAME_CUSTOM));
}

static bool sit_again(struct peer *p, const struct socketio_hello *h)
{
	struct rooms *r = p->s->rooms;
	struct position since;
	void *holder = NULL;
	struct peer *before;

	if (h->pid.len && h->pid.p[0] == mark_of(p))
		p->seat = rooms_sit_again(r, h->pid, p->user, p, &holder);
	if (!p->seat)
		return false;
	before = holder;
	if (before) { /* its connection has broken, and nobody noticed yet */
		before->seat = NULL;
		socketio_hang_up(before->c, "transport close");
	}
	if (read_position(p, h, &since) && subscribe_again(p, &since))
		return true;
	hub_leave(p->s->g->hub, &p->l.client);
	p->waits = false;
	rooms_give_up(r, &p->seat);
	return false;
}

static void sit_down(struct peer *p)
{
	const struct compat *t = p->s->g->compat;
	struct engineio *engine = socketio_engine(p->s->io);
	char pid[PID_MAX], sid[ENGINEIO_SID_LEN + 1], secret[sizeof(sid)];
	char text[POSITION_TEXT_MAX];
	struct patterns set = { 0 };
	struct position pos;
	struct str room;
	struct err e;

	for (size_t i = 0; (room = compat_first_room(t, i)).p; i++)
		peer_room(p, room, &set, &e);
	subscribe(p, &set, NULL, &pos);
	patterns_free(&set);
	engineio_draw_sid(engine, sid);
	engineio_draw_sid(engine, secret);
	snprintf(pid, sizeof(pid), "%c%s.%s", mark_of(p), secret,
		 position_format(pos, text));
	p->seat = rooms_sit(p->s->rooms, str_from(pid), str_from(sid), p->user,
			    p);
	for (size_t i = 0; (room = compat_first_room(t, i)).p; i++)
		if (peer_room(p, room, &set, &e) == 0)
			rooms_enter(p->s->rooms, p->seat, room);
	patterns_free(&set);
}

/* It is told so, and may come with another token. */
static void on_over(struct session *session, const char *why)
{
	struct peer *p = (struct peer *)session;

	(void)why;
	if (p->c)
		socketio_disconnect(p->c);
}

static struct peer *add_peer(struct socketio_live *s, struct socketio_client *c,
			     size_t nsp, struct access *who)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->s = s;
	p->c = c;
	p->l.s.g = s->g;
	p->l.s.who = who;
	p->l.client.user = p;
	p->l.client.line = (struct line){ p, LINE_OTHER };
	p->l.client.kind = (enum frame_kind)(FRAME_CUSTOM + nsp);
	p->l.client.transport = HUB_SOCKETIO;
	session_keep(&p->l.s, on_over);
	roll_add(s->g->roll, &p->l.entry, &p->l.s, &p->l.client, clk_wall_us());
	socketio_set_user(c, p);
	return p;
}

/* It could not subscribe yet: see to it now and then. */
static void wait_for_journal(struct peer *p)
{
	p->next = p->s->waiting;
	p->s->waiting = p;
}

bool peer_comes_too_often(const struct socketio_live *s, const struct peer *p,
			  enum throttle_kind kind)
{
	const struct net_conn *c = engineio_net_post(s->wire);

	if (!c && p) /* a poll may not wait just now */
		c = socketio_live_conn(&p->l);
	return c && gateway_throttle(s->g, kind, c,
				     p ? p->l.s.who->user : net_who(c)->user);
}

/* A body has many; messages of WebSockets are counted as they come (live.c). */
static bool says_too_much(const struct socketio_live *s)
{
	return peer_comes_too_often(s, NULL, THROTTLE_MESSAGE);
}

static void on_hello(void *arg, struct socketio_client *c,
		     const struct socketio_hello *h,
		     struct socketio_welcome *w_r)
{
	struct socketio_live *s = arg;
	const struct compat *t = s->g->compat;
	struct arena a = { .block = 256 };
	struct access *who;
	struct peer *p;
	size_t nsp;

	if (says_too_much(s)) {
		w_r->refusal = STR("Too many messages");
		return;
	}
	if (!find_namespace(t, h->nsp, &nsp)) {
		w_r->refusal = STR("Invalid namespace");
		return;
	}
	who = identify(s, h->auth, &a);
	if (!who) {
		stats_add(s->g->stats, "refused_total", "socketio", 1);
		w_r->refusal = STR("Not authorized");
		arena_free(&a);
		return;
	}
	p = add_peer(s, c, nsp, who);
	p->user = user_of(who, h->auth, &a);
	if (compat_recovers(t) && h->pid.p) {
		p->recovered = sit_again(p, h);
		*(p->recovered ? &s->counts.recovered : &s->counts.restarted) +=
			1;
	}
	if (!p->recovered)
		sit_down(p);
	if (p->waits)
		wait_for_journal(p);
	p->user = rooms_user(p->seat); /* for as long as it has the seat */
	w_r->sid = rooms_sid(p->seat);
	if (compat_recovers(t))
		w_r->pid = rooms_pid(p->seat);
	arena_free(&a);
}

static void on_connected(void *arg, struct socketio_client *c,
			 const struct socketio_hello *h)
{
	struct peer *p = socketio_user(c);
	struct str room;

	(void)arg;
	(void)h;
	peer_greet(p);
	for (size_t i = 0; p->c && !p->recovered && p->seat &&
			   (room = rooms_at(p->seat, i)).p;
	     i++)
		peer_tell_state(p, room);
}

static void on_heard(void *arg, struct socketio_client *c,
		     const struct socketio_message *m)
{
	if (says_too_much(arg))
		socketio_hang_up(c, "transport error");
	else
		peer_heard(socketio_user(c), m);
}

static void on_ready(void *arg, struct socketio_client *c)
{
	struct socketio_live *s = arg;
	struct peer *p = socketio_user(c);

	if (p->l.client.blocked)
		hub_drained(s->g->hub, &p->l.client);
}

/* ---- going ---- */

/* The hub may be writing to it just now: it is freed a little later. */
static void on_closed(void *arg, struct socketio_client *c, const char *why)
{
	struct socketio_live *s = arg;
	struct peer *p = socketio_user(c);

	p->c = NULL;
	peer_abandon(p);
	/* What it was still to be sent of the past is not kept for a seat. */
	if (p->seat && compat_recovers(s->g->compat) &&
	    socketio_may_return(why) && !p->l.client.owed)
		rooms_stand_up(s->rooms, p->seat, loop_now_ms(s->g->loop));
	else
		rooms_give_up(s->rooms, &p->seat);
	p->seat = NULL;
	p->user = (struct str){ 0 }; /* the seat's */
	if (p->waits)
		return; /* on_timer() finds it */
	p->next = s->gone;
	s->gone = p;
	loop_work_wake(s->work);
}

static void free_peer(struct peer *p)
{
	session_forget(&p->l.s);
	hub_leave(p->s->g->hub, &p->l.client);
	roll_remove(p->s->g->roll, &p->l.entry);
	access_drop(&p->l.s.who);
	free(p);
}

static bool on_work(void *arg)
{
	struct socketio_live *s = arg;
	struct peer *p;

	while ((p = s->gone)) {
		s->gone = p->next;
		free_peer(p);
	}
	return false;
}

static void on_timer(void *arg)
{
	struct socketio_live *s = arg;
	struct peer *list = s->waiting, *p;

	s->waiting = NULL;
	while ((p = list)) {
		list = p->next;
		/* Who goes meanwhile still waits, and is left to us. */
		if (p->c)
			subscribe_again(p, NULL);
		if (!p->c)
			free_peer(p);
		else if (p->waits)
			wait_for_journal(p);
	}
	rooms_tick(s->rooms, loop_now_ms(s->g->loop));
	loop_timer_start(s->timer, TICK_MS);
}

/* ---- for the hub ---- */

bool socketio_live_send(struct live *l, struct str frames)
{
	struct peer *p = (struct peer *)l;

	return p->c ? socketio_write(p->c, frames) : true;
}

/* It comes back, and is told then that it has not recovered. */
void socketio_live_broken(struct live *l)
{
	struct peer *p = (struct peer *)l;

	if (p->c)
		socketio_hang_up(p->c, "transport close");
}

struct net_conn *socketio_live_conn(const struct live *l)
{
	const struct peer *p = (const struct peer *)l;

	return p->c ? engineio_net_conn(socketio_link_of(p->c)) : NULL;
}

void socketio_live_end(struct live *l)
{
	struct peer *p = (struct peer *)l;

	if (p->c)
		socketio_disconnect(p->c);
}

/* ---- life ---- */

struct socketio_live *socketio_live_new(struct gateway *g)
{
	static const struct socketio_events events = {
		.hello = on_hello,
		.connected = on_connected,
		.event = on_heard,
		.ready = on_ready,
		.closed = on_closed,
	};
	struct socketio_live *s = xcalloc(1, sizeof(*s));
	struct socketio_conf conf = {
		.engine = {
			.ping_interval_ms = SOCKETIO_PING_MS,
			.ping_timeout_ms = SOCKETIO_PONG_MS,
			.unused_ms = SOCKETIO_CONNECT_MS,
			.max_sessions = (size_t)g->settings->max_clients,
			.per_peer = gateway_per_peer(g),
			.wire = &engineio_net_wire,
		},
		.on = &events,
		.arg = s,
	};

	s->g = g;
	s->wire = engineio_net_new(g->loop, NULL);
	conf.engine.wire_arg = s->wire;
	s->io = socketio_new(&conf);
	engineio_net_serve(s->wire, socketio_engine(s->io));
	s->rooms = rooms_new();
	s->work = loop_work_new(g->loop, on_work, s);
	s->timer = loop_timer_new(g->loop, on_timer, s);
	loop_timer_start(s->timer, TICK_MS);
	return s;
}

void socketio_live_free(struct socketio_live **sp)
{
	struct socketio_live *s = *sp;
	struct peer *p;

	if (!s)
		return;
	socketio_free(&s->io);
	on_work(s);
	while ((p = s->waiting)) {
		s->waiting = p->next;
		free_peer(p);
	}
	loop_work_free(&s->work);
	loop_timer_free(&s->timer);
	rooms_free(&s->rooms);
	engineio_net_free(&s->wire);
	free(s);
	*sp = NULL;
}

struct engineio_net *socketio_live_wire(struct socketio_live *s)
{
	return s->wire;
}

bool socketio_live_is_path(struct str path)
{
	return str_is(path, "/socket.io/");
}

struct socketio_live_counts socketio_live_count(const struct socketio_live *s)
{
	struct socketio_live_counts counts = s->counts;

	counts.io = socketio_count(s->io);
	counts.engine = engineio_count(socketio_engine(s->io));
	counts.rooms = rooms_count(s->rooms);
	return counts;
}

void socketio_live_report(const struct socketio_live *s, struct stats *stats)
{
	struct socketio_live_counts n = socketio_live_count(s);
	const struct {
		const char *name;
		uint64_t v;
	} counts[] = {
		{ "socketio_clients", n.io.clients },
		{ "socketio_sessions", n.engine.sessions },
		{ "socketio_waiting_bytes", n.engine.waiting },
		{ "socketio_parts_bytes", n.io.parts },
		{ "socketio_rooms", n.rooms.rooms },
		{ "socketio_seats", n.rooms.left },
		{ "socketio_seats_pushed_total", n.rooms.pushed },
		{ "socketio_recovered_total", n.recovered },
		{ "socketio_restarted_total", n.restarted },
		{ "socketio_events_total", n.io.events },
		{ "socketio_published_total", n.published },
		{ "socketio_malformed_total",
		  n.io.malformed + n.engine.malformed },
		{ "socketio_overrun_total", n.engine.overrun },
		{ "socketio_timed_out_total", n.engine.timed_out },
		{ "socketio_unused_total", n.engine.unused },
		{ "socketio_unused_refused_total", n.engine.too_many_unused },
		{ "socketio_goodbyes_pushed_total", n.engine.goodbyes_pushed },
	};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		stats_set(stats, counts[i].name, NULL, (int64_t)counts[i].v);
}

void socketio_live_each_room(const struct socketio_live *s,
			     bool (*fn)(void *arg, struct str room,
					size_t clients),
			     void *arg)
{
	rooms_each(s->rooms, fn, arg);
}
