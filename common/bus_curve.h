#ifndef COMMON_BUS_CURVE_H
#define COMMON_BUS_CURVE_H

/*
 * bus_curve - CURVE on a socket, and who is let in: bus.c's other half.
 *
 * The store's sockets ask for each client whether its public key is known, by
 * a request on inproc://zeromq.zap.01 (RFC 27 of ZeroMQ). The answer comes
 * from the file of peers as it is at that moment, so that keys can be added
 * while the store runs. A client that is refused tries again by itself.
 */
#include "common/bus_keys.h"

/* Make a ZeroMQ socket speak CURVE. -1 with *e: EX_OSERR. */
int bus_curve_set(void *zmq, const struct bus_keys *keys, struct err *e);

/* Where requests come in. NULL with *e: EX_OSERR. Closed by the caller. */
void *bus_zap_open(void *ctx, struct err *e);

/*
 * Answer one request. 1: it was let in; 0: there is none; -1 with *e, EX_NOPERM
 * (it was refused: who, and its key) or another code (the peers' file).
 */
int bus_zap_answer(void *zap, const char *peers, struct err *e);

#endif
