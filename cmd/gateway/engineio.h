#ifndef GATEWAY_ENGINEIO_H
#define GATEWAY_ENGINEIO_H

/*
 * engineio - sessions of Engine.IO, protocol 4
 * (github.com/socketio/engine.io-protocol).
 *
 * A session is a client over HTTP requests, over a WebSocket, or on its way
 * from the one to the other. Who uses a session sees messages, in order and
 * without loss, and nothing of that.
 *
 * Pure: connections are links that the caller feeds with what came and whose
 * orders it carries out; the time comes with each call (monotonic, in ms), and
 * engineio_tick() is due when engineio_deadline() says.
 *
 * Nothing waits here without bound. A session that is *ready* has a WebSocket
 * that takes more, or a GET that waits for an answer, and nothing waiting; what
 * is written to it leaves at once. So a client that can come back to a
 * position needs no queue: it is written to while it is ready, and else keeps
 * its position. What must be said whether or not (answers, heartbeats) waits,
 * up to ENGINEIO_WAITING_MAX; a session that would need more is closed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

#include "due.h"
#include "net.h"
#include "peers.h"

enum {
	ENGINEIO_PAYLOAD_MAX = 1000000, /* bytes of a body, or of a message */
	ENGINEIO_WAITING_MAX = 4 << 20, /* bytes waiting for one client */
	ENGINEIO_WAITING_ALL_MAX = 64 << 20, /* and for all of them */
	ENGINEIO_WRITE_MAX = 64 << 10,	     /* for one send or answer */
	ENGINEIO_UNUSED_MAX = 1000, /* sessions of an address, not in use */
	ENGINEIO_SLICE = 64, /* packets of a body that are taken in a turn */
	ENGINEIO_UPGRADE_MS = 10000, /* from WebSocket to upgrade */
	ENGINEIO_SID_LEN = 20,
};

struct engineio;
struct engineio_session;

/*
 * A connection; belongs to the caller. Zeroed, with user and `from` set, at
 * first.
 */
struct engineio_link {
	struct due due; /* first; engineio's own, as all below */
	enum {
		ENGINEIO_LINK_NEW,
		ENGINEIO_LINK_GET,
		ENGINEIO_LINK_POST,
		ENGINEIO_LINK_PROBE, /* a WebSocket that may take over */
		ENGINEIO_LINK_SOCKET,
	} role;
	bool open;   /* the WebSocket is */
	bool probed; /* "2probe" has come */
	struct engineio_session *session;
	struct in6_addr from; /* of IPv4: mapped into IPv6 */
	void *user;
};

/* What connections are told; arg is engineio_conf's wire_arg. */
struct engineio_wire {
	/* The answer to a request. The link is done with, and may be gone. */
	void (*answer)(void *arg, struct engineio_link *l,
		       const struct net_answer *a);
	/* As net_send(): false, and engineio_writable() when it takes more. */
	bool (*send)(void *arg, struct engineio_link *l, struct str frames);
	/* End a WebSocket; the link is done with, and may be gone. */
	void (*hang_up)(void *arg, struct engineio_link *l, uint16_t code,
			const char *why);
	/* Bytes that nobody can guess. */
	void (*random)(void *arg, void *p, size_t n);
};

/* What sessions tell; arg is engineio_conf's. Sessions may be closed within. */
struct engineio_events {
	void (*opened)(void *arg, struct engineio_session *s);
	void (*message)(void *arg, struct engineio_session *s, struct str data,
			bool binary);
	void (*ready)(void *arg, struct engineio_session *s);
	/* The last call for it; `why` in Socket.IO's own words. */
	void (*closed)(void *arg, struct engineio_session *s, const char *why);
};

struct engineio_conf {
	int64_t ping_interval_ms, ping_timeout_ms;
	int64_t unused_ms;	     /* see engineio_set_used() */
	size_t max_sessions;	     /* more are answered 503, */
	struct peers_limit per_peer; /* likewise, of one address */
	const struct engineio_wire *wire;
	void *wire_arg;
	const struct engineio_events *on;
	void *arg;
};

