#include "chat_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/xmem.h"

#include "chat_wire.h"
#include "listen.h"

enum peer_kind {
	PEER_NEW,
	PEER_ONCE,
	PEER_SSE,
	PEER_WS,
	PEER_IRC,
	PEER_IRC_WS
};

struct peer {
	struct chat_server *sv;
	enum peer_kind kind;
	int fd;
	struct loop_fd *io;
	struct buf in, out;
	struct chat_room *room; /* NULL: in none */
	uint64_t next;		/* the number of what it gets next */
	uint64_t left;		/* messages until it is dropped */
	uint64_t drops;
	char nick[64]; /* of IRC; "": it has not said */
	bool bare, waits;
	bool closing; /* once all is written */
	struct peer *following, **at;
};

struct chat_server {
	struct loop *loop;
	struct chats *chats;
	int fd;
	struct loop_fd *io;
	struct loop_timer *tick;
	int64_t every_ms;
	struct peer *peers;
	size_t n_peers;
	char name[LISTEN_NAME_SIZE];
};

/* ---- peers ---- */

static void leave(struct peer *p)
{
	if (p->room)
		p->room->peers--;
	p->room = NULL;
}

static void peer_free(struct peer *p)
{
	leave(p);
	*p->at = p->following;
	if (p->following)
		p->following->at = p->at;
	p->sv->n_peers--;
	loop_fd_free(&p->io);
	close(p->fd);
	buf_free(&p->in);
	buf_free(&p->out);
	free(p);
}

static void enter(struct peer *p, struct chat_room *r, uint64_t backlog)
{
	leave(p);
	p->room = r;
	p->drops = r->drops;
	p->next = r->n > backlog ? r->n - backlog + 1 : 1;
	if (p->next < chat_oldest(r))
		p->next = chat_oldest(r);
	r->peers++;
	r->visits++;
}

static void send_line(struct peer *p, struct str line)
{
	if (p->kind == PEER_IRC_WS)
		wire_frame(&p->out, 1, line);
	else
		buf_add_str(&p->out, line);
}

static void say_one(struct peer *p, uint64_t n, struct buf *text)
{
	enum chat_as as = p->bare ? CHAT_AS_BARE : CHAT_AS_JSON;
	bool irc = p->kind == PEER_IRC || p->kind == PEER_IRC_WS;

	buf_reset(text);
	chat_print(p->sv->chats, p->room, n, irc ? CHAT_AS_IRC : as, text);
	if (p->kind == PEER_WS)
		wire_frame(&p->out, 1, buf_str(text));
	else if (irc)
		send_line(p, buf_str(text));
	else if (p->bare)
		buf_addf(&p->out, "data: %s\n\n", text->p);
	else
		buf_addf(&p->out, "id: %llu\ndata: %s\n\n",
			 (unsigned long long)n, text->p);
}

/* What it should have by now, as much as may wait. */
static void fill(struct peer *p)
{
	struct buf text = { 0 };
	struct chat_room *r = p->room;

	if (r && (p->drops != r->drops || r->ended))
		p->closing = true;
	while (r && !p->closing && !p->waits && !r->stalled &&
	       p->next <= r->n && p->out.len < CHAT_OUT_MAX) {
		if (p->next < chat_oldest(r))
			p->next = chat_oldest(r);
		say_one(p, p->next++, &text);
		p->closing = --p->left == 0;
	}
	buf_free(&text);
}

/* Fill and send as long as it takes something. It may be gone then. */
static void flush(struct peer *p)
{
	ssize_t sent = 0;

	fill(p);
	while (p->out.len && sent >= 0) {
		sent = send(p->fd, p->out.p, p->out.len, MSG_NOSIGNAL);
		if (sent > 0)
			buf_consume(&p->out, (size_t)sent);
		if (!p->out.len)
			fill(p);
	}
	if ((sent < 0 && errno != EAGAIN) || (p->closing && !p->out.len))
		peer_free(p);
	else
		loop_fd_set(p->io, LOOP_READ | (p->out.len ? LOOP_WRITE : 0));
}

static void on_changed(void *arg, struct chat_room *r)
{
	struct chat_server *sv = arg;

	for (struct peer *p = sv->peers, *following; p; p = following) {
		following = p->following;
		if (p->room == r)
			flush(p);
	}
}

/* ---- HTTP ---- */

