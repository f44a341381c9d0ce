#ifndef GATEWAY_FRAME_H
#define GATEWAY_FRAME_H

/*
 * frame - the bytes around a WebSocket message that a server sends (RFC 6455,
 * section 5.2): never masked, never split.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum { FRAME_HEAD_MAX = 10 };

/* The head of a text message of len bytes; returns the head's length. */
size_t frame_head(size_t len, unsigned char out[FRAME_HEAD_MAX]);

/* Add a whole text message. */
void frame_add(struct buf *b, struct str text);

/* Add a close message; `why` is cut to what fits. */
void frame_add_close(struct buf *b, uint16_t code, const char *why);

#endif
