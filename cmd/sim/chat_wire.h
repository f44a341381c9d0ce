#ifndef SIM_CHAT_WIRE_H
#define SIM_CHAT_WIRE_H

/*
 * chat_wire - requests, and the server's side of a WebSocket (RFC 6455), as
 * bytes. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum { WIRE_HEAD_MAX = 16 << 10, WIRE_FRAME_MAX = 64 << 10 };

struct wire_head { /* borrows from the input */
	struct str method, path, query;
	struct str key, protocol, last_id; /* absent where not sent */
	size_t len;			   /* of the whole head */
};

/* 1: read; 0: more is needed; -1: no request. */
int wire_head_read(struct str in, struct wire_head *h_r);
/* A member of a query string, as it stands; absent: there is none. */
struct str wire_query(struct str query, const char *name);

/* The answer that makes a WebSocket of it. */
void wire_upgrade(struct buf *out, const struct wire_head *h);
void wire_frame(struct buf *out, unsigned opcode, struct str payload);
/*
 * One frame of a client, unmasked in place. 1: read, *used_r bytes; 0: more is
 * needed; -1: none that we take.
 */
int wire_frame_read(char *in, size_t len, unsigned *opcode_r,
		    struct str *payload_r, size_t *used_r);

#endif
