#ifndef GATEWAY_ENGINEIO_PACKET_H
#define GATEWAY_ENGINEIO_PACKET_H

/*
 * engineio_packet - the packets of Engine.IO, protocol 4, as bytes.
 *
 * A packet is a digit and data. Over a WebSocket each is a message, binary data
 * a binary message without a digit. Over HTTP a body carries several, between
 * them U+001E, binary data as 'b' and base64.
 *
 * Pure. What goes out is kept as WebSocket frames (frame.h) until it is known
 * how it goes out: to a WebSocket as it is, over HTTP as a payload.
 */
#include <stdbool.h>

#include "common/buf.h"
#include "common/str.h"

enum engineio_type {
	ENGINEIO_OPEN,
	ENGINEIO_CLOSE,
	ENGINEIO_PING,
	ENGINEIO_PONG,
	ENGINEIO_MESSAGE,
	ENGINEIO_UPGRADE,
	ENGINEIO_NOOP,
};

struct engineio_packet {
	enum engineio_type type;
	bool binary; /* a message of bytes */
	struct str data;
};

/* Read a message of a WebSocket. False if it is no packet. */
bool engineio_read(struct str message, bool binary,
		   struct engineio_packet *p_r);

/*
 * Read the next packet of a payload. 1: *p_r is set, until scratch (what holds
 * decoded bytes) is used again; 0: the end; -1: that is no packet.
 */
int engineio_read_payload(struct str *rest, struct buf *scratch,
			  struct engineio_packet *p_r);

/* Add a packet as a frame; binary data is a frame_add_binary(). */
void engineio_add(struct buf *frames, enum engineio_type type, struct str data);

/* Add frames as (more of) a payload. */
void engineio_add_payload(struct buf *payload, struct str frames);

#endif
