#include "base64.h"

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

static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Three bytes of four characters, of which the last `pad` are padding. */
static bool decode4(const char *in, size_t pad, char out[3])
{
	unsigned v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - pad ? digit_of(in[i]) : 0;

		if (d < 0)
			return false;
		v = v << 6 | (unsigned)d;
	}
	out[0] = (char)(v >> 16);
	out[1] = (char)(v >> 8 & 0xff);
	out[2] = (char)(v & 0xff);
	/* Bits that belong to no byte are zero. */
	return pad == 0 || (v & ((1u << 8 * pad) - 1)) == 0;
}

bool base64_add_bytes(struct buf *b, struct str text)
{
	size_t n = text.len / 4, pad = 0;
	char *out;

	if (text.len % 4)
		return false;
	if (n && text.p[text.len - 1] == '=')
		pad = text.p[text.len - 2] == '=' ? 2 : 1;
	out = buf_reserve(b, n * 3);
	if (!out)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!decode4(text.p + i * 4, i + 1 == n ? pad : 0, out + i * 3))
			return false;
	b->len += n * 3 - pad;
	b->p[b->len] = '\0';
	return true;
}
