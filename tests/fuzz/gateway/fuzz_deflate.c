/*
 * Of permessage-deflate: a header, and in the lines after it a compressed
 * message.
 */
#include <assert.h>

#include "cmd/gateway/deflate.h"
#include "cmd/gateway/deflate_offer.h"

enum { MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_offer(struct str header)
{
	struct deflate_offer o = deflate_offer_read(header);

	assert(o.taken == (o.answer != NULL));
	assert(!o.taken || (o.asked && o.mentions));
	assert(o.mentions * sizeof("permessage-deflate") <= header.len + 1);
}

/* What was made of it is compressed, and comes back. */
static void try_again(struct inflater *in, struct str text)
{
	struct deflater *d = deflater_new();
	struct buf frame = { 0 }, was = { 0 };
	struct str packed;

	buf_add_str(&was, text);
	deflater_add(d, buf_str(&was), &frame);
	assert(frame.len <= was.len + 4);
	if (frame.p[0] == '\xc1') {
		packed = str_sub(buf_str(&frame), frame.p[1] < 126 ? 2 : 4,
				 frame.len);
		assert(inflater_read(in, packed, MAX, &text) == INFLATE_OK);
		assert(str_eq(text, buf_str(&was)));
	}
	buf_free(&was);
	buf_free(&frame);
	deflater_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct inflater *in = inflater_new();
	struct str text;

	try_offer(str_cut(rest, '\n', &rest));
	if (rest.p && inflater_read(in, rest, MAX, &text) == INFLATE_OK) {
		assert(text.len <= MAX);
		try_again(in, text);
	}
	inflater_free(&in);
	return 0;
}