static void answer(struct peer *p, int status, struct str body)
{
	buf_addf(&p->out,
		 "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 status, status == 200 ? "OK" : "Sorry", body.len);
	buf_add_str(&p->out, body);
}

static void answer_poll(struct peer *p, struct chat_room *r,
			const struct wire_head *h)
{
	struct str since = wire_query(h->query, "since");
	uint64_t from = 0, limit = CHAT_KEPT;
	struct buf b = { 0 };
	bool bare = wire_query(h->query, "ids").p;

	str_u64(wire_query(h->query, "limit"), &limit);
	if (!since.p || !str_u64(since, &from))
		from = r->n > r->backlog ? r->n - r->backlog : 0;
	if (from + 1 < chat_oldest(r))
		from = chat_oldest(r) - 1;
	buf_puts(&b, "{\"messages\":[");
	for (uint64_t n = from + 1; n <= r->n && n <= from + limit; n++) {
		if (n > from + 1)
			buf_putc(&b, ',');
		chat_print(p->sv->chats, r, n,
			   bare ? CHAT_AS_BARE : CHAT_AS_JSON, &b);
	}
	buf_addf(&b, "],\"next\":%llu}",
		 (unsigned long long)(r->n < from + limit ? r->n
							  : from + limit));
	r->visits++;
	answer(p, 200, buf_str(&b));
	buf_free(&b);
}

static void upgrade(struct peer *p, const struct wire_head *h,
		    enum peer_kind kind)
{
	wire_upgrade(&p->out, h);
	p->kind = kind;
	p->waits = wire_query(h->query, "join").p != NULL;
	if (kind == PEER_WS)
		wire_frame(&p->out, 1, STR("{\"type\":\"welcome\"}"));
}

static void stream_events(struct peer *p, struct chat_room *r,
			  const struct wire_head *h)
{
	uint64_t last;

	p->kind = PEER_SSE;
	buf_puts(&p->out, "HTTP/1.1 200 OK\r\nContent-Type: "
			  "text/event-stream\r\nCache-Control: no-store\r\n"
			  "Connection: close\r\n\r\n: welcome\n\n");
	enter(p, r, r->backlog);
	if (str_u64(h->last_id, &last) && last + 1 >= chat_oldest(r))
		p->next = last + 1;
}

static void serve(struct peer *p, const struct wire_head *h)
{
	struct str rest = str_sub(h->path, 1, h->path.len), name, what;
	struct chat_room *r;

	p->bare = wire_query(h->query, "ids").p != NULL;
	str_u64(wire_query(h->query, "drop"), &p->left);
	if (str_is(rest, "irc") && h->key.p) {
		upgrade(p, h, PEER_IRC_WS);
		return;
	}
	what = str_cut(rest, '/', &rest);
	name = str_cut(rest, '/', &rest);
	r = str_is(what, "chat") ? chats_room(p->sv->chats, name) : NULL;
	if (!r) {
		answer(p, 404, STR("{}"));
	} else if (r->ended) {
		answer(p, str_is(rest, "sse") ? 204 : 410, STR(""));
		p->closing = true;
	} else if (str_is(rest, "ws") && h->key.p) {
		upgrade(p, h, PEER_WS);
		enter(p, r, r->backlog);
	} else if (str_is(rest, "sse")) {
		stream_events(p, r, h);
	} else if (str_is(rest, "messages")) {
		answer_poll(p, r, h);
	} else {
		answer(p, 404, STR("{}"));
	}
}

/* ---- IRC ---- */

/* Whoever is here is in one room: of several channels it is the first. */
static void irc_join(struct peer *p, struct str channels, struct buf *b)
{
	struct str name = str_cut(channels, ',', &channels);
	struct chat_room *r =
		str_starts(name, STR("#"))
			? chats_room(p->sv->chats, str_sub(name, 1, name.len))
			: NULL;

	if (r) {
		enter(p, r, 0);
		buf_addf(b,
			 ":%s!%s@%s.sim JOIN #%s\r\n:sim 366 %s #%s "
			 ":End of /NAMES list\r\n",
			 p->nick, p->nick, p->nick, r->name, p->nick, r->name);
	} else {
		buf_addf(b, ":sim 403 %s %.*s :No such channel\r\n", p->nick,
			 STR_ARG(name));
	}
	while (channels.p) {
		name = str_cut(channels, ',', &channels);
		buf_addf(b,
			 ":sim 405 %s %.*s :You have joined too many "
			 "channels\r\n",
			 p->nick, STR_ARG(name));
	}
}

static void irc_line(struct peer *p, struct str line)
{
	struct str rest, word = str_cut(line, ' ', &rest);
	struct buf b = { 0 };

	if (str_is(word, "PING")) {
		buf_addf(&b, ":sim PONG sim %.*s\r\n", STR_ARG(rest));
	} else if (str_is(word, "CAP") && str_starts(rest, STR("REQ"))) {
		buf_addf(&b, ":sim CAP * ACK %.*s\r\n",
			 STR_ARG(str_sub(rest, 4, rest.len)));
	} else if (str_is(word, "CAP") && str_starts(rest, STR("LS"))) {
		buf_puts(&b, ":sim CAP * LS :message-tags server-time "
			     "twitch.tv/tags\r\n");
	} else if (str_is(word, "NICK") && !p->nick[0]) {
		str_copy(p->nick, sizeof(p->nick), rest);
		buf_addf(&b, ":sim 001 %s :Welcome, GLHF!\r\n", p->nick);
	} else if (str_is(word, "JOIN") && p->nick[0]) {
		irc_join(p, rest, &b);
	} else if (str_is(word, "QUIT")) {
		p->closing = true;
	}
	if (b.len)
		send_line(p, buf_str(&b));
	buf_free(&b);
}

static void irc_lines(struct peer *p, struct str text)
{
	while (text.p) {
		struct str line = str_trim(str_cut(text, '\n', &text));

		if (line.len)
			irc_line(p, line);
	}
}

/* ---- what comes ---- */

static void take_frame(struct peer *p, unsigned opcode, struct str payload)
{
	if (opcode == 8) {
		wire_frame(&p->out, 8, payload);
		p->closing = true;
	} else if (opcode == 9) {
		wire_frame(&p->out, 10, payload);
	} else if (opcode == 1 && p->kind == PEER_IRC_WS) {
		irc_lines(p, payload);
	} else if (opcode == 1 &&
		   str_find(payload, STR("\"join\"")) != (size_t)-1) {
		p->waits = false;
	}
}

/* Bytes used; 0: more is needed. */
static size_t take_some(struct peer *p)
{
	struct str in = buf_str(&p->in), payload;
	struct wire_head h;
	unsigned opcode;
	size_t used = 0, end;
	int rc;

	if (p->kind == PEER_NEW && in.len >= 4 && !str_starts(in, STR("GET ")))
		p->kind = PEER_IRC;
	switch (p->kind) {
	case PEER_IRC:
		end = str_chr(in, '\n');
		if (end == (size_t)-1)
			return 0;
		irc_lines(p, str_sub(in, 0, end));
		return end + 1;
	case PEER_WS:
	case PEER_IRC_WS:
		rc = wire_frame_read(p->in.p, p->in.len, &opcode, &payload,
				     &used);
		if (rc > 0)
			take_frame(p, opcode, payload);
		p->closing |= rc < 0;
		return rc > 0 ? used : 0;
	default:
		rc = wire_head_read(in, &h);
		if (rc > 0)
			serve(p, &h);
		p->closing |= rc < 0;
		return rc > 0 ? h.len : 0;
	}
}

static void on_peer(void *arg, int what)
{
	struct peer *p = arg;
	char chunk[16 << 10];
	ssize_t n = -1;
	size_t used;

	if (what & LOOP_READ) {
		n = recv(p->fd, chunk, sizeof(chunk), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			peer_free(p);
			return;
		}
	}
	if (n > 0)
		buf_add(&p->in, chunk, (size_t)n);
	while (p->in.len && !p->closing && (used = take_some(p)) > 0)
		buf_consume(&p->in, used);
	p->closing |= p->in.len > WIRE_FRAME_MAX;
	flush(p);
}

static void on_listen(void *arg, int what)
{
	struct chat_server *sv = arg;
	struct peer *p;
	int fd;

	(void)what;
	while ((fd = accept4(sv->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (sv->n_peers == CHAT_PEERS_MAX) {
			close(fd);
			continue;
		}
		p = xcalloc(1, sizeof(*p));
		p->sv = sv;
		p->fd = fd;
		p->left = UINT64_MAX;
		p->following = sv->peers;
		p->at = &sv->peers;
		if (p->following)
			p->following->at = &p->following;
		sv->peers = p;
		sv->n_peers++;
		p->io = loop_fd_new(sv->loop, fd, LOOP_READ, on_peer, p);
	}
}

static void on_tick(void *arg)
{
	struct chat_server *sv = arg;

	for (size_t i = 0; i < sv->chats->n; i++)
		if (sv->chats->room[i]->visits && !sv->chats->room[i]->ended)
			chats_say(sv->chats, sv->chats->room[i], 1);
	loop_timer_start(sv->tick, sv->every_ms);
}

struct chat_server *chat_server_open(struct loop *l, const char *listen_on,
				     struct chats *cs, int64_t every_ms,
				     struct err *e)
{
	struct chat_server *sv = xcalloc(1, sizeof(*sv));

	sv->loop = l;
	sv->chats = cs;
	sv->every_ms = every_ms;
	sv->fd = listen_open(listen_on, sv->name, e);
	if (sv->fd < 0) {
		free(sv);
		return NULL;
	}
	cs->changed = on_changed;
	cs->arg = sv;
	sv->io = loop_fd_new(l, sv->fd, LOOP_READ, on_listen, sv);
	sv->tick = loop_timer_new(l, on_tick, sv);
	if (every_ms > 0)
		loop_timer_start(sv->tick, every_ms);
	return sv;
}

void chat_server_close(struct chat_server **svp)
{
	struct chat_server *sv = *svp;

	if (!sv)
		return;
	while (sv->peers)
		peer_free(sv->peers);
	loop_timer_free(&sv->tick);
	loop_fd_free(&sv->io);
	close(sv->fd);
	sv->chats->changed = NULL;
	free(sv);
	*svp = NULL;
}

const char *chat_server_address(const struct chat_server *sv)
{
	return sv->name;
}
