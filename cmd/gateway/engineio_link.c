/* What comes from connections: requests, WebSockets, and their ends. */
#include "engineio_private.h"

#include <stddef.h>

#include "http.h"

/* What a request lacks, as the reference implementation numbers it. */
enum fault {
	UNKNOWN_TRANSPORT,
	UNKNOWN_SID,
	BAD_METHOD,
	BAD_REQUEST,
	FORBIDDEN,
	BAD_VERSION,
	NO_FAULT,
};

static void refuse(struct engineio *e, struct engineio_link *l, int status,
		   enum fault fault)
{
	static const char *const messages[] = {
		[UNKNOWN_TRANSPORT] = "Transport unknown",
		[UNKNOWN_SID] = "Session ID unknown",
		[BAD_METHOD] = "Bad handshake method",
		[BAD_REQUEST] = "Bad request",
		[FORBIDDEN] = "Forbidden",
		[BAD_VERSION] = "Unsupported protocol version",
	};
	struct buf b = { 0 };

	e->counts.bad_requests++;
	buf_addf(&b, "{\"code\":%d,\"message\":\"%s\"}", fault,
		 messages[fault]);
	e->conf.wire->answer(e->conf.wire_arg, l,
			     &(struct net_answer){
				     .status = status,
				     .type = "application/json",
				     .body = buf_str(&b),
			     });
	buf_free(&b);
}

void engineio_answer(struct engineio *e, struct engineio_link *l,
		     struct str text)
{
	e->conf.wire->answer(e->conf.wire_arg, l,
			     &(struct net_answer){
				     .status = 200,
				     .type = "text/plain; charset=UTF-8",
				     .body = text,
			     });
}

static bool has_too_many(struct peers *peers, const struct in6_addr *from,
			 const struct peers_limit *limit)
{
	struct peer *one =
		peers_take_address(peers, from, peers_max(limit, from));
	bool too_many = !one;

	peers_leave(peers, &one);
	return too_many;
}

static bool is_full(struct engineio *e, struct engineio_link *l)
{
	const struct peers_limit idle = { ENGINEIO_UNUSED_MAX,
					  e->conf.per_peer.spare_local };
	bool unused = has_too_many(e->idle_peers, &l->from, &idle);

	if (!unused && e->counts.sessions < e->conf.max_sessions &&
	    !has_too_many(e->peers, &l->from, &e->conf.per_peer))
		return false;
	*(unused ? &e->counts.too_many_unused : &e->counts.too_many) += 1;
	refuse(e, l, 503, FORBIDDEN);
	return true;
}

/* The parameters that each request has; *s_r is NULL where no sid is given. */
static enum fault check(struct engineio *e, const struct net_request *r,
			const char *transport, struct engineio_session **s_r)
{
	struct str asked = http_param(r, "transport");
	struct str sid = http_param(r, "sid");

	*s_r = NULL;
	if (!str_is(http_param(r, "EIO"), "4"))
		return BAD_VERSION;
	if (!str_is(asked, "polling") && !str_is(asked, "websocket"))
		return UNKNOWN_TRANSPORT;
	if (!str_is(asked, transport))
		return BAD_REQUEST;
	if (!sid.p)
		return r->method == NET_GET ? NO_FAULT : BAD_METHOD;
	*s_r = engineio_find(e, sid);
	return *s_r ? NO_FAULT : UNKNOWN_SID;
}

/* ---- links ---- */

void engineio_unlink(struct engineio_link *l)
{
	struct engineio_session *s = l->session;

	switch (l->role) {
	case ENGINEIO_LINK_NEW: break;
	case ENGINEIO_LINK_GET: s->get = NULL; break;
	case ENGINEIO_LINK_POST:
		s->post = NULL;
		due_drop(&s->later);
		break;
	case ENGINEIO_LINK_PROBE: s->probe = NULL; break;
	case ENGINEIO_LINK_SOCKET:
		s->socket = NULL;
		s->e->counts.websockets--;
		break;
	}
	due_drop(&l->due);
	l->session = NULL;
	/* What is over stays over: a POST is not answered as if it were new. */
	if (l->role == ENGINEIO_LINK_GET)
		l->role = ENGINEIO_LINK_NEW;
}

static void tie(struct engineio_session *s, struct engineio_link *l, int role,
		struct engineio_link **place)
{
	l->session = s;
	l->role = role;
	*place = l;
}

void engineio_drop_probe(struct engineio_session *s)
{
	const struct engineio_conf *conf = &s->e->conf;
	struct engineio_link *l = s->probe;

	engineio_unlink(l);
	if (l->open) /* else engineio_opened() finds that it has no session */
		conf->wire->hang_up(conf->wire_arg, l, 1000, "");
}

void engineio_gone(struct engineio *e, struct engineio_link *l, int64_t now_ms)
{
	struct engineio_session *s = l->session;
	bool was_probe = l->role == ENGINEIO_LINK_PROBE;

	if (!s)
		return;
	engineio_enter(e, now_ms);
	engineio_unlink(l);
	if (!was_probe)
		engineio_close(s, "transport close");
	engineio_leave(e);
}

/* ---- packets ---- */

