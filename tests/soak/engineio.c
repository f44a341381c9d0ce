#include "engineio.h"

#include <stdio.h>

#include "common/json.h"
#include "common/xmem.h"

#include "client.h"
#include "outside.h"
#include "socketio.h"

#define PATH "/socket.io/?EIO=4&transport="

struct engineio {
	enum { POLLING, WEBSOCKET, UPGRADE } way;
	struct wire *socket; /* or NULL: it polls */
	bool getting, posting;
	bool probed;	/* the WebSocket takes over as soon as it can */
	struct buf out; /* packets that wait for a POST */
	char sid[ENGINEIO_SID_MAX];
};

struct engineio *engineio_new(void)
{
	return xcalloc(1, sizeof(struct engineio));
}

bool engineio_polls(const struct client *c)
{
	return !c->engine->socket;
}

/* ---- packets, out ---- */

static void ask_for_packets(struct client *c)
{
	struct engineio *e = c->engine;
	struct buf b = { 0 };

	if (c->wire[ENGINEIO_GET].fd < 0 &&
	    !wire_open(&c->wire[ENGINEIO_GET], false)) {
		c->over = true;
		return;
	}
	e->getting = true;
	buf_puts(&b, "GET " PATH "polling");
	if (e->sid[0])
		buf_addf(&b, "&sid=%s", e->sid);
	buf_puts(&b, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
	wire_say(&c->wire[ENGINEIO_GET], buf_str(&b));
	buf_free(&b);
}

static bool post_on(struct client *c, struct wire *w, struct str packets)
{
	struct buf b = { 0 };

	if (w->fd < 0 && !wire_open(w, false))
		return false;
	buf_addf(&b,
		 "POST " PATH "polling&sid=%s HTTP/1.1\r\nHost: localhost\r\n"
		 "Content-Type: text/plain;charset=UTF-8\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 c->engine->sid, packets.len);
	buf_add_str(&b, packets);
	wire_say(w, buf_str(&b));
	buf_free(&b);
	return true;
}

static void post(struct client *c)
{
	struct engineio *e = c->engine;

	if (e->posting || e->probed || !e->out.len)
		return;
	e->posting = post_on(c, &c->wire[ENGINEIO_POST], buf_str(&e->out));
	c->over = !e->posting;
	buf_free(&e->out);
}

void engineio_say(struct client *c, const char *packet)
{
	struct engineio *e = c->engine;

	if (e->socket) {
		outside_frame(e->socket->fd, FRAME_TEXT, str_from(packet));
		return;
	}
	if (e->out.len)
		buf_puts(&e->out, ENGINEIO_SEPARATOR);
	buf_puts(&e->out, packet);
	post(c);
}

/* The WebSocket takes over when no request is under way. */
static void may_upgrade(struct client *c)
{
	struct engineio *e = c->engine;
	struct str rest = buf_str(&e->out), packet;

	if (!e->probed || e->socket || e->getting || e->posting)
		return;
	e->socket = &c->wire[ENGINEIO_EXTRA];
	outside_frame(e->socket->fd, FRAME_TEXT, STR("5"));
	wire_close(&c->wire[ENGINEIO_GET], false);
	wire_close(&c->wire[ENGINEIO_POST], false);
	while (rest.len) {
		packet = str_cut(rest, ENGINEIO_SEPARATOR[0], &rest);
		outside_frame(e->socket->fd, FRAME_TEXT, packet);
	}
	buf_free(&e->out);
}

void engineio_climb(struct client *c)
{
	const struct engineio *e = c->engine;
	struct wire *w = &c->wire[ENGINEIO_EXTRA];
	char path[128];

	if (e->way != UPGRADE || e->socket || w->fd >= 0 || c->stalled ||
	    !wire_open(w, false))
		return;
	snprintf(path, sizeof(path), PATH "websocket&sid=%s", e->sid);
	wire_shake_hands(w, path, NULL, NULL);
}

bool engineio_say_last(struct client *c, const char *packets)
{
	struct engineio *e = c->engine;

	if (e->socket) {
		engineio_say(c, packets);
		return true;
	}
	if (!e->sid[0])
		return false;
	for (int i = 0; i < CLIENT_WIRES; i++)
		if (i == ENGINEIO_GET	 ? !e->getting
		    : i == ENGINEIO_POST ? !e->posting
					 : c->wire[i].fd < 0)
			return post_on(c, &c->wire[i], str_from(packets));
	return false;
}

static bool take_open(struct client *c, struct str json)
{
	struct str sid;

	if (json_check(json, 0, NULL) || !json_get(json, "sid", &sid)) {
		soak_fault(c, "opened without a sid");
		return false;
	}
	str_copy(c->engine->sid, ENGINEIO_SID_MAX,
		 str_sub(sid, 1, sid.len - 1));
	socketio_opened(c);
	return true;
}

/* False: it is over. */
static bool take_packet(struct client *c, struct str s)
{
	struct str rest = str_sub(s, 1, s.len);

	switch (s.len ? s.p[0] : 0) {
	case '0': return take_open(c, rest);
	case '1': return false;
	case '2': engineio_say(c, "3"); return true;
	case '3':
		c->engine->probed = true;
		may_upgrade(c);
		return true;
	case '4': return socketio_packet(c, rest);
	case '6': return true;
	default: soak_fault(c, "no packet: %.*s", STR_ARG(s)); return false;
	}
}

/* ---- what comes ---- */

static int take_websocket(struct client *c, struct wire *w, struct str in)
{
	struct answer a;
	struct frame f;
	int n;

	if (!w->has_head) {
		n = wire_head(in, &a);
		if (n > 0 && a.status != 101) {
			soak.refused++;
			return -1;
		}
		w->has_head = n > 0;
		if (n > 0 && w == &c->wire[ENGINEIO_EXTRA])
			outside_frame(w->fd, FRAME_TEXT, STR("2probe"));
		return n;
	}
	n = wire_frame(in, &f);
	if (n < 0)
		soak_fault(c, "a frame that is none");
	if (n <= 0)
		return n;
	if (f.opcode == FRAME_PING)
		outside_frame(w->fd, FRAME_PONG, f.data);
	else if (f.opcode != FRAME_TEXT || !take_packet(c, f.data))
		return -1;
	return n;
}

static int take_packets(struct client *c, struct str in)
{
	struct engineio *e = c->engine;
	struct answer a;
	struct str rest;
	int n = wire_answer(in, &a);

	if (n <= 0)
		return n;
	if (a.status != 200) {
		soak.refused++;
		return -1;
	}
	e->getting = false;
	for (rest = a.body; rest.p && !c->over;)
		if (!take_packet(c,
				 str_cut(rest, ENGINEIO_SEPARATOR[0], &rest)))
			return -1;
	if (e->probed)
		may_upgrade(c);
	else if (!c->over)
		ask_for_packets(c);
	return n;
}

static int take_posted(struct client *c, struct str in)
{
	struct answer a;
	int n = wire_answer(in, &a);

	if (n <= 0)
		return n;
	if (a.status != 200) {
		soak.refused++;
		return -1;
	}
	c->engine->posting = false;
	post(c);
	may_upgrade(c);
	return n;
}

int engineio_take(struct client *c, struct wire *w, struct str in)
{
	if (w == &c->wire[ENGINEIO_POST])
		return take_posted(c, in);
	if (w == &c->wire[ENGINEIO_GET] && c->engine->way != WEBSOCKET)
		return take_packets(c, in);
	return take_websocket(c, w, in);
}

bool engineio_ended(struct client *c, struct wire *w)
{
	const struct engineio *e = c->engine;
	bool is_kept = w == &c->wire[ENGINEIO_GET]
			       ? e->way != WEBSOCKET && !e->getting
		       : w == &c->wire[ENGINEIO_POST] ? !e->posting
						      : !e->probed;

	if (is_kept)
		wire_close(w, false);
	return is_kept;
}

void engineio_begin(struct client *c)
{
	struct engineio *e = c->engine;

	e->way = (int)soak_pick(3);
	e->socket = NULL;
	e->getting = e->posting = e->probed = false;
	e->sid[0] = '\0';
	buf_free(&e->out);
	if (e->way == WEBSOCKET) {
		e->socket = &c->wire[ENGINEIO_GET];
		wire_shake_hands(e->socket, PATH "websocket", NULL, NULL);
	} else {
		ask_for_packets(c);
	}
}
