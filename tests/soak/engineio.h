#ifndef SOAK_ENGINEIO_H
#define SOAK_ENGINEIO_H

/*
 * engineio - the sessions of Engine.IO, protocol 4, that clients of Socket.IO
 * have: over HTTP long polling, over a WebSocket, or from the one to the other.
 */
#include <stdbool.h>

#include "common/str.h"

struct client;
struct engineio;
struct wire;

enum {
	ENGINEIO_GET, /* or the WebSocket of one that begins with it */
	ENGINEIO_POST,
	ENGINEIO_EXTRA, /* the WebSocket that takes over; else another's */
	ENGINEIO_SID_MAX = 40,
};

#define ENGINEIO_SEPARATOR "\x1e" /* between the packets of a body */

struct engineio *engineio_new(void);

/* A new session, in whichever way; socketio_opened() when it is there. */
void engineio_begin(struct client *c);

/* One that polls goes over to a WebSocket, if it is to be one of those. */
void engineio_climb(struct client *c);

void engineio_say(struct client *c, const char *packet);

/* Its last words: true if it can say any now. */
bool engineio_say_last(struct client *c, const char *packets);

bool engineio_polls(const struct client *c);

/* As transport's. */
int engineio_take(struct client *c, struct wire *w, struct str in);
bool engineio_ended(struct client *c, struct wire *w);

#endif
