#include "socketio.h"

#include <stdio.h>
#include <string.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/xmem.h"

#include "client.h"
#include "engineio.h"
#include "gateway.h"

enum {
	PID_MAX = 80,
	FETCH_MAX = 1000, /* events of one answer */
	SIDE_MIN_MS = 200,
	SIDE_MAX_MS = 1500,
	MISSED_MS = 50 * 1000, /* a ping, and no answer to it */
};

struct socketio {
	enum { OPENING, CONNECTING, JOINING, FETCHING, IN } phase;
	unsigned next_id, join_id, side_id; /* 0: nothing is asked for */
	/* what it keeps when it goes */
	char pid[PID_MAX];
	unsigned life_now;    /* of the gateway that it is connected to */
	unsigned life;	      /* of the gateway that gave the pid */
	bool may_return;      /* its seat must still be there */
	bool joined;	      /* with that pid, the room of its topic */
	bool owes_fetch;      /* it was told that it has missed something */
	uint64_t fetched;     /* offset: what comes later is told twice */
	struct position last; /* of the last event that came */
	struct buf stash;     /* struct client_event: live, while it fetches */
	unsigned side;	      /* the topic whose room it is in now and then */
	bool leaving;	      /* side_id is about that */
	int64_t side_ms;
};

struct socketio *socketio_new(const struct client *c)
{
	struct socketio *io = xcalloc(1, sizeof(*io));

	io->side = (c->topic + 1 + c->index % (SOAK_TOPICS - 1)) % SOAK_TOPICS;
	return io;
}

/* ---- rooms ---- */

static unsigned ask_about_room(struct client *c, const char *verb,
			       unsigned topic)
{
	char text[80];
	unsigned id = ++c->io->next_id;

	snprintf(text, sizeof(text), "42%u[\"%s\",\"soak.n/%u\"]", id, verb,
		 topic);
	engineio_say(c, text);
	return id;
}

/* Into another room, or out of it. */
static void change_side(struct client *c, int64_t now_ms)
{
	struct socketio *io = c->io;
	struct sight *s = &c->sight[io->side];

	io->side_ms = now_ms + SIDE_MIN_MS + (int64_t)soak_pick(SIDE_MAX_MS);
	io->leaving = s->state != SIGHT_NONE;
	if (!io->leaving)
		s->state = SIGHT_ANY;
	io->side_id =
		ask_about_room(c, io->leaving ? "leave" : "join", io->side);
}

/* It has all, and what comes follows on. */
static void is_in(struct client *c)
{
	struct socketio *io = c->io;

	io->phase = IN;
	c->begun = true;
	io->side_ms = clk_mono_ms() + SIDE_MIN_MS;
	client_may_stall(c);
	engineio_climb(c);
}

/* ---- what it has missed ---- */

