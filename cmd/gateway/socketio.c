#include "socketio.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/xmem.h"

#include "engineio_packet.h"
#include "frame.h"

struct carrier;

#define CLIENT_LEFT "client namespace disconnect"
#define SERVER_LEFT "server namespace disconnect"

struct socketio_client {
	struct carrier *carrier;
	struct socketio_client *next;
	char *nsp, *sid;
	bool connected;
	bool gone; /* freed when its carrier is not busy any more */
	void *user;
};

/* A session: the clients that it carries, and a packet that is not whole. */
struct carrier {
	struct socketio *s;
	struct engineio_session *session; /* NULL: closed */
	struct socketio_client *clients;
	size_t n_clients; /* that are connected */
	int busy;	  /* a callback is told of it */
	size_t missing;	  /* attachments */
	struct buf text;  /* the packet that they belong to */
	struct buf parts; /* those that are here, as frames */
};

struct socketio {
	struct engineio *engine;
	const struct socketio_events *on;
	void *arg;
	struct socketio_counts counts;
};

/* ---- clients ---- */

static void enter(struct carrier *k)
{
	k->busy++;
}

static void free_client(struct socketio_client *c)
{
	free(c->nsp);
	free(c->sid);
	free(c);
}

/* Free what has gone while callbacks could still have asked for it. */
static void leave(struct carrier *k)
{
	struct socketio_client **at = &k->clients, *c;

	if (--k->busy)
		return;
	while ((c = *at)) {
		if (!c->gone) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free_client(c);
	}
	if (!k->session)
		free(k);
}

static struct socketio_client *find(struct carrier *k, struct str nsp)
{
	struct socketio_client *c = k->clients;

	while (c && (c->gone || !str_is(nsp, c->nsp)))
		c = c->next;
	return c;
}

static struct socketio_client *add_client(struct carrier *k, struct str nsp)
{
	struct socketio_client *c = xcalloc(1, sizeof(*c));

	c->carrier = k;
	c->nsp = xstrndup(nsp.p, nsp.len);
	c->next = k->clients;
	k->clients = c;
	return c;
}

/* Within enter() and leave(). */
static void drop_client(struct socketio_client *c, const char *why)
{
	struct carrier *k = c->carrier;

	if (c->gone)
		return;
	c->gone = true;
	if (!c->connected)
		return;
	k->s->counts.clients--;
	if (--k->n_clients == 0 && k->session)
		engineio_set_used(k->session, false);
	k->s->on->closed(k->s->arg, c, why);
}

bool socketio_may_return(const char *why)
{
	return strcmp(why, CLIENT_LEFT) != 0 && strcmp(why, SERVER_LEFT) != 0;
}

/* ---- packets out ---- */

static struct socketio_packet packet_of(enum socketio_type type, struct str nsp,
					const struct socketio_message *m)
{
	return (struct socketio_packet){
		.type = type,
		.nsp = nsp,
		.n_attachments = m->n,
		.has_id = m->has_id,
		.id = m->id,
		.data = m->args,
	};
}

static void send_packet(struct socketio_client *c, enum socketio_type type,
			const struct socketio_message *m)
{
	struct socketio_packet p = packet_of(type, str_from(c->nsp), m);
	struct engineio_session *session = c->carrier->session;
	struct buf text = { 0 };

	if (c->gone || !session)
		return;
	socketio_print(&p, &text);
	engineio_send(session, buf_str(&text), false);
	/* The session may close at any of these; the rest is then ignored. */
	for (size_t i = 0; i < m->n && c->carrier->session; i++)
		engineio_send(session, m->attachment[i], true);
	buf_free(&text);
}

void socketio_emit(struct socketio_client *c, const struct socketio_message *m)
{
	enter(c->carrier);
	send_packet(c, m->n ? SOCKETIO_BINARY_EVENT : SOCKETIO_EVENT, m);
	leave(c->carrier);
}

void socketio_ack(struct socketio_client *c, const struct socketio_message *m)
{
	enter(c->carrier);
	send_packet(c, m->n ? SOCKETIO_BINARY_ACK : SOCKETIO_ACK, m);
	leave(c->carrier);
}

void socketio_add_frames(struct str nsp, const struct socketio_message *m,
			 struct buf *frames)
{
	struct socketio_packet p = packet_of(
		m->n ? SOCKETIO_BINARY_EVENT : SOCKETIO_EVENT, nsp, m);
	struct buf text = { 0 };

	socketio_print(&p, &text);
	engineio_add(frames, ENGINEIO_MESSAGE, buf_str(&text));
	for (size_t i = 0; i < m->n; i++)
		frame_add_binary(frames, m->attachment[i]);
	buf_free(&text);
}

