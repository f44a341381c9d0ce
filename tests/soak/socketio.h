#ifndef SOAK_SOCKETIO_H
#define SOAK_SOCKETIO_H

/*
 * socketio - clients of Socket.IO, protocol 5, on sessions of engineio.h.
 *
 * One is in the room of its topic, and now and then in another. It comes back
 * with its pid and the offset of its last event. Whoever is told then that it
 * was not recovered joins again, and fetches what it has missed from
 * /api/v1/events; what comes live meanwhile waits. It must be recovered unless
 * it has said good-bye, its token has ended, or the gateway died meanwhile.
 */
#include <stdbool.h>

#include "common/str.h"

struct client;
struct socketio;

struct socketio *socketio_new(const struct client *c);

/* ---- for engineio.c ---- */

/* There is a session. */
void socketio_opened(struct client *c);
/* A packet has come on it. False: it is over. */
bool socketio_packet(struct client *c, struct str packet);

#endif
