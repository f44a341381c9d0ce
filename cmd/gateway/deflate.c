#include "deflate.h"

#include <assert.h>
#include <stdlib.h>

#include <zlib.h>

#include "common/xmem.h"

#include "frame.h"

enum {
	WINDOW_BITS = -15, /* raw, without a head */
	MEM_LEVEL = 8,
};

/* What a flush ends in, and is left away (RFC 7692, 7.2.1). */
static const unsigned char tail[] = { 0x00, 0x00, 0xff, 0xff };

/* zlib takes a plain pointer, and does not write through it. */
static unsigned char *input(const void *p)
{
	return (unsigned char *)(uintptr_t)p;
}

/* ---- out ---- */

struct deflater {
	z_stream z;
	struct buf out;
	struct deflater_counts counts;
};

static void must(int rc)
{
	(void)rc;
	assert(rc == Z_OK); /* it fails for want of memory only */
}

static void *take_memory(void *opaque, unsigned n, unsigned size)
{
	(void)opaque;
	return xcalloc(n, size);
}

static void give_memory(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

struct deflater *deflater_new(void)
{
	struct deflater *d = xcalloc(1, sizeof(*d));

	d->z.zalloc = take_memory;
	d->z.zfree = give_memory;
	must(deflateInit2(&d->z, DEFLATE_LEVEL, Z_DEFLATED, WINDOW_BITS,
			  MEM_LEVEL, Z_DEFAULT_STRATEGY));
	return d;
}

void deflater_free(struct deflater **dp)
{
	struct deflater *d = *dp;

	if (!d)
		return;
	deflateEnd(&d->z);
	buf_free(&d->out);
	free(d);
	*dp = NULL;
}

/* Absent where it does not get shorter. */
static struct str pack(struct deflater *d, struct str text)
{
	/* More than that is of no use to anybody. */
	size_t room = text.len + sizeof(tail) - 1;

	buf_reset(&d->out);
	d->z.next_out = (unsigned char *)buf_reserve(&d->out, room);
	d->z.avail_out = (unsigned)room;
	d->z.next_in = input(text.p);
	d->z.avail_in = (unsigned)text.len;
	must(deflateReset(&d->z));
	/* Without room left there is, or may be, more to come. */
	if (deflate(&d->z, Z_SYNC_FLUSH) != Z_OK || d->z.avail_out == 0)
		return (struct str){ 0 };
	return (struct str){ d->out.p, room - d->z.avail_out - sizeof(tail) };
}

void deflater_add(struct deflater *d, struct str text, struct buf *b)
{
	struct str packed = { 0 };

	if (text.len >= DEFLATE_MIN && text.len <= UINT32_MAX / 2)
		packed = pack(d, text);
	if (!packed.p) {
		frame_add(b, text);
		return;
	}
	d->counts.messages++;
	d->counts.before += text.len;
	d->counts.after += packed.len;
	frame_add_deflated(b, packed);
}

struct deflater_counts deflater_count(const struct deflater *d)
{
	return d->counts;
}

/* ---- in ---- */

struct inflater {
	z_stream z;
	struct buf out;
	bool fresh;   /* at the start of a stream, */
	bool between; /* or of another block */
};

struct inflater *inflater_new(void)
{
	struct inflater *i = xcalloc(1, sizeof(*i));

	i->z.zalloc = take_memory;
	i->z.zfree = give_memory;
	must(inflateInit2(&i->z, WINDOW_BITS));
	return i;
}

void inflater_free(struct inflater **ip)
{
	struct inflater *i = *ip;

	if (!i)
		return;
	inflateEnd(&i->z);
	buf_free(&i->out);
	free(i);
	*ip = NULL;
}

size_t inflater_packed_max(size_t max)
{
	return max + max / 8 + 64;
}

/* The end of a last block is one step before the end of the stream. */
static bool goes_on(const struct inflater *i)
{
	return i->z.avail_in ||
	       (i->between && !i->fresh && (i->z.data_type & 64));
}

/*
 * Inflate all of it, as far as there is room. A block that says it is the last
 * one may be followed by others, from the next byte on (7.2.3.4).
 */
static enum inflate_result feed(struct inflater *i, struct str in)
{
	i->z.next_in = input(in.p);
	i->z.avail_in = (unsigned)in.len;
	while (goes_on(i)) {
		int rc = inflate(&i->z, Z_BLOCK);

		i->fresh = rc == Z_STREAM_END;
		i->between = i->fresh || (i->z.data_type & 128);
		if (i->fresh)
			rc = inflateReset(&i->z);
		if (i->z.avail_out == 0)
			return INFLATE_TOO_LARGE;
		/* A block without content is made of bits it had: no error. */
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return INFLATE_BROKEN;
	}
	return INFLATE_OK;
}

enum inflate_result inflater_read(struct inflater *i, struct str packed,
				  size_t max, struct str *out_r)
{
	const struct str end = { (const char *)tail, sizeof(tail) };
	enum inflate_result r;

	assert(packed.len <= UINT32_MAX && max < UINT32_MAX);
	i->z.next_out = (unsigned char *)buf_reserve(&i->out, max + 1);
	i->z.avail_out = (unsigned)max + 1;
	i->fresh = i->between = true;
	must(inflateReset(&i->z));
	r = feed(i, packed);
	/* Who ended with a last block may have left nothing away. */
	if (r == INFLATE_OK && !i->fresh)
		r = feed(i, end);
	if (r == INFLATE_OK && !i->between)
		r = INFLATE_BROKEN;
	*out_r = (struct str){ i->out.p, max + 1 - i->z.avail_out };
	return r;
}
