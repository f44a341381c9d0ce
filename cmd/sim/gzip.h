#ifndef SIM_GZIP_H
#define SIM_GZIP_H

/*
 * gzip - compressed bodies (RFC 1952, zlib behind it), the honest and the
 * other kind.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

/* Add in, compressed, to out. */
void gzip_pack(struct str in, struct buf *out);

enum {
	GZIP_BOMB_BLOCK = 1 << 20, /* zeros that one block stands for */
	GZIP_BOMB_BLOCKS = 2048,   /* 2 GiB in all */
};

/*
 * The bomb: one compressed block, sent again and again, is a valid stream of
 * GZIP_BOMB_BLOCKS × GZIP_BOMB_BLOCK zeros, and no memory or time was spent on
 * them. Built by _init, read piece by piece from any position.
 */
struct gzip_bomb {
	struct buf head, block, tail;
	uint64_t size; /* of the compressed stream, in bytes */
};
void gzip_bomb_init(struct gzip_bomb *g);
void gzip_bomb_release(struct gzip_bomb *g);
size_t gzip_bomb_read(const struct gzip_bomb *g, uint64_t pos, char *out,
		      size_t max);

#endif
