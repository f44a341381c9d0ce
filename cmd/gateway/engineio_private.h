#ifndef GATEWAY_ENGINEIO_PRIVATE_H
#define GATEWAY_ENGINEIO_PRIVATE_H

/*
 * What engineio.c (sessions) and engineio_link.c (what comes from connections)
 * share.
 *
 * While something that came in is dealt with (busy), what is sent only waits,
 * and leaves at the end, together; closed sessions are freed then, too, so that
 * callbacks may close what they like.
 */
#include "engineio.h"
#include "engineio_packet.h"
#include "goodbyes.h"
#include "peers.h"

struct engineio_session {
	struct due beat; /* first; the next ping, or the pong asked for */
	struct due unused;
	struct in6_addr from;
	struct peer *peer;    /* of e->peers */
	struct peer *counted; /* of e->idle_peers, while not in use */
	struct engineio *e;
	struct engineio_session *next; /* of the same bucket; then: of dead */
	char sid[ENGINEIO_SID_LEN + 1];
	struct engineio_link *get, *post; /* requests that wait */
	struct due later; /* the next slice of what has come with the POST, */
	struct buf body;  /* of which so much was taken */
	size_t taken;
	struct engineio_link *socket, *probe;
	bool choked; /* the WebSocket takes no more */
	bool closed;
	bool dirty; /* in the list of those to be flushed */
	struct engineio_session *next_dirty;
	struct buf waiting; /* frames */
	void *user;
};

struct engineio {
	struct engineio_conf conf;
	struct engineio_session **bucket;
	size_t n_buckets;	  /* a power of two */
	struct peers *peers;	  /* sessions, */
	struct peers *idle_peers; /* and those that are not in use */
	struct due_list quiet, asked, probing, unused, bodies;
	struct goodbyes goodbyes; /* of sessions over HTTP */
	int64_t now_ms;
	int busy;
	struct engineio_session *dirty, *dead;
	struct buf scratch; /* the bytes of a packet in base64 */
	struct engineio_counts counts;
};

void engineio_enter(struct engineio *e, int64_t now_ms);
void engineio_leave(struct engineio *e);

/* ---- sessions ---- */

/* A new one, on a GET or a WebSocket that is open; says so to both sides. */
void engineio_open(struct engineio *e, struct engineio_link *l,
		   bool is_websocket);
struct engineio_session *engineio_find(struct engineio *e, struct str sid);
/* That has this deadline, so far behind its beginning. */
struct engineio_session *engineio_session_of(const struct due *d,
					     size_t offset);

/* Send a packet that is no message. */
void engineio_say(struct engineio_session *s, enum engineio_type type,
		  struct str data);

/* Send what waits, if that is possible: now, or when what came in is done. */
void engineio_flush(struct engineio_session *s);
void engineio_flush_soon(struct engineio_session *s);

/* Answer the GET: with what waits, or a noop. */
void engineio_answer_get(struct engineio_session *s);

/* The pong is there. */
void engineio_heard(struct engineio_session *s);

/* ---- links ---- */

/* Answer 200. */
void engineio_answer(struct engineio *e, struct engineio_link *l,
		     struct str text);

/* The link has nothing to do with its session any more. */
void engineio_unlink(struct engineio_link *l);

/* Refuse the POST; its session is closed. */
void engineio_drop_post(struct engineio_session *s);

/* End a WebSocket that did not take over. */
void engineio_drop_probe(struct engineio_session *s);

#endif
