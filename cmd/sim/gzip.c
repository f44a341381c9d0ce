#include "gzip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST /* input is only read */
#include <zlib.h>

#include "common/xmem.h"

enum { GZIP_WRAPPER = 16, RAW_DEFLATE = -1 };

/*
 * Deflate in with window bits of +15 (and a wrapper) or -15 (raw) and end with
 * flush. zlib fails only without memory or on misuse.
 */
static void deflate_all(struct str in, int bits, int flush, struct buf *out)
{
	z_stream z = { 0 };
	int rc = deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 8,
			      Z_DEFAULT_STRATEGY);
	/* A flush adds a few bytes that the bound does not know of. */
	size_t room = deflateBound(&z, in.len) + 64;
	unsigned char *at = (unsigned char *)buf_reserve(out, room);

	assert(rc == Z_OK && at);
	z.next_in = (const unsigned char *)in.p;
	z.avail_in = (uInt)in.len;
	z.next_out = at;
	z.avail_out = (uInt)room;
	rc = deflate(&z, flush);
	assert(rc == (flush == Z_FINISH ? Z_STREAM_END : Z_OK));
	out->len += z.total_out;
	deflateEnd(&z);
}

void gzip_pack(struct str in, struct buf *out)
{
	deflate_all(in, MAX_WBITS + GZIP_WRAPPER, Z_FINISH, out);
}

static void add_le32(struct buf *b, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_putc(b, (char)(v >> shift & 0xff));
}

void gzip_bomb_init(struct gzip_bomb *g)
{
	char *zeros = xcalloc(1, GZIP_BOMB_BLOCK);
	uLong block_crc = crc32(0, (unsigned char *)zeros, GZIP_BOMB_BLOCK);
	uLong crc = block_crc;

	*g = (struct gzip_bomb){ 0 };
	buf_add(&g->head, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	/* A full flush: the block refers to nothing before it. */
	deflate_all((struct str){ zeros, GZIP_BOMB_BLOCK },
		    RAW_DEFLATE * MAX_WBITS, Z_FULL_FLUSH, &g->block);
	for (int i = 1; i < GZIP_BOMB_BLOCKS; i++)
		crc = crc32_combine(crc, block_crc, GZIP_BOMB_BLOCK);
	buf_add(&g->tail, "\x03\0", 2); /* an empty last block */
	add_le32(&g->tail, (uint32_t)crc);
	add_le32(&g->tail, (uint32_t)GZIP_BOMB_BLOCKS * GZIP_BOMB_BLOCK);
	g->size = g->head.len + (uint64_t)GZIP_BOMB_BLOCKS * g->block.len +
		  g->tail.len;
	free(zeros);
}

void gzip_bomb_release(struct gzip_bomb *g)
{
	buf_free(&g->head);
	buf_free(&g->block);
	buf_free(&g->tail);
}

/* What stands at pos, up to the end of its piece. */
static struct str piece_at(const struct gzip_bomb *g, uint64_t pos)
{
	uint64_t blocks = (uint64_t)GZIP_BOMB_BLOCKS * g->block.len;

	if (pos < g->head.len)
		return str_sub(buf_str(&g->head), pos, g->head.len);
	pos -= g->head.len;
	if (pos < blocks)
		return str_sub(buf_str(&g->block), pos % g->block.len,
			       g->block.len);
	return str_sub(buf_str(&g->tail), pos - blocks, g->tail.len);
}

size_t gzip_bomb_read(const struct gzip_bomb *g, uint64_t pos, char *out,
		      size_t max)
{
	size_t n = 0;

	while (n < max && pos + n < g->size) {
		struct str piece = piece_at(g, pos + n);

		if (piece.len > max - n)
			piece.len = max - n;
		memcpy(out + n, piece.p, piece.len);
		n += piece.len;
	}
	return n;
}
