#ifndef GATEWAY_FRAME_H
#define GATEWAY_FRAME_H

/*
 * frame - the bytes around what a server sends: a WebSocket message (RFC 6455,
 * section 5.2; never masked, never split), or a block of Server-Sent Events
 * (HTML standard, section 9.2).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/event.h"

enum { FRAME_HEAD_MAX = 10, FRAME_CUSTOMS = 4 };

/* From FRAME_CUSTOM on, kinds are made by whoever has clients of them. */
enum frame_kind {
	FRAME_WEBSOCKET,
	FRAME_SSE,
	FRAME_CLOUDEVENT, /* a WebSocket message: one whole event */
	/* The first and the third, compressed where that is worth it. */
	FRAME_WEBSOCKET_DEFLATED,
	FRAME_CLOUDEVENT_DEFLATED,
	FRAME_CUSTOM,
	FRAME_KINDS = FRAME_CUSTOM + FRAME_CUSTOMS,
};

/* The kind of frame that has the same in it, not compressed. */
enum frame_kind frame_plain(enum frame_kind kind);

/* And the one that is compressed, of a kind that there is of both. */
enum frame_kind frame_deflated(enum frame_kind kind);

/*
 * Add an event's JSON; on SSE with its position as the block's id. Not for
 * kinds that are compressed (deflate.h), nor for custom ones.
 */
void frame_add_event(enum frame_kind kind, struct position pos, struct str json,
		     struct buf *b);

/* ---- WebSocket ---- */

/* The head of a text message of len bytes; returns the head's length. */
size_t frame_head(size_t len, unsigned char out[FRAME_HEAD_MAX]);

/* Add a whole message. */
void frame_add(struct buf *b, struct str text);
void frame_add_binary(struct buf *b, struct str bytes);
/* A text message that is compressed already (deflate.h). */
void frame_add_deflated(struct buf *b, struct str packed);

/*
 * Cut the first message off frames that were built here; false at their end.
 */
bool frame_next(struct str *frames, struct str *data_r, bool *binary_r);

/* Add a ping that carries text, cut to what fits. */
void frame_add_ping(struct buf *b, struct str text);

/* Add a close message; `why` is cut to what fits. */
void frame_add_close(struct buf *b, uint16_t code, const char *why);

/* ---- Server-Sent Events: lines of a block, and its end ---- */

/* The position to come back with; none where its epoch is 0. */
void frame_add_id(struct buf *b, struct position pos);

/* Text as `data`: each of its lines on one of its own. */
void frame_add_data(struct buf *b, struct str text);

void frame_end_block(struct buf *b);

/* A comment: nobody is told, the connection is seen to be alive. */
void frame_add_comment(struct buf *b);

#endif
