#include "frame.h"

#include <assert.h>
#include <string.h>

enum {
	FIN_TEXT = 0x81,
	RSV1 = 0x40, /* RFC 7692: compressed */
	FIN_BINARY = 0x82,
	FIN_CLOSE = 0x88,
	FIN_PING = 0x89,
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

void frame_add_deflated(struct buf *b, struct str packed)
{
	unsigned char head[FRAME_HEAD_MAX];
	size_t len = frame_head(packed.len, head);

	head[0] |= RSV1;
	buf_add(b, head, len);
	buf_add_str(b, packed);
}

void frame_add_binary(struct buf *b, struct str bytes)
{
	unsigned char head[FRAME_HEAD_MAX];
	size_t len = frame_head(bytes.len, head);

	head[0] = FIN_BINARY;
	buf_add(b, head, len);
	buf_add_str(b, bytes);
}

bool frame_next(struct str *frames, struct str *data_r, bool *binary_r)
{
	const unsigned char *p = (const unsigned char *)frames->p;
	size_t head = 2, len;

	if (frames->len == 0)
		return false;
	assert(p[0] == FIN_TEXT || p[0] == FIN_BINARY);
	len = p[1];
	if (len == 126 || len == 127) {
		size_t more = len == 126 ? 2 : 8;

		len = 0;
		for (size_t i = 0; i < more; i++)
			len = len << 8 | p[2 + i];
		head += more;
	}
	assert(head <= frames->len && len <= frames->len - head);
	*binary_r = p[0] == FIN_BINARY;
	*data_r = str_sub(*frames, head, head + len);
	*frames = str_sub(*frames, head + len, frames->len);
	return true;
}

void frame_add_ping(struct buf *b, struct str text)
{
	text = str_utf8_prefix(text, CONTROL_MAX);
	buf_putc(b, (char)FIN_PING);
	buf_putc(b, (char)text.len);
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

void frame_add_id(struct buf *b, struct position pos)
{
	char text[POSITION_TEXT_MAX];

	if (pos.epoch)
		buf_addf(b, "id: %s\n", position_format(pos, text));
}

/* JSON may have line ends between its tokens: LF, CR or both, as here. */
void frame_add_data(struct buf *b, struct str text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool is_cr = text.p[i] == '\r';

		if (!is_cr && text.p[i] != '\n')
			continue;
		buf_puts(b, "data: ");
		buf_add_str(b, str_sub(text, from, i));
		buf_putc(b, '\n');
		i += is_cr && i + 1 < text.len && text.p[i + 1] == '\n';
		from = i + 1;
	}
	buf_puts(b, "data: ");
	buf_add_str(b, str_sub(text, from, text.len));
	buf_putc(b, '\n');
}

void frame_end_block(struct buf *b)
{
	buf_putc(b, '\n');
}

void frame_add_comment(struct buf *b)
{
	buf_puts(b, ":\n\n");
}

void frame_add_event(enum frame_kind kind, struct position pos, struct str json,
		     struct buf *b)
{
	if (kind != FRAME_SSE) {
		frame_add(b, json);
		return;
	}
	frame_add_id(b, pos);
	frame_add_data(b, json);
	frame_end_block(b);
}

enum frame_kind frame_plain(enum frame_kind kind)
{
	switch (kind) {
	case FRAME_WEBSOCKET_DEFLATED: return FRAME_WEBSOCKET;
	case FRAME_CLOUDEVENT_DEFLATED: return FRAME_CLOUDEVENT;
	default: return kind;
	}
}

enum frame_kind frame_deflated(enum frame_kind kind)
{
	assert(kind == FRAME_WEBSOCKET || kind == FRAME_CLOUDEVENT);
	return kind == FRAME_CLOUDEVENT ? FRAME_CLOUDEVENT_DEFLATED
					: FRAME_WEBSOCKET_DEFLATED;
}
