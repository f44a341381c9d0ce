#ifndef GATEWAY_PRESENCE_LIVE_H
#define GATEWAY_PRESENCE_LIVE_H

/*
 * presence_live - presence (presence.h) of the hub's clients: counted as they
 * subscribe, told to the other gateways as $presence/gateway/ID, and to those
 * clients who want to know.
 */
#include "live.h"

enum { PRESENCE_TICK_MS = 1000 }; /* at most one message of a topic in it */

struct presence_live;

struct presence_live *presence_live_new(struct gateway *g);
void presence_live_free(struct presence_live **pp); /* after its clients */

/* hub_conf.wants */
void presence_live_wants(void *user, const struct patterns *before,
			 const struct patterns *now);

/* Its session is somebody else's from now on. */
void presence_live_who(struct live *l);

/* A control message $presence/... */
void presence_live_hear(struct gateway *g, struct str topic, struct str data);

/* Tell a client who is there, and from now on what changes; it has subscribed
 * to these. */
void presence_live_watch(struct live *l, const struct str *pattern, size_t n);

/* Its socket takes more again: what it was not told meanwhile. */
void presence_live_drained(struct live *l);

/* Our own figures of it. */
void presence_live_report(const struct presence_live *pl, struct stats *stats);

#endif
