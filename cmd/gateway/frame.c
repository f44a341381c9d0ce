#include "frame.h"

#include <string.h>

enum {
	FIN_TEXT = 0x81,
	FIN_CLOSE = 0x88,
	CONTROL_MAX = 125, /* bytes in a control frame */
};

size_t frame_head(size_t len, unsigned char out[FRAME_HEAD_MAX])
{
	out[0] = FIN_TEXT;
	if (len < 126) {
		out[1] = (unsigned char)len;
		return 2;
	}
	if (len <= UINT16_MAX) {
		out[1] = 126;
		out[2] = (unsigned char)(len >> 8);
		out[3] = (unsigned char)len;
		return 4;
	}
	out[1] = 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
	return 10;
}

void frame_add(struct buf *b, struct str text)
{
	unsigned char head[FRAME_HEAD_MAX];

	buf_add(b, head, frame_head(text.len, head));
	buf_add_str(b, text);
}

void frame_add_close(struct buf *b, uint16_t code, const char *why)
{
	struct str text = str_utf8_prefix(str_from(why), CONTROL_MAX - 2);

	buf_putc(b, (char)FIN_CLOSE);
	buf_putc(b, (char)(text.len + 2));
	buf_putc(b, (char)(code >> 8));
	buf_putc(b, (char)(code & 0xff));
	buf_add_str(b, text);
}
