#ifndef GATEWAY_SOCKETIO_PEER_H
#define GATEWAY_SOCKETIO_PEER_H

/*
 * What socketio_live.c (who is there), socketio_frames.c (what they are sent)
 * and socketio_talk.c (what they say) share.
 */
#include "common/arena.h"

#include "socketio_live.h"

struct posting;

/* A client of a namespace. */
struct peer {
	struct live l; /* first; it has no connection of its own */
	struct socketio_live *s;
	struct socketio_client *c; /* NULL: it has gone */
	struct rooms_seat *seat;   /* NULL: somebody else has it */
	struct str user; /* whose notifications are its own, or absent */
	struct posting *postings;
	size_t n_postings;
	struct peer *next; /* of those that have gone, or wait */
	bool waits;	   /* for the journal */
	bool recovered;
};

struct socketio_live {
	struct gateway *g;
	struct engineio_net *wire;
	struct socketio *io;
	struct rooms *rooms;
	struct loop_work *work; /* frees those that have gone */
	/* For seats, those that wait, and time that is over. */
	struct loop_timer *timer;
	struct peer *gone, *waiting;
	struct socketio_live_counts counts;
};

/* ---- socketio_live.c ---- */

/* Add a room's patterns. -1 with *e: there is no such room, or not for it. */
int peer_room(const struct peer *p, struct str room, struct patterns *set,
	      struct err *e);

/*
 * One more of a kind, by who asks just now: with a POST, or else, where p is
 * given, on its own connection. It was told nothing yet.
 */
bool peer_comes_too_often(const struct socketio_live *s, const struct peer *p,
			  enum throttle_kind kind);

/* ---- socketio_frames.c ---- */

/* Send an event by itself: its name in quotes, and its payload. */
void peer_tell(struct peer *p, struct str name, struct str payload);

/* The newest of rooms that are one object. */
void peer_tell_state(struct peer *p, struct str room);

/* What each is told when it has connected. */
void peer_greet(struct peer *p);

/* ---- socketio_talk.c ---- */

/* socketio_events.event */
void peer_heard(struct peer *p, const struct socketio_message *m);

/* Nobody waits for what it has published any more. */
void peer_abandon(struct peer *p);

#endif