/* False if a client may not send that. */
static bool take_packet(struct engineio_session *s,
			const struct engineio_packet *p)
{
	struct engineio *e = s->e;

	switch (p->type) {
	case ENGINEIO_MESSAGE:
		e->counts.received++;
		e->conf.on->message(e->conf.arg, s, p->data, p->binary);
		return true;
	case ENGINEIO_PONG: engineio_heard(s); return true;
	case ENGINEIO_NOOP: return true;
	case ENGINEIO_CLOSE:
		if (s->get)
			engineio_answer_get(s);
		else if (!s->socket)
			goodbyes_add(&e->goodbyes, s->sid, e->now_ms);
		engineio_close(s, "transport close");
		return true;
	case ENGINEIO_OPEN:
	case ENGINEIO_PING:
	case ENGINEIO_UPGRADE: return false;
	}
	return false;
}

/* A slice of it: 1 and the rest, 0 at its end, -1 if it is malformed. */
static int take_payload(struct engineio_session *s, struct str *body)
{
	struct engineio_packet p;
	int rc = body->len ? 1 : -1;

	for (int n = 0; n < ENGINEIO_SLICE && rc > 0 && !s->closed; n++) {
		rc = engineio_read_payload(body, &s->e->scratch, &p);
		if (rc > 0 && !take_packet(s, &p))
			rc = -1;
	}
	return rc > 0 && (s->closed || !body->p) ? 0 : rc;
}

static void close_malformed(struct engineio_session *s)
{
	s->e->counts.malformed++;
	engineio_close(s, "parse error");
}

/* ---- requests ---- */

/* A POST; there is one at a time. */
static void begin_post(struct engineio_session *s, struct engineio_link *l)
{
	if (!s->post) {
		tie(s, l, ENGINEIO_LINK_POST, &s->post);
		return;
	}
	refuse(s->e, l, 400, BAD_REQUEST);
	engineio_close(s, "transport error");
}

/* A GET that was under way when its client closed the session. */
static bool take_late(struct engineio *e, struct engineio_link *l,
		      const struct net_request *r)
{
	if (r->method != NET_GET ||
	    !goodbyes_take(&e->goodbyes, http_param(r, "sid"), e->now_ms))
		return false;
	engineio_answer(e, l, STR("6")); /* a noop */
	return true;
}

void engineio_head(struct engineio *e, struct engineio_link *l,
		   const struct net_request *r, int64_t now_ms)
{
	struct engineio_session *s;
	enum fault fault = check(e, r, "polling", &s);

	engineio_enter(e, now_ms);
	if (fault == NO_FAULT && s && s->socket)
		fault = BAD_REQUEST; /* it has left that transport */
	else if (fault == NO_FAULT && r->method != NET_GET &&
		 r->method != NET_POST)
		fault = BAD_METHOD;
	if (fault == NO_FAULT && r->method == NET_POST)
		begin_post(s, l);
	else if (fault != NO_FAULT &&
		 !(fault == UNKNOWN_SID && take_late(e, l, r)))
		refuse(e, l, 400, fault);
	engineio_leave(e);
}

void engineio_drop_post(struct engineio_session *s)
{
	struct engineio_link *l = s->post;
	bool is_whole = s->body.len > 0;

	engineio_unlink(l);
	if (is_whole) /* else it is refused when the rest of it has come */
		refuse(s->e, l, 400, UNKNOWN_SID);
}

/* The first so many bytes of a body were taken. True: it goes on later. */
static bool take_slice(struct engineio_session *s, struct engineio_link *l,
		       struct str body, size_t taken)
{
	struct engineio *e = s->e;
	struct str rest = str_sub(body, taken, body.len);
	int rc;

	engineio_unlink(l);
	rc = take_payload(s, &rest);
	if (rc > 0) {
		s->taken = body.len - rest.len;
		tie(s, l, ENGINEIO_LINK_POST, &s->post);
		due_set(&e->bodies, &s->later, e->now_ms);
		return true;
	}
	if (rc < 0) {
		close_malformed(s);
		refuse(e, l, 400, BAD_REQUEST);
		return false;
	}
	engineio_answer(e, l, STR("ok"));
	return false;
}

static void end_post(struct engineio *e, struct engineio_link *l,
		     struct str body)
{
	struct engineio_session *s = l->session;

	if (!s) {
		refuse(e, l, 400, UNKNOWN_SID);
	} else if (body.len > ENGINEIO_PAYLOAD_MAX) {
		engineio_unlink(l);
		refuse(e, l, 413, BAD_REQUEST);
	} else if (take_slice(s, l, body, 0)) {
		buf_add_str(&s->body, body);
	}
}

struct engineio_link *engineio_next_body(const struct engineio *e)
{
	const struct due *d = e->bodies.first;
	const size_t offset = offsetof(struct engineio_session, later);

	return d ? engineio_session_of(d, offset)->post : NULL;
}

void engineio_take_body(struct engineio *e, struct engineio_link *l,
			int64_t now_ms)
{
	struct engineio_session *s = l->session;
	/* Ours meanwhile: packets may close the session. */
	struct buf body = s->body;

	engineio_enter(e, now_ms);
	s->body = (struct buf){ 0 };
	if (take_slice(s, l, buf_str(&body), s->taken))
		s->body = body;
	else
		buf_free(&body);
	engineio_leave(e);
}

