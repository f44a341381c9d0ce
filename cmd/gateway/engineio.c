/* Sessions: how they come, what they are sent, how they go. */
#include "engineio_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "common/base64.h"
#include "frame.h"

enum {
	BUCKETS_MIN = 64,
	CLOSE_NORMAL = 1000, /* RFC 6455, 7.4.1 */
	SID_BYTES = ENGINEIO_SID_LEN / 4 * 3,
};

/* ---- by sid ---- */

static struct engineio_session **bucket_of(const struct engineio *e,
					   struct str sid)
{
	return &e->bucket[str_hash(sid) & (e->n_buckets - 1)];
}

static void add_to_bucket(struct engineio *e, struct engineio_session *s)
{
	struct engineio_session **at = bucket_of(e, str_from(s->sid));

	s->next = *at;
	*at = s;
}

static void drop_from_bucket(struct engineio *e, struct engineio_session *s)
{
	struct engineio_session **at = bucket_of(e, str_from(s->sid));

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
}

static void grow(struct engineio *e)
{
	struct engineio_session **old = e->bucket, *s;
	size_t n = e->n_buckets;

	e->n_buckets = n * 2;
	e->bucket = xcalloc(e->n_buckets, sizeof(struct engineio_session *));
	for (size_t i = 0; i < n; i++)
		while ((s = old[i])) {
			old[i] = s->next;
			add_to_bucket(e, s);
		}
	free(old);
}

struct engineio_session *engineio_find(struct engineio *e, struct str sid)
{
	struct engineio_session *s = *bucket_of(e, sid);

	while (s && !str_is(sid, s->sid))
		s = s->next;
	return s;
}

/* ---- what goes out ---- */

static struct buf take_waiting(struct engineio_session *s)
{
	struct buf b = s->waiting;

	s->e->counts.waiting -= b.len;
	s->waiting = (struct buf){ 0 };
	return b;
}

/* Whole messages, as many as go out at once. */
static struct str cut_piece(struct str *frames)
{
	struct str rest = *frames, piece = { 0 }, data;
	bool binary;

	while (frame_next(&rest, &data, &binary)) {
		if (piece.len && frames->len - rest.len > ENGINEIO_WRITE_MAX)
			break;
		piece = str_sub(*frames, 0, frames->len - rest.len);
	}
	*frames = str_sub(*frames, piece.len, frames->len);
	return piece;
}

static void put_back(struct engineio_session *s, struct str frames)
{
	if (frames.len) /* else a quiet client would keep a buffer */
		buf_add_str(&s->waiting, frames);
	s->e->counts.waiting += frames.len;
}

void engineio_answer_get(struct engineio_session *s)
{
	struct engineio_link *l = s->get;
	struct buf frames = take_waiting(s), body = { 0 };
	struct str rest;

	engineio_unlink(l);
	if (frames.len == 0)
		engineio_add(&frames, ENGINEIO_NOOP, STR(""));
	rest = buf_str(&frames);
	/* There is no other answer after that of a session that is closed. */
	engineio_add_payload(&body, s->closed ? rest : cut_piece(&rest));
	if (!s->closed)
		put_back(s, rest);
	engineio_answer(s->e, l, buf_str(&body));
	buf_free(&frames);
	buf_free(&body);
}

static void send_frames(struct engineio_session *s, struct str frames)
{
	const struct engineio_conf *conf = &s->e->conf;

	s->choked = !conf->wire->send(conf->wire_arg, s->socket, frames);
}

/* What the socket does not take is kept behind it: so it gets it in pieces. */
static void send_waiting(struct engineio_session *s)
{
	struct buf frames = take_waiting(s);
	struct str rest = buf_str(&frames);

	while (rest.len && !s->choked)
		send_frames(s, cut_piece(&rest));
	put_back(s, rest);
	buf_free(&frames);
}

void engineio_flush(struct engineio_session *s)
{
	if (s->socket && !s->choked && s->waiting.len)
		send_waiting(s);
	else if (s->get && (s->waiting.len || (s->probe && s->probe->probed)))
		engineio_answer_get(s);
}

void engineio_flush_soon(struct engineio_session *s)
{
	if (s->e->busy == 0) {
		engineio_flush(s);
	} else if (!s->dirty) {
		s->dirty = true;
		s->next_dirty = s->e->dirty;
		s->e->dirty = s;
	}
}

static void close_overrun(struct engineio_session *s)
{
	s->e->counts.overrun++;
	engineio_close(s, "transport error");
}

/* The one that most waits for; s has len bytes more. */
static struct engineio_session *find_fullest(struct engineio_session *s,
					     size_t len)
{
	const struct engineio *e = s->e;
	struct engineio_session *fullest = s;
	size_t most = s->waiting.len + len;

	for (size_t i = 0; i < e->n_buckets; i++)
		for (struct engineio_session *at = e->bucket[i]; at;
		     at = at->next)
			if (at->waiting.len > most) {
				fullest = at;
				most = at->waiting.len;
			}
	return fullest;
}

/*
 * Room for len more bytes of frames; otherwise it is closed. Where all together
 * have too many, whoever has most is: it takes nothing, and others need not pay
 * for that.
 */
