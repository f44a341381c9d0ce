#ifndef GATEWAY_SOCKETIO_PACKET_H
#define GATEWAY_SOCKETIO_PACKET_H

/*
 * socketio_packet - the packets of Socket.IO, protocol 5
 * (github.com/socketio/socket.io-protocol), as text.
 *
 *	TYPE [ATTACHMENTS-] [/NAMESPACE,] [ID] [JSON]
 *
 * Binary data are attachments: messages of their own after the packet, in whose
 * JSON {"_placeholder":true,"num":0} stands for the first one, and so on.
 *
 * Pure, and strict: what is read is what a client may send, JSON that is fit to
 * be passed on (JSON_STRICT), and every placeholder has its attachment.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum {
	SOCKETIO_ATTACHMENTS_MAX = 64, /* of one packet */
	SOCKETIO_DEPTH_MAX = 32,       /* nested values of a binary packet */
	SOCKETIO_NAMESPACE_MAX = 128,  /* bytes of its name */
};
#define SOCKETIO_ID_MAX ((UINT64_C(1) << 53) - 1) /* what clients count with */

enum socketio_type {
	SOCKETIO_CONNECT,
	SOCKETIO_DISCONNECT,
	SOCKETIO_EVENT,
	SOCKETIO_ACK,
	SOCKETIO_CONNECT_ERROR,
	SOCKETIO_BINARY_EVENT,
	SOCKETIO_BINARY_ACK,
};

struct socketio_packet {
	enum socketio_type type;
	size_t n_attachments; /* of a binary packet */
	struct str nsp;	      /* starts with '/' */
	bool has_id;
	uint64_t id;
	/*
	 * JSON. An event: an array, its name (or a number) first. An ack: an
	 * array. Connect: an object, or absent.
	 */
	struct str data;
};

/*
 * Read what a client may send; strings in *p_r are parts of text. -1 with *e:
 * EX_DATAERR.
 */
int socketio_read(struct str text, struct socketio_packet *p_r, struct err *e);

void socketio_print(const struct socketio_packet *p, struct buf *b);

#endif
