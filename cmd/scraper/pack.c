#include "pack.h"

void pack_number(struct buf *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		buf_putc(b, (char)(0x80 | (v & 0x7f)));
	buf_putc(b, (char)v);
}

void pack_text(struct buf *b, struct str s)
{
	pack_number(b, s.p ? s.len + 1 : 0);
	buf_add_str(b, s);
}

uint64_t unpack_number(struct unpack *u)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && u->rest.len; shift += 7) {
		unsigned char c = (unsigned char)*u->rest.p;

		u->rest = str_sub(u->rest, 1, u->rest.len);
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	u->bad = true;
	return 0;
}

struct str unpack_bytes(struct unpack *u, uint64_t n)
{
	struct str s;

	if (n > u->rest.len) {
		u->bad = true;
		return (struct str){ 0 };
	}
	s = str_sub(u->rest, 0, (size_t)n);
	u->rest = str_sub(u->rest, (size_t)n, u->rest.len);
	return s;
}

struct str unpack_text(struct unpack *u)
{
	uint64_t len = unpack_number(u);

	return len ? unpack_bytes(u, len - 1) : (struct str){ 0 };
}

size_t unpack_count(struct unpack *u, size_t size)
{
	uint64_t n = unpack_number(u);

	if (n <= u->rest.len / size)
		return (size_t)n;
	u->bad = true;
	return 0;
}