static bool has_room(struct engineio_session *s, size_t len)
{
	const struct engineio_counts *n = &s->e->counts;
	struct engineio_session *fullest;

	if (s->closed)
		return false;
	if (s->waiting.len + len > ENGINEIO_WAITING_MAX) {
		close_overrun(s);
		return false;
	}
	while (n->waiting + len > ENGINEIO_WAITING_ALL_MAX) {
		fullest = find_fullest(s, len);
		close_overrun(fullest);
		if (fullest == s)
			return false;
	}
	return true;
}

static void put(struct engineio_session *s, enum engineio_type type,
		struct str data)
{
	size_t before = s->waiting.len;

	engineio_add(&s->waiting, type, data);
	s->e->counts.waiting += s->waiting.len - before;
}

void engineio_say(struct engineio_session *s, enum engineio_type type,
		  struct str data)
{
	if (!has_room(s, FRAME_HEAD_MAX + 1 + data.len))
		return;
	put(s, type, data);
	engineio_flush_soon(s);
}

static void send_bytes(struct engineio_session *s, struct str data)
{
	size_t before = s->waiting.len;

	if (!has_room(s, FRAME_HEAD_MAX + data.len))
		return;
	frame_add_binary(&s->waiting, data);
	s->e->counts.waiting += s->waiting.len - before;
	engineio_flush_soon(s);
}

void engineio_send(struct engineio_session *s, struct str data, bool binary)
{
	s->e->counts.sent++;
	if (binary)
		send_bytes(s, data);
	else
		engineio_say(s, ENGINEIO_MESSAGE, data);
}

bool engineio_is_ready(const struct engineio_session *s)
{
	return s->waiting.len == 0 && (s->socket ? !s->choked : s->get != NULL);
}

bool engineio_write(struct engineio_session *s, struct str frames)
{
	if (s->socket && engineio_is_ready(s)) {
		send_frames(s, frames);
	} else {
		if (!has_room(s, frames.len))
			return false; /* and it may be gone */
		buf_add_str(&s->waiting, frames);
		s->e->counts.waiting += frames.len;
		engineio_flush(s);
	}
	return engineio_is_ready(s);
}

/* ---- coming and going ---- */

