#ifndef BENCH_GATEWAY_WIRE_H
#define BENCH_GATEWAY_WIRE_H

/*
 * wire - what a client of each server says, and what comes back: events found
 * in a stream of bytes without copying them. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum {
	WIRE_SMALL = 128, /* bytes that are kept of what comes in parts */
	WIRE_EVENT = 64,  /* bytes; a message below is no event */
};

struct wire_kind {
	const char *name;
	const char *path;     /* of the WebSocket */
	const char *protocol; /* subprotocol, or NULL */
	const char *hello;    /* said after the handshake, or NULL */
	unsigned answers;     /* messages that come back before events do */
	bool is_nats;	      /* NATS' own protocol inside binary frames */
	bool is_socketio;
	bool is_bare;
	const char *plain; /* the kind that is not compressed, or NULL */
};

const struct wire_kind *wire_kind_by_name(const char *name); /* or NULL */

/* One connection's stream; zeroed, with kind set, before it is used. */
struct wire {
	const struct wire_kind *kind;
	unsigned answered;
	unsigned char head[10];
	uint8_t have, small_len, line_len;
	uint64_t size, left; /* of the payload */
	uint64_t msg_size, msg_left;
	char small[WIRE_SMALL], line[WIRE_SMALL];
};

/* What is found; arg is the caller's. */
struct wire_events {
	/* The last answer has come: events may follow. */
	void (*ready)(void *arg);
	/* Its text, empty if it came in parts; what it took on the wire. */
	void (*event)(void *arg, struct str text, size_t bytes);
	/* The frame that must be sent to stay connected. */
	void (*reply)(void *arg, struct str frame);
};

void wire_feed(struct wire *w, const char *p, size_t n,
	       const struct wire_events *on, void *arg);

enum { WIRE_FRAME_MAX = 125 + 6 };

/* A client's frame: masked, with a mask of zero. At most 125 bytes of text. */
size_t wire_frame(unsigned opcode, struct str text, char out[WIRE_FRAME_MAX]);

/* The handshake's request; returns its length. */
size_t wire_handshake(const struct wire_kind *kind, char *out, size_t size);

#endif