struct engineio *engineio_new(const struct engineio_conf *conf);
void engineio_free(struct engineio **ep); /* closes all sessions */

/* ---- what comes from connections ---- */

/*
 * A request: its head, and then all of it. Either may answer, now or later;
 * what was answered is over.
 */
void engineio_head(struct engineio *e, struct engineio_link *l,
		   const struct net_request *r, int64_t now_ms);
void engineio_request(struct engineio *e, struct engineio_link *l,
		      const struct net_request *r, int64_t now_ms);

/* A WebSocket is wanted: true, or answered. */
bool engineio_upgrade(struct engineio *e, struct engineio_link *l,
		      const struct net_request *r);
void engineio_opened(struct engineio *e, struct engineio_link *l,
		     int64_t now_ms);
void engineio_received(struct engineio *e, struct engineio_link *l,
		       struct str data, bool binary, int64_t now_ms);
void engineio_writable(struct engineio *e, struct engineio_link *l,
		       int64_t now_ms);

/* What came on a WebSocket cannot be used: too large. */
void engineio_refused(struct engineio *e, struct engineio_link *l,
		      int64_t now_ms);

/* A connection is no more, in whatever state it was. */
void engineio_gone(struct engineio *e, struct engineio_link *l, int64_t now_ms);

/* When engineio_tick() is due; INT64_MAX: not at all. */
int64_t engineio_deadline(const struct engineio *e);
void engineio_tick(struct engineio *e, int64_t now_ms);

/*
 * A body of many packets is taken in slices, of ENGINEIO_SLICE each, and its
 * request answered after the last one. The POST whose turn it is, or NULL; the
 * deadline says when. Others have theirs before it comes again.
 */
struct engineio_link *engineio_next_body(const struct engineio *e);
void engineio_take_body(struct engineio *e, struct engineio_link *l,
			int64_t now_ms);

/* ---- sessions ---- */

/* An id that nobody can guess; sessions have such a one. */
void engineio_draw_sid(struct engineio *e, char out[ENGINEIO_SID_LEN + 1]);

/* A pointer of the user's. */
void engineio_set_user(struct engineio_session *s, void *user);
void *engineio_user(const struct engineio_session *s);
const char *engineio_sid(const struct engineio_session *s);
bool engineio_is_websocket(const struct engineio_session *s);
/* The connection that it would be written to now; NULL: none waits. */
struct engineio_link *engineio_link_of(const struct engineio_session *s);

/*
 * A session that is not in use is closed after conf.unused_ms, counted from the
 * time that was last told. It is in use unless its user says otherwise. An
 * address that has ENGINEIO_UNUSED_MAX of them gets no more sessions (503), but
 * for those of this machine if conf.per_peer spares them.
 */
void engineio_set_used(struct engineio_session *s, bool used);

/* Send a message, in any state; what cannot go out now waits. */
void engineio_send(struct engineio_session *s, struct str data, bool binary);

/*
 * Send frames that were built before, once for many (engineio_packet.h). False:
 * they were taken, but it is not ready for more; ready() is told when it is.
 */
bool engineio_write(struct engineio_session *s, struct str frames);
bool engineio_is_ready(const struct engineio_session *s);

/* Close it; what waits is still sent, if the connection takes it. */
void engineio_close(struct engineio_session *s, const char *why);

/*
 * Close n sessions as if their connections had broken: clients come back by
 * themselves. Those in the midst of a POST are left for later. `all`: each and
 * every one. How many there are then.
 */
size_t engineio_let_go(struct engineio *e, size_t n, bool all);

struct engineio_counts {
	size_t sessions, websockets; /* now */
	size_t waiting;		     /* bytes, now */
	uint64_t opened, upgraded, closed;
	uint64_t received, sent; /* messages; sent: engineio_send() */
	/* refused requests, and sessions closed, by reason */
	uint64_t bad_requests, too_many, too_many_unused, malformed, timed_out,
		overrun, unused;
	uint64_t goodbyes_pushed; /* goodbyes.h */
};
struct engineio_counts engineio_count(const struct engineio *e);

#endif