bool socketio_write(struct socketio_client *c, struct str frames)
{
	struct carrier *k = c->carrier;
	bool more = false;

	enter(k);
	if (!c->gone && k->session)
		more = engineio_write(k->session, frames) && k->session;
	leave(k);
	return more;
}

bool socketio_is_ready(const struct socketio_client *c)
{
	return !c->gone && c->carrier->session &&
	       engineio_is_ready(c->carrier->session);
}

void socketio_disconnect(struct socketio_client *c)
{
	const struct socketio_message nothing = { 0 };
	struct carrier *k = c->carrier;

	enter(k);
	send_packet(c, SOCKETIO_DISCONNECT, &nothing);
	drop_client(c, SERVER_LEFT);
	leave(k);
}

void socketio_hang_up(struct socketio_client *c, const char *why)
{
	struct carrier *k = c->carrier;

	enter(k);
	if (k->session)
		engineio_close(k->session, why);
	leave(k);
}

/* ---- connecting ---- */

static void refuse(struct socketio_client *c, struct str message)
{
	struct socketio_message m = { 0 };
	struct buf b = { 0 };

	c->carrier->s->counts.refused++;
	buf_puts(&b, "{\"message\":");
	buf_json_str(&b, message);
	buf_putc(&b, '}');
	m.args = buf_str(&b);
	send_packet(c, SOCKETIO_CONNECT_ERROR, &m);
	drop_client(c, NULL);
	buf_free(&b);
}

static void welcome(struct socketio_client *c, const struct socketio_welcome *w)
{
	struct carrier *k = c->carrier;
	struct socketio_message m = { 0 };
	char sid[ENGINEIO_SID_LEN + 1];
	struct buf b = { 0 };

	if (w->sid.p) {
		c->sid = xstrndup(w->sid.p, w->sid.len);
	} else {
		engineio_draw_sid(k->s->engine, sid);
		c->sid = xstrdup(sid);
	}
	c->connected = true;
	k->s->counts.connected++;
	k->s->counts.clients++;
	k->n_clients++;
	engineio_set_used(k->session, true);
	buf_puts(&b, "{\"sid\":");
	buf_json_str(&b, str_from(c->sid));
	if (w->pid.p) {
		buf_puts(&b, ",\"pid\":");
		buf_json_str(&b, w->pid);
	}
	buf_putc(&b, '}');
	m.args = buf_str(&b);
	send_packet(c, SOCKETIO_CONNECT, &m);
	buf_free(&b);
}

static void take_connect(struct carrier *k, const struct socketio_packet *p)
{
	struct socketio *s = k->s;
	struct socketio_client *c = add_client(k, p->nsp);
	struct socketio_welcome w = { 0 };
	struct arena a = { .block = 256 };
	const struct socketio_hello h = {
		.nsp = p->nsp,
		.auth = p->data.p ? p->data : STR("{}"),
		.pid = json_get_text(p->data, "pid", &a),
		.offset = json_get_text(p->data, "offset", &a),
	};

	if (k->n_clients >= SOCKETIO_NAMESPACES_MAX)
		w.refusal = STR("Too many namespaces");
	else
		s->on->hello(s->arg, c, &h, &w);
	if (w.refusal.p) {
		refuse(c, w.refusal);
	} else if (c->gone) { /* its session was closed meanwhile */
		s->on->closed(s->arg, c, "transport close");
	} else {
		welcome(c, &w);
		if (!c->gone)
			s->on->connected(s->arg, c, &h);
	}
	arena_free(&a);
}

/* ---- packets in ---- */

/* A whole packet. False if it is none that may come now. */
static bool take_packet(struct carrier *k, const struct socketio_packet *p,
			const struct str *attachment)
{
	const struct socketio_message m = {
		.args = p->data,
		.has_id = p->has_id,
		.id = p->id,
		.attachment = attachment,
		.n = p->n_attachments,
	};
	struct socketio_client *c = find(k, p->nsp);
	struct socketio *s = k->s;

	if (!c != (p->type == SOCKETIO_CONNECT))
		return false;
	switch (p->type) {
	case SOCKETIO_CONNECT: take_connect(k, p); break;
	case SOCKETIO_DISCONNECT: drop_client(c, CLIENT_LEFT); break;
	case SOCKETIO_EVENT:
	case SOCKETIO_BINARY_EVENT:
		s->counts.events++;
		s->on->event(s->arg, c, &m);
		break;
	case SOCKETIO_ACK:
	case SOCKETIO_BINARY_ACK:
		s->counts.acks++;
		if (s->on->acked)
			s->on->acked(s->arg, c, &m);
		break;
	case SOCKETIO_CONNECT_ERROR: return false;
	}
	return true;
}

