#include "common/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *b, struct str bytes)
{
	const unsigned char *in = (const unsigned char *)bytes.p;
	char *out = buf_reserve(b, (bytes.len + 2) / 3 * 4);

	if (!out)
		return;
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		unsigned v = (unsigned)in[i] << 16;

		if (left > 1)
			v |= (unsigned)in[i + 1] << 8;
		if (left > 2)
			v |= in[i + 2];
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[v & 63] : '=';
	}
	b->len += (bytes.len + 2) / 3 * 4;
	*out = '\0';
}

void base64url_add(struct buf *b, struct str bytes)
{
	size_t at = b->len;

	base64_add(b, bytes);
	for (size_t i = at; i < b->len; i++)
		if (b->p[i] == '+' || b->p[i] == '/')
			b->p[i] = b->p[i] == '+' ? '-' : '_';
	while (b->len > at && b->p[b->len - 1] == '=')
		b->p[--b->len] = '\0';
}

/* last: the two digits that the alphabets do not share. */
static int digit_of(char c, const char last[2])
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == last[0] ? 62 : c == last[1] ? 63 : -1;
}

/* The bytes of text without padding; those bits that are no byte are zero. */
static bool add_bytes(struct buf *b, struct str text, const char last[2])
{
	char *out = buf_reserve(b, text.len / 4 * 3 + 2);
	uint32_t bits = 0;
	unsigned n = 0;
	size_t len = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_of(text.p[i], last);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[len++] = (char)(bits >> n & 0xff);
		}
	}
	if (n >= 6 || (bits & ((1u << n) - 1)))
		return false;
	b->len += len;
	b->p[b->len] = '\0';
	return true;
}

bool base64_add_bytes(struct buf *b, struct str text)
{
	if (text.len % 4)
		return false;
	for (int pad = 0; pad < 2 && str_ends(text, STR("=")); pad++)
		text.len--;
	return add_bytes(b, text, "+/");
}

bool base64url_add_bytes(struct buf *b, struct str text)
{
	return add_bytes(b, text, "-_");
}
