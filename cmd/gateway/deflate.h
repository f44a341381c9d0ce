#ifndef GATEWAY_DEFLATE_H
#define GATEWAY_DEFLATE_H

/*
 * deflate - WebSocket messages compressed, and back: permessage-deflate
 * (RFC 7692, section 7.2) without context takeover, so that what was compressed
 * once is for everybody, and nobody has a stream of their own. zlib behind it.
 *
 * A deflater and an inflater have some 300 KiB and 170 KiB, whatever the number
 * of clients.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum {
	DEFLATE_MIN = 200, /* bytes of a message that is compressed */
	DEFLATE_LEVEL = 2, /* small texts gain nothing from a higher one */
};

/* ---- out ---- */

struct deflater_counts {
	uint64_t messages; /* compressed, */
	uint64_t before;   /* from so many bytes, */
	uint64_t after;	   /* to so many */
};

struct deflater;

struct deflater *deflater_new(void);
void deflater_free(struct deflater **dp);

/*
 * Add a whole text message as a frame: compressed, where that makes it shorter,
 * and otherwise plain. Never longer than a plain frame.
 */
void deflater_add(struct deflater *d, struct str text, struct buf *b);

struct deflater_counts deflater_count(const struct deflater *d);

/* ---- in ---- */

enum inflate_result {
	INFLATE_OK,
	INFLATE_BROKEN,	   /* not what section 7.2.2 reads */
	INFLATE_TOO_LARGE, /* there would be more than max bytes */
};

struct inflater;

struct inflater *inflater_new(void);
void inflater_free(struct inflater **ip);

/* The most bytes that max bytes may be compressed to, by whom does it badly. */
size_t inflater_packed_max(size_t max);

/*
 * A message's payload, of all its frames. *out_r is valid until the next call.
 * No more than max + 1 bytes are made of it.
 */
enum inflate_result inflater_read(struct inflater *i, struct str packed,
				  size_t max, struct str *out_r);

#endif