/* What a packet's parts are kept in; false if that would be too much. */
static bool keep(struct carrier *k, struct buf *b, struct str data, bool frame)
{
	struct socketio_counts *counts = &k->s->counts;
	size_t before = b->len, more = data.len + FRAME_HEAD_MAX;

	if (k->text.len + k->parts.len + more > SOCKETIO_PARTS_MAX ||
	    counts->parts + more > SOCKETIO_PARTS_ALL_MAX)
		return false;
	if (frame)
		frame_add_binary(b, data);
	else
		buf_add_str(b, data);
	counts->parts += b->len - before;
	return true;
}

static void forget_parts(struct carrier *k)
{
	k->s->counts.parts -= k->text.len + k->parts.len;
	k->missing = 0;
	buf_free(&k->text);
	buf_free(&k->parts);
}

static bool take_text(struct carrier *k, struct str text)
{
	struct socketio_packet p;

	if (k->missing || socketio_read(text, &p, NULL))
		return false;
	if (p.n_attachments == 0)
		return take_packet(k, &p, NULL);
	k->missing = p.n_attachments;
	return keep(k, &k->text, text, false);
}

/* The packet is the callback's now: it stays if its session is closed. */
static bool take_whole(struct carrier *k)
{
	struct str attachment[SOCKETIO_ATTACHMENTS_MAX];
	struct buf text = k->text, parts = k->parts;
	struct str rest = buf_str(&parts);
	struct socketio_packet p;
	bool binary, good;

	k->s->counts.parts -= text.len + parts.len;
	k->text = k->parts = (struct buf){ 0 };
	socketio_read(buf_str(&text), &p, NULL); /* as it did before */
	for (size_t i = 0; i < p.n_attachments; i++)
		frame_next(&rest, &attachment[i], &binary);
	good = take_packet(k, &p, attachment);
	buf_free(&text);
	buf_free(&parts);
	return good;
}

static bool take_part(struct carrier *k, struct str bytes)
{
	if (k->missing == 0 || !keep(k, &k->parts, bytes, true))
		return false;
	return --k->missing || take_whole(k);
}

/* ---- sessions ---- */

static void on_opened(void *arg, struct engineio_session *session)
{
	struct carrier *k = xcalloc(1, sizeof(*k));

	k->s = arg;
	k->session = session;
	engineio_set_user(session, k);
	engineio_set_used(session, false);
}

static void on_message(void *arg, struct engineio_session *session,
		       struct str data, bool binary)
{
	struct carrier *k = engineio_user(session);
	struct socketio *s = arg;

	enter(k);
	if (!(binary ? take_part(k, data) : take_text(k, data))) {
		s->counts.malformed++;
		engineio_close(session, "parse error");
	}
	leave(k);
}

static void on_ready(void *arg, struct engineio_session *session)
{
	struct carrier *k = engineio_user(session);
	struct socketio *s = arg;

	if (!s->on->ready)
		return;
	enter(k);
	for (struct socketio_client *c = k->clients; c; c = c->next)
		if (c->connected && !c->gone)
			s->on->ready(s->arg, c);
	leave(k);
}

static void on_closed(void *arg, struct engineio_session *session,
		      const char *why)
{
	struct carrier *k = engineio_user(session);

	(void)arg;
	enter(k);
	k->session = NULL;
	for (struct socketio_client *c = k->clients; c; c = c->next)
		drop_client(c, why);
	forget_parts(k);
	leave(k);
}

/* ---- life cycle ---- */

struct socketio *socketio_new(const struct socketio_conf *conf)
{
	static const struct engineio_events events = {
		.opened = on_opened,
		.message = on_message,
		.ready = on_ready,
		.closed = on_closed,
	};
	struct socketio *s = xcalloc(1, sizeof(*s));
	struct engineio_conf engine = conf->engine;

	engine.on = &events;
	engine.arg = s;
	s->on = conf->on;
	s->arg = conf->arg;
	s->engine = engineio_new(&engine);
	return s;
}

void socketio_free(struct socketio **sp)
{
	struct socketio *s = *sp;

	if (!s)
		return;
	engineio_free(&s->engine);
	free(s);
	*sp = NULL;
}

struct engineio *socketio_engine(struct socketio *s)
{
	return s->engine;
}

/* ---- what others ask ---- */

void socketio_set_user(struct socketio_client *c, void *user)
{
	c->user = user;
}

void *socketio_user(const struct socketio_client *c)
{
	return c->user;
}

const char *socketio_sid(const struct socketio_client *c)
{
	return c->sid;
}

struct str socketio_namespace(const struct socketio_client *c)
{
	return str_from(c->nsp);
}

struct engineio_link *socketio_link_of(const struct socketio_client *c)
{
	return c->carrier->session ? engineio_link_of(c->carrier->session)
				   : NULL;
}

struct socketio_counts socketio_count(const struct socketio *s)
{
	return s->counts;
}