/* A GET; there is one at a time, so that packets stay in order. */
static void begin_get(struct engineio_session *s, struct engineio_link *l)
{
	struct engineio *e = s->e;

	if (s->get || s->socket) {
		refuse(e, l, 400, BAD_REQUEST);
		if (s->get)
			engineio_close(s, "transport error");
		return;
	}
	tie(s, l, ENGINEIO_LINK_GET, &s->get);
	engineio_flush_soon(s);
	if (engineio_is_ready(s) && !(s->probe && s->probe->probed))
		e->conf.on->ready(e->conf.arg, s);
}

void engineio_request(struct engineio *e, struct engineio_link *l,
		      const struct net_request *r, int64_t now_ms)
{
	struct engineio_session *s;
	enum fault fault;

	engineio_enter(e, now_ms);
	if (l->role == ENGINEIO_LINK_POST) {
		end_post(e, l, r->body);
	} else if ((fault = check(e, r, "polling", &s)) != NO_FAULT) {
		refuse(e, l, 400, fault);
	} else if (s) {
		begin_get(s, l);
	} else if (!is_full(e, l)) {
		engineio_open(e, l, false);
	}
	engineio_leave(e);
}

/* ---- WebSockets ---- */

bool engineio_upgrade(struct engineio *e, struct engineio_link *l,
		      const struct net_request *r)
{
	struct engineio_session *s;
	enum fault fault = check(e, r, "websocket", &s);

	if (fault == NO_FAULT && r->method != NET_GET)
		fault = BAD_METHOD;
	if (fault != NO_FAULT) {
		refuse(e, l, 400, fault);
		return false;
	}
	if (!s)
		return !is_full(e, l);
	/* One too many is let in, for that is where clients look, and closed. */
	l->role = ENGINEIO_LINK_PROBE;
	if (!s->socket && !s->probe)
		tie(s, l, ENGINEIO_LINK_PROBE, &s->probe);
	return true;
}

void engineio_opened(struct engineio *e, struct engineio_link *l,
		     int64_t now_ms)
{
	engineio_enter(e, now_ms);
	l->open = true;
	if (l->role == ENGINEIO_LINK_NEW)
		engineio_open(e, l, true);
	else if (l->session)
		due_set(&e->probing, &l->due, now_ms);
	else
		e->conf.wire->hang_up(e->conf.wire_arg, l, 1000, "");
	engineio_leave(e);
}

/* The WebSocket takes more. */
static void go_on(struct engineio_session *s)
{
	const struct engineio_conf *conf = &s->e->conf;

	engineio_flush(s);
	if (engineio_is_ready(s))
		conf->on->ready(conf->arg, s);
}

static void take_over(struct engineio_session *s, struct engineio_link *l)
{
	struct engineio *e = s->e;

	if (s->get)
		engineio_answer_get(s);
	engineio_unlink(l);
	tie(s, l, ENGINEIO_LINK_SOCKET, &s->socket);
	e->counts.websockets++;
	e->counts.upgraded++;
	go_on(s);
}

static void take_probe(struct engineio_session *s, struct engineio_link *l,
		       const struct engineio_packet *p)
{
	const struct engineio_conf *conf = &s->e->conf;
	struct buf b = { 0 };

	if (p->type == ENGINEIO_UPGRADE && l->probed) {
		take_over(s, l);
	} else if (p->type == ENGINEIO_PING && str_is(p->data, "probe")) {
		l->probed = true;
		engineio_add(&b, ENGINEIO_PONG, STR("probe"));
		conf->wire->send(conf->wire_arg, l, buf_str(&b));
		buf_free(&b);
		engineio_flush_soon(s);
	} else {
		engineio_drop_probe(s);
	}
}

void engineio_received(struct engineio *e, struct engineio_link *l,
		       struct str data, bool binary, int64_t now_ms)
{
	struct engineio_session *s = l->session;
	struct engineio_packet p;

	if (!s)
		return;
	engineio_enter(e, now_ms);
	if (!engineio_read(data, binary, &p))
		engineio_refused(e, l, now_ms);
	else if (l->role == ENGINEIO_LINK_PROBE)
		take_probe(s, l, &p);
	else if (!take_packet(s, &p))
		close_malformed(s);
	engineio_leave(e);
}

void engineio_refused(struct engineio *e, struct engineio_link *l,
		      int64_t now_ms)
{
	if (!l->session)
		return;
	engineio_enter(e, now_ms);
	if (l->role == ENGINEIO_LINK_PROBE)
		engineio_drop_probe(l->session);
	else
		close_malformed(l->session);
	engineio_leave(e);
}

void engineio_writable(struct engineio *e, struct engineio_link *l,
		       int64_t now_ms)
{
	struct engineio_session *s = l->session;

	if (!s || l->role != ENGINEIO_LINK_SOCKET)
		return;
	engineio_enter(e, now_ms);
	s->choked = false;
	go_on(s);
	engineio_leave(e);
}
