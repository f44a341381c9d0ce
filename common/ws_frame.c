#include "common/ws_frame.h"

#include <string.h>

#include "common/xmem.h"

static bool is_opcode(unsigned opcode)
{
	return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

/* n bytes, most significant first. */
static uint64_t number(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static const char *fault(const unsigned char *p)
{
	unsigned opcode = p[0] & 0x0f;
	bool control = opcode >= WS_CLOSE;

	if (p[0] & 0x70)
		return "reserved bit set";
	if (!is_opcode(opcode))
		return "unknown opcode";
	if (p[1] & 0x80)
		return "masked frame";
	if (control && !(p[0] & 0x80))
		return "control frame in parts";
	if (control && (p[1] & 0x7f) > WS_CONTROL_MAX)
		return "control frame too long";
	return NULL;
}

enum ws_frame_result ws_frame_read(struct str in, size_t max,
				   struct ws_frame *frame_r, size_t *used_r,
				   const char **why_r)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t size; /* bytes of a longer length */
	uint64_t len;

	if (in.len < 2)
		return WS_FRAME_MORE;
	*why_r = fault(p);
	if (*why_r)
		return WS_FRAME_BAD;
	len = p[1] & 0x7f;
	size = len == 126 ? 2 : len == 127 ? 8 : 0;
	if (in.len < 2 + size)
		return WS_FRAME_MORE;
	if (size)
		len = number(p + 2, size);
	if (len >> 63 || (size == 2 && len < 126) ||
	    (size == 8 && len <= 0xffff)) {
		*why_r = "length in a form that it may not have";
		return WS_FRAME_BAD;
	}
	if (len > max && (p[0] & 0x0f) < WS_CLOSE)
		return WS_FRAME_BIG;
	if (in.len - 2 - size < len)
		return WS_FRAME_MORE;
	frame_r->opcode = p[0] & 0x0f;
	frame_r->final = p[0] & 0x80;
	frame_r->payload = str_sub(in, 2 + size, 2 + size + (size_t)len);
	*used_r = 2 + size + (size_t)len;
	return WS_FRAME_OK;
}

void ws_frame_write(struct buf *out, unsigned opcode, struct str payload,
		    uint32_t mask)
{
	unsigned char key[4];
	size_t n = payload.len;
	char *p;

	buf_putc(out, (char)(0x80 | opcode));
	if (n < 126) {
		buf_putc(out, (char)(0x80 | n));
	} else {
		size_t bytes = n <= 0xffff ? 2 : 8;

		buf_putc(out, (char)(0x80 | (bytes == 2 ? 126 : 127)));
		for (size_t i = bytes; i-- > 0;)
			buf_putc(out, (char)((uint64_t)n >> (8 * i)));
	}
	memcpy(key, &mask, sizeof(key));
	buf_add(out, key, sizeof(key));
	p = buf_reserve(out, n);
	if (!p)
		return;
	for (size_t i = 0; i < n; i++)
		p[i] = (char)((unsigned char)payload.p[i] ^ key[i & 3]);
	out->len += n;
}

/* Those that no endpoint may send are left out (7.4.2). */
static bool is_close_code(unsigned code)
{
	if (code >= 3000 && code <= 4999)
		return true;
	return code >= 1000 && code <= 1014 && code != 1004 &&
	       code != WS_NO_CODE && code != 1006;
}

bool ws_close_read(struct str payload, unsigned *code_r, struct str *text_r)
{
	*code_r = WS_NO_CODE;
	*text_r = (struct str){ 0 };
	if (!payload.len)
		return true;
	if (payload.len < 2)
		return false;
	*code_r = (unsigned)number((const unsigned char *)payload.p, 2);
	*text_r = str_sub(payload, 2, payload.len);
	return is_close_code(*code_r) && str_is_utf8(*text_r);
}

const char *ws_close_name(unsigned code)
{
	static const char *const names[] = {
		"normal",
		"going away",
		"protocol error",
		"unwanted data",
		"",
		"no code",
		"",
		"bad data",
		"policy",
		"too big",
		"no extension",
		"server error",
		"server restart",
		"try later",
		"bad gateway",
	};

	if (code < WS_NORMAL || code - WS_NORMAL >= ARRAY_LEN(names))
		return "";
	return names[code - WS_NORMAL];
}