void engineio_draw_sid(struct engineio *e, char out[ENGINEIO_SID_LEN + 1])
{
	char bytes[SID_BYTES];
	struct buf text = { 0 };

	e->conf.wire->random(e->conf.wire_arg, bytes, sizeof(bytes));
	base64_add(&text, (struct str){ bytes, sizeof(bytes) });
	memcpy(out, text.p, ENGINEIO_SID_LEN + 1);
	buf_free(&text);
	for (char *p = out; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
}

void engineio_open(struct engineio *e, struct engineio_link *l,
		   bool is_websocket)
{
	struct engineio_session *s = xcalloc(1, sizeof(*s));
	struct buf hello = { 0 };

	s->e = e;
	s->from = l->from;
	s->peer = peers_take_address(e->peers, &s->from, 0);
	engineio_draw_sid(e, s->sid);
	if (++e->counts.sessions > e->n_buckets)
		grow(e);
	add_to_bucket(e, s);
	e->counts.opened++;
	l->session = s;
	l->role = is_websocket ? ENGINEIO_LINK_SOCKET : ENGINEIO_LINK_GET;
	*(is_websocket ? &s->socket : &s->get) = l;
	if (is_websocket)
		e->counts.websockets++;
	buf_addf(&hello,
		 "{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%lld,"
		 "\"pingTimeout\":%lld,\"maxPayload\":%d}",
		 s->sid, is_websocket ? "" : "\"websocket\"",
		 (long long)e->conf.ping_interval_ms,
		 (long long)e->conf.ping_timeout_ms, ENGINEIO_PAYLOAD_MAX);
	engineio_say(s, ENGINEIO_OPEN, buf_str(&hello));
	buf_free(&hello);
	due_set(&e->quiet, &s->beat, e->now_ms);
	e->conf.on->opened(e->conf.arg, s);
}

/* Its connections are told; none of them has anything to do with it then. */
static void let_links_go(struct engineio_session *s, const char *why)
{
	const struct engineio_conf *conf = &s->e->conf;
	struct engineio_link *l = s->socket;

	if (s->get) {
		put(s, ENGINEIO_CLOSE, STR(""));
		engineio_answer_get(s);
	}
	if (l) {
		engineio_flush(s);
		engineio_unlink(l);
		conf->wire->hang_up(conf->wire_arg, l, CLOSE_NORMAL, why);
	}
	if (s->probe)
		engineio_drop_probe(s);
	if (s->post)
		engineio_drop_post(s);
	buf_free(&s->body);
}

void engineio_close(struct engineio_session *s, const char *why)
{
	struct engineio *e = s->e;
	struct buf rest;

	if (s->closed)
		return;
	e->busy++;
	due_drop(&s->beat);
	due_drop(&s->unused);
	due_drop(&s->later);
	peers_leave(e->idle_peers, &s->counted);
	peers_leave(e->peers, &s->peer);
	drop_from_bucket(e, s);
	e->counts.sessions--;
	e->counts.closed++;
	s->closed = true;
	let_links_go(s, why);
	rest = take_waiting(s);
	buf_free(&rest);
	e->conf.on->closed(e->conf.arg, s, why);
	s->next = e->dead;
	e->dead = s;
	engineio_leave(e);
}

size_t engineio_let_go(struct engineio *e, size_t n, bool all)
{
	for (size_t i = 0; i < e->n_buckets; i++) {
		struct engineio_session **at = &e->bucket[i];

		while (*at && (n || all))
			if ((*at)->post && !all) {
				at = &(*at)->next;
			} else {
				engineio_close(*at, "transport close");
				n -= n > 0;
			}
	}
	return e->counts.sessions;
}

void engineio_enter(struct engineio *e, int64_t now_ms)
{
	e->busy++;
	e->now_ms = now_ms;
}

void engineio_leave(struct engineio *e)
{
	struct engineio_session *s;

	while (e->busy == 1 && (s = e->dirty)) {
		e->dirty = s->next_dirty;
		s->dirty = false;
		engineio_flush(s);
	}
	if (--e->busy)
		return;
	while ((s = e->dead)) {
		e->dead = s->next;
		free(s);
	}
}

/* ---- deadlines ---- */

void engineio_heard(struct engineio_session *s)
{
	if (s->beat.list == &s->e->asked)
		due_set(&s->e->quiet, &s->beat, s->e->now_ms);
}

void engineio_set_used(struct engineio_session *s, bool used)
{
	struct engineio *e = s->e;

	if (used || s->closed) {
		due_drop(&s->unused);
		peers_leave(e->idle_peers, &s->counted);
		return;
	}
	due_set(&e->unused, &s->unused, e->now_ms);
	if (!s->counted)
		s->counted = peers_take_address(e->idle_peers, &s->from, 0);
}

struct engineio_session *engineio_session_of(const struct due *d, size_t offset)
{
	return (struct engineio_session *)((uintptr_t)d - offset);
}

int64_t engineio_deadline(const struct engineio *e)
{
	const struct due_list *const lists[] = { &e->quiet, &e->asked,
						 &e->probing, &e->unused,
						 &e->bodies };
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (due_next_ms(lists[i]) < first)
			first = due_next_ms(lists[i]);
	return first;
}

void engineio_tick(struct engineio *e, int64_t now_ms)
{
	struct due *d;

	engineio_enter(e, now_ms);
	while ((d = due_take(&e->asked, now_ms))) {
		e->counts.timed_out++;
		engineio_close((struct engineio_session *)d, "ping timeout");
	}
	while ((d = due_take(&e->quiet, now_ms))) {
		due_set(&e->asked, d, now_ms);
		engineio_say((struct engineio_session *)d, ENGINEIO_PING,
			     STR(""));
	}
	while ((d = due_take(&e->probing, now_ms)))
		engineio_drop_probe(((struct engineio_link *)d)->session);
	while ((d = due_take(&e->unused, now_ms))) {
		e->counts.unused++;
		engineio_close(
			engineio_session_of(d, offsetof(struct engineio_session,
							unused)),
			"forced server close");
	}
	engineio_leave(e);
}

/* ---- life cycle ---- */

struct engineio *engineio_new(const struct engineio_conf *conf)
{
	struct engineio *e = xcalloc(1, sizeof(*e));

	e->conf = *conf;
	e->quiet.in_ms = conf->ping_interval_ms;
	e->asked.in_ms = conf->ping_timeout_ms;
	e->probing.in_ms = ENGINEIO_UPGRADE_MS;
	e->unused.in_ms = conf->unused_ms;
	e->peers = peers_new();
	e->idle_peers = peers_new();
	e->n_buckets = BUCKETS_MIN;
	e->bucket = xcalloc(e->n_buckets, sizeof(struct engineio_session *));
	return e;
}

void engineio_free(struct engineio **ep)
{
	struct engineio *e = *ep;

	if (!e)
		return;
	for (size_t i = 0; i < e->n_buckets; i++)
		while (e->bucket[i])
			engineio_close(e->bucket[i], "server shutting down");
	peers_free(&e->peers);
	peers_free(&e->idle_peers);
	buf_free(&e->scratch);
	free(e->bucket);
	free(e);
	*ep = NULL;
}

/* ---- what others ask ---- */

void engineio_set_user(struct engineio_session *s, void *user)
{
	s->user = user;
}

void *engineio_user(const struct engineio_session *s)
{
	return s->user;
}

const char *engineio_sid(const struct engineio_session *s)
{
	return s->sid;
}

bool engineio_is_websocket(const struct engineio_session *s)
{
	return s->socket != NULL;
}

struct engineio_link *engineio_link_of(const struct engineio_session *s)
{
	return s->socket ? s->socket : s->get;
}

struct engineio_counts engineio_count(const struct engineio *e)
{
	struct engineio_counts n = e->counts;

	n.goodbyes_pushed = e->goodbyes.pushed;
	return n;
}
