#ifndef GATEWAY_SOCKETIO_H
#define GATEWAY_SOCKETIO_H

/*
 * socketio - Socket.IO, protocol 5, on sessions of Engine.IO (engineio.h).
 *
 * A client is one end of a namespace; a session carries several, which share
 * its connection. A client that its user writes to only while it is ready, and
 * that comes back with a position, needs no queue here.
 *
 * Connection state recovery: what a client was told as its `pid` it says again
 * when it comes back, with the offset of the last event that it had (the last
 * argument of an event, where that is a string). Whether it could be recovered
 * is judged by the user, who then gives the same pid again; there is nothing to
 * keep here. Since a client that had no event has no offset, a pid should carry
 * the position at which it was given.
 *
 * Pure: no clock, no sockets. What breaks the protocol closes its session
 * ("parse error"), and is counted.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#include "engineio.h"
#include "socketio_packet.h"

enum {
	SOCKETIO_CONNECT_MS = 15000,	   /* without any namespace */
	SOCKETIO_NAMESPACES_MAX = 8,	   /* of one session */
	SOCKETIO_PARTS_MAX = 4 << 20,	   /* bytes of one binary packet */
	SOCKETIO_PARTS_ALL_MAX = 64 << 20, /* of all that are not whole yet */
};

struct socketio;
struct socketio_client;

/* A client that comes. Strings are valid during the call. */
struct socketio_hello {
	struct str nsp;
	struct str auth;	/* a JSON object, as it came; {} without */
	struct str pid, offset; /* of a client that comes back, or absent */
};

/*
 * What it is told. What is absent is not said, or made here; strings are still
 * needed when hello() has returned.
 */
struct socketio_welcome {
	struct str refusal; /* the message of a connect_error */
	struct str sid;	    /* of a client that was recovered: its old one */
	struct str pid;
};

/* An event or an ack. */
struct socketio_message {
	struct str args; /* a JSON array; of an event, its name first */
	bool has_id;	 /* an event: it is to be acknowledged */
	uint64_t id;
	const struct str *attachment; /* what args has placeholders for */
	size_t n;
};

/* arg is socketio_conf's. Within, the client itself may be disconnected. */
struct socketio_events {
	void (*hello)(void *arg, struct socketio_client *c,
		      const struct socketio_hello *h,
		      struct socketio_welcome *w_r);
	/* It was told so; what is sent comes after that. */
	void (*connected)(void *arg, struct socketio_client *c,
			  const struct socketio_hello *h);
	void (*event)(void *arg, struct socketio_client *c,
		      const struct socketio_message *m);
	/* Its answer to what was sent with an id. May be NULL. */
	void (*acked)(void *arg, struct socketio_client *c,
		      const struct socketio_message *m);
	/* It takes more (engineio.h). May be NULL. */
	void (*ready)(void *arg, struct socketio_client *c);
	/* The last call for one that was connected. */
	void (*closed)(void *arg, struct socketio_client *c, const char *why);
};

/*
 * After such an end it may come back, and go on where it was: as in the
 * reference implementation, not where either side has said good-bye.
 */
bool socketio_may_return(const char *why);

struct socketio_conf {
	struct engineio_conf engine; /* without its on and arg */
	const struct socketio_events *on;
	void *arg;
};

struct socketio *socketio_new(const struct socketio_conf *conf);
void socketio_free(struct socketio **sp);

/* Where what comes from connections goes. */
struct engineio *socketio_engine(struct socketio *s);

/* A pointer of the user's. */
void socketio_set_user(struct socketio_client *c, void *user);
void *socketio_user(const struct socketio_client *c);
const char *socketio_sid(const struct socketio_client *c);
struct str socketio_namespace(const struct socketio_client *c);
/* As engineio_link_of(). */
struct engineio_link *socketio_link_of(const struct socketio_client *c);

/* Send an event, or the answer to one; what cannot go out now waits. */
void socketio_emit(struct socketio_client *c, const struct socketio_message *m);
void socketio_ack(struct socketio_client *c, const struct socketio_message *m);

/*
 * The event as frames, for one namespace and any number of clients; and write
 * such frames to one of them, as engineio_write().
 */
void socketio_add_frames(struct str nsp, const struct socketio_message *m,
			 struct buf *frames);
bool socketio_write(struct socketio_client *c, struct str frames);
bool socketio_is_ready(const struct socketio_client *c);

/* Tell it that it is not connected any more; closed() is called within. */
void socketio_disconnect(struct socketio_client *c);

/*
 * End its session, with all that it carries, as if the connection had broken:
 * clients come back by themselves. closed() is called within.
 */
void socketio_hang_up(struct socketio_client *c, const char *why);

struct socketio_counts {
	size_t clients; /* now */
	size_t parts;	/* bytes of packets that are not whole yet, now */
	uint64_t connected, refused, events, acks, malformed;
};
struct socketio_counts socketio_count(const struct socketio *s);

#endif