static void fetch(struct client *c)
{
	char pos[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	c->io->phase = FETCHING;
	if (c->wire[ENGINEIO_EXTRA].fd < 0 &&
	    !wire_open(&c->wire[ENGINEIO_EXTRA], false)) {
		c->over = true;
		return;
	}
	buf_addf(&b,
		 "GET /api/v1/events?topic=soak.n/%u&limit=%d&since=%s "
		 "HTTP/1.1\r\nHost: localhost\r\n"
		 "Authorization: Bearer %s\r\n\r\n",
		 c->topic, FETCH_MAX, position_format(c->pos, pos),
		 client_next_token(c));
	wire_say(&c->wire[ENGINEIO_EXTRA], buf_str(&b));
	buf_free(&b);
}

/* What came live while it was fetching, but for what was fetched, too. */
static void take_stash(struct client *c)
{
	struct socketio *io = c->io;
	struct client_event ev;

	for (size_t at = 0; at < io->stash.len; at += sizeof(ev)) {
		memcpy(&ev, io->stash.p + at, sizeof(ev));
		if (ev.offset > io->fetched)
			client_see(c, &ev, true);
	}
	buf_free(&io->stash);
}

static int take_fetched(struct client *c, struct str in)
{
	struct socketio *io = c->io;
	struct answer a;
	struct str list = { 0 }, next = { 0 };
	struct position pos;
	struct json_iter it;
	int n = wire_answer(in, &a), got = 0;

	if (n <= 0)
		return n;
	if (a.status != 200) {
		soak.refused++;
		return -1;
	}
	if (json_check(a.body, 0, NULL) || !json_get(a.body, "events", &list) ||
	    !json_get(a.body, "next", &next) ||
	    !position_parse(str_sub(next, 1, next.len - 1), &pos)) {
		soak_fault(c, "not an answer");
		return -1;
	}
	for (it = json_iter(list); json_next(&it); got++)
		client_take(c, it.value, false);
	client_move(c, pos);
	if (got == FETCH_MAX) {
		fetch(c);
		return n;
	}
	soak.fetched++;
	io->fetched = pos.offset;
	io->owes_fetch = false;
	take_stash(c);
	wire_close(&c->wire[ENGINEIO_EXTRA], false);
	is_in(c);
	return n;
}

/* ---- packets of Socket.IO ---- */

static void after_joining(struct client *c)
{
	if (c->io->owes_fetch)
		fetch(c);
	else
		is_in(c);
}

void socketio_opened(struct client *c)
{
	struct socketio *io = c->io;
	char pos[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	io->phase = CONNECTING;
	buf_addf(&b, "40{\"token\":\"%s\"", client_token(c));
	if (io->pid[0])
		buf_addf(&b, ",\"pid\":\"%s\"", io->pid);
	if (io->pid[0] && io->last.epoch)
		buf_addf(&b, ",\"offset\":\"%s\"",
			 position_format(io->last, pos));
	buf_putc(&b, '}');
	/* A seat does not outlast the client whose token has ended. */
	if (c->brief)
		io->may_return = false;
	engineio_say(c, b.p);
	buf_free(&b);
}

/* A new seat: it is in no room, and has missed what came meanwhile. */
static void begin_anew(struct client *c, struct str pid, bool was_known)
{
	struct socketio *io = c->io;
	struct str rest;

	str_copy(io->pid, sizeof(io->pid), pid);
	io->life = io->life_now;
	io->joined = false;
	io->last = (struct position){ 0 };
	io->owes_fetch = was_known;
	c->sight[io->side].state = SIGHT_NONE;
	str_cut(pid, '.', &rest);
	if (!c->pos.epoch)
		position_parse(rest, &c->pos);
}

static void take_connected(struct client *c, struct str json)
{
	struct socketio *io = c->io;
	bool was_known = io->pid[0], had_to = io->may_return;
	struct str value, pid;

	if (json_check(json, 0, NULL) || !json_get(json, "pid", &value)) {
		soak_fault(c, "connected without a pid: %.*s", STR_ARG(json));
		return;
	}
	pid = str_sub(value, 1, value.len - 1);
	if (!str_is(pid, io->pid)) {
		if (was_known && had_to && io->life == gateway_lives())
			soak_fault(c, "%s was not recovered", io->pid);
		begin_anew(c, pid, was_known);
	}
	io->may_return = !c->brief;
	io->phase = JOINING;
	if (io->joined)
		after_joining(c);
	else
		io->join_id = ask_about_room(c, "join", c->topic);
}

static void take_args(struct client *c, struct str args)
{
	struct socketio *io = c->io;
	struct json_iter it = json_iter(args);
	struct client_event ev;
	struct str event;

	if (!json_next(&it) || !str_is(it.value, "\"soak.n\""))
		return; /* a greeting */
	if (!json_next(&it))
		return;
	event = it.value;
	if (!client_read(c, event, &ev))
		return;
	if (!json_next(&it) ||
	    !position_parse(str_sub(it.value, 1, it.value.len - 1), &io->last))
		soak_fault(c, "an event without its position");
	if (ev.topic != c->topic)
		client_see(c, &ev, true);
	else if (io->owes_fetch)
		buf_add(&io->stash, &ev, sizeof(ev));
	else if (ev.offset > io->fetched)
		client_see(c, &ev, true);
}

static void take_ack(struct client *c, unsigned id, struct str args)
{
	struct socketio *io = c->io;

	if (str_find(args, STR("\"ok\":true")) == (size_t)-1)
		soak_fault(c, "refused: %.*s", STR_ARG(args));
	if (id == io->join_id) {
		io->join_id = 0;
		io->joined = true;
		after_joining(c);
	} else if (id == io->side_id) {
		io->side_id = 0;
		if (io->leaving)
			c->sight[io->side].state = SIGHT_NONE;
	} else {
		soak_fault(c, "an answer to nothing: %u", id);
	}
}

bool socketio_packet(struct client *c, struct str s)
{
	struct str json = str_sub(s, 1, s.len);
	unsigned id = 0;

	while (json.len && json.p[0] >= '0' && json.p[0] <= '9') {
		id = id * 10 + (unsigned)(json.p[0] - '0');
		json = str_sub(json, 1, json.len);
	}
	switch (s.len ? s.p[0] : 0) {
	case '0': take_connected(c, json); return true;
	case '1':
		if (!c->brief)
			soak_fault(c, "disconnected");
		c->io->may_return = false;
		return false;
	case '2':
	case '3':
		if (json_check(json, 0, NULL))
			soak_fault(c, "not a packet: %.*s", STR_ARG(s));
		else if (s.p[0] == '2')
			take_args(c, json);
		else
			take_ack(c, id, json);
		return true;
	default:
		/* A token may have ended on its way. */
		if (!c->brief)
			soak_fault(c, "a packet %.*s", STR_ARG(s));
		return false;
	}
}

static int take(struct client *c, struct wire *w, struct str in)
{
	if (w == &c->wire[ENGINEIO_EXTRA] && c->io->phase == FETCHING)
		return take_fetched(c, in);
	return engineio_take(c, w, in);
}

static bool ended(struct client *c, struct wire *w)
{
	return c->io->phase != FETCHING && engineio_ended(c, w);
}

static void begin(struct client *c)
{
	struct socketio *io = c->io;

	io->phase = OPENING;
	/* What it is told may be read when that one has died. */
	io->life_now = gateway_lives();
	buf_free(&io->stash);
	/* Whether it has left that room, nobody has told it. */
	if (io->side_id && io->leaving)
		c->sight[io->side].state = SIGHT_ANY;
	io->join_id = io->side_id = 0;
	engineio_begin(c);
}

static void turn(struct client *c, int64_t now_ms)
{
	struct socketio *io = c->io;

	if (io->phase == IN && !io->side_id && !soak.ending &&
	    now_ms >= io->side_ms)
		change_side(c, now_ms);
}

/*
 * Some say good-bye. A session that polls lasts until it is missed where its
 * client only goes: the gateway sees the end of a GET when it writes to it.
 */
static bool leave(struct client *c)
{
	struct socketio *io = c->io;
	bool polls = engineio_polls(c);

	if (!soak.ending && io->phase == IN && soak_pick(8) == 0 &&
	    engineio_say_last(c, polls ? "41" ENGINEIO_SEPARATOR "1" : "41")) {
		io->may_return = false;
		return true;
	}
	return polls && clk_mono_ms() + MISSED_MS > soak.end_ms &&
	       engineio_say_last(c, "1");
}

struct transport transport_socketio = { .name = "socketio",
					.begin = begin,
					.take = take,
					.ended = ended,
					.turn = turn,
					.leave = leave };
