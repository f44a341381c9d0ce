#ifndef GATEWAY_SOCKETIO_LIVE_H
#define GATEWAY_SOCKETIO_LIVE_H

/*
 * socketio_live - Socket.IO's clients as clients of the hub.
 *
 * A client is in rooms, which are patterns of topics (compat.h); it is written
 * to while its session is ready, and else keeps its position. Events are framed
 * once for each namespace, under the names and with the payloads that old
 * clients know.
 *
 * Its pid is random and carries the position at which it was given, so that a
 * client that had no event yet can come back to it, too. What it needs besides
 * is its seat (rooms.h); what it has missed is in the journal.
 */
#include "engineio_net.h"
#include "live.h"
#include "rooms.h"
#include "socketio.h"

enum {
	SOCKETIO_PING_MS = 25000, /* Socket.IO's own intervals */
	SOCKETIO_PONG_MS = 20000,
	SOCKETIO_PUBLISH_MAX = 64, /* of one client, not confirmed yet */
};

struct socketio_live;

struct socketio_live *socketio_live_new(struct gateway *g);
/* After net_free(), before the hub is. */
void socketio_live_free(struct socketio_live **sp);

/* Connections at /socket.io/ and below. */
struct engineio_net *socketio_live_wire(struct socketio_live *s);
bool socketio_live_is_path(struct str path);

/* hub_conf.send, .send_to, .broken and .encode, for what is no connection. */
bool socketio_live_send(struct live *l, struct str frames);
void socketio_live_broken(struct live *l);
void socketio_live_encode(struct socketio_live *s, enum frame_kind kind,
			  const struct event *ev, bool is_past, struct buf *b);

/* Its connection, if it has one now; and let it go, for good. */
struct net_conn *socketio_live_conn(const struct live *l);
void socketio_live_end(struct live *l);

/* engineio_let_go(): their seats are left. */
size_t socketio_live_let_go(struct socketio_live *s, size_t n, bool all);

/*
 * The seats that were left: to the program that is executed next (the
 * descriptor for handover_leave(), or -1), and from the one before, which is
 * called before there are clients. What cannot be handed over, or be read, is
 * said in one line of the log, and those clients begin anew.
 */
int socketio_live_hand_over(const struct socketio_live *s);
void socketio_live_take_over(struct socketio_live *s);

/* How old payloads find values of before (compat.h); arg is the gateway. */
void socketio_live_past(void *arg, struct str pattern,
			void (*fn)(void *fn_arg, const struct event *ev),
			void *fn_arg);

/* What there is now, and since the start. */
struct socketio_live_counts {
	struct socketio_counts io;
	struct engineio_counts engine;
	struct rooms_counts rooms;
	uint64_t recovered, restarted; /* clients that came back: whole, not */
	uint64_t published;
};
struct socketio_live_counts socketio_live_count(const struct socketio_live *s);
/* The same as figures, socketio_... */
void socketio_live_report(const struct socketio_live *s, struct stats *stats);
void socketio_live_each_room(const struct socketio_live *s,
			     bool (*fn)(void *arg, struct str room,
					size_t clients),
			     void *arg);

#endif
