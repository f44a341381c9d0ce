#ifndef COMMON_WS_FRAME_H
#define COMMON_WS_FRAME_H

/*
 * ws_frame - frames of a WebSocket as its client sees them (RFC 6455, 5).
 *
 * Pure. What a server sends must be without a mask and without extensions; what
 * we send has a mask.
 */
#include "common/buf.h"
#include "common/str.h"

enum {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

enum {
	WS_CONTROL_MAX = 125, /* bytes of a close, ping or pong */
	WS_HEAD_MAX = 14,     /* bytes before the payload */
};

/* Close codes (7.4.1). */
enum {
	WS_NORMAL = 1000,
	WS_GOING_AWAY = 1001,
	WS_PROTOCOL_ERROR = 1002,
	WS_NO_CODE = 1005, /* there was none */
	WS_BAD_DATA = 1007,
	WS_POLICY = 1008,
	WS_TOO_BIG = 1009,
	WS_TRY_LATER = 1013,
};

struct ws_frame {
	unsigned opcode;
	bool final;
	struct str payload; /* borrows from the input */
};

enum ws_frame_result {
	WS_FRAME_MORE, /* the input ends within it */
	WS_FRAME_OK,   /* *frame_r is set, *used_r bytes are used */
	WS_FRAME_BAD,  /* *why_r says what is against the protocol */
	WS_FRAME_BIG,  /* a payload of more than max bytes was announced */
};

enum ws_frame_result ws_frame_read(struct str in, size_t max,
				   struct ws_frame *frame_r, size_t *used_r,
				   const char **why_r);

/* Add a whole message or a control frame to out. */
void ws_frame_write(struct buf *out, unsigned opcode, struct str payload,
		    uint32_t mask);

/*
 * The code and the text of a close frame's payload; WS_NO_CODE where it is
 * empty. False where it is none that may be sent.
 */
bool ws_close_read(struct str payload, unsigned *code_r, struct str *text_r);

/* "going away" …, or "" for a code that has no name. */
const char *ws_close_name(unsigned code);

#endif
