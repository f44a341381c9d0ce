#ifndef SOAK_CLIENT_H
#define SOAK_CLIENT_H

/*
 * client - one that comes and goes, and what it must see.
 *
 * There are three kinds. A follower goes on, on whichever transport, from the
 * position where its last connection has ended, and sees every event of its
 * topic once. One that wants the newest (`last`) sees it when it comes, and
 * then all that follow. One of Socket.IO is in a room for its topic, and sees
 * all; what it is told that it could not recover, it fetches.
 *
 * Each has a token. Some are brief, as they end while it is connected: it
 * brings another one, or is sent away.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/event.h"

#include "sight.h"
#include "soak.h"
#include "wire.h"

struct engineio;
struct socketio;

enum { CLIENT_WIRES = 3 };

enum client_kind { CLIENT_FOLLOWER, CLIENT_NEWEST, CLIENT_SOCKETIO };

/* How it is connected. */
struct transport {
	const char *name;
	/* It has wire[0]. */
	void (*begin)(struct client *c);
	/* As wire.h: what of `in` was taken; -1: the connection is over. */
	int (*take)(struct client *c, struct wire *w, struct str in);
	/* A wire has ended: true if it goes on without. NULL: it does not. */
	bool (*ended)(struct client *c, struct wire *w);
	/* While it is connected, now and then. May be NULL. */
	void (*turn)(struct client *c, int64_t now_ms);
	/* It is about to go. May be NULL; true: not with a reset. */
	bool (*leave)(struct client *c);
	uint64_t connections;
};
extern struct transport transport_websocket, transport_stream, transport_poll,
	transport_socketio;

struct client {
	unsigned index, topic;
	enum client_kind kind;
	bool wide; /* it wants all topics */
	struct wire wire[CLIENT_WIRES];
	struct transport *transport;
	bool here, stalled, over;
	bool brief;	/* its token is, and it has no other yet */
	bool begun;	/* it was subscribed once */
	int64_t due_ms; /* to end, to begin, or to read again */
	int64_t end_ms;
	int64_t stall_ms;    /* how long it is not to read; 0: it reads */
	struct position pos; /* everything up to there was seen */
	struct sight sight[SOAK_TOPICS];
	struct socketio *io;	 /* or NULL, */
	struct engineio *engine; /* likewise */
};

/* Half of them ask with a filter, which lets all through; else NULL. */
const char *client_filter(const struct client *c);

/* Its token for a new connection, and a longer one; static. */
const char *client_token(const struct client *c);
const char *client_next_token(const struct client *c);

/*
 * An event has come, as JSON; or what it says. Only what is live was seen by
 * the gateway as a whole: answers are read in the journal, which may be ahead.
 */
void client_take(struct client *c, struct str event, bool is_live);
struct client_event {
	unsigned topic;
	uint64_t n, offset;
};
bool client_read(const struct client *c, struct str event,
		 struct client_event *ev_r);
void client_see(struct client *c, const struct client_event *ev, bool is_live);

/* Where it may go on; never back. */
void client_move(struct client *c, struct position pos);

/* It begins to read nothing, if it is to be one of those. */
void client_may_stall(struct client *c);

/* ---- for soak.c ---- */

void client_init(struct client *c, unsigned index);
/* Whatever its time has come for. */
void client_turn(struct client *c, int64_t now_ms);
/* Something has come. */
void client_hear(struct wire *w);
bool client_is_behind(const struct client *c);
void client_go(struct client *c);

#endif
