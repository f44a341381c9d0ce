#include "engineio_packet.h"

#include "common/base64.h"
#include "frame.h"

enum { SEPARATOR = '\x1e', CODED = 'b' };

bool engineio_read(struct str message, bool binary, struct engineio_packet *p_r)
{
	*p_r = (struct engineio_packet){ ENGINEIO_MESSAGE, binary, message };
	if (binary)
		return true;
	if (message.len == 0 || message.p[0] < '0' ||
	    message.p[0] > '0' + ENGINEIO_NOOP || !str_is_utf8(message))
		return false;
	p_r->type = (enum engineio_type)(message.p[0] - '0');
	p_r->data = str_sub(message, 1, message.len);
	return true;
}

int engineio_read_payload(struct str *rest, struct buf *scratch,
			  struct engineio_packet *p_r)
{
	struct str one;

	if (!rest->p)
		return 0;
	one = str_cut(*rest, SEPARATOR, rest);
	if (one.len == 0 || one.p[0] != CODED)
		return engineio_read(one, false, p_r) ? 1 : -1;
	buf_reset(scratch);
	if (!base64_add_bytes(scratch, str_sub(one, 1, one.len)))
		return -1;
	engineio_read(buf_str(scratch), true, p_r);
	return 1;
}

void engineio_add(struct buf *frames, enum engineio_type type, struct str data)
{
	unsigned char head[FRAME_HEAD_MAX];

	buf_add(frames, head, frame_head(data.len + 1, head));
	buf_putc(frames, (char)('0' + type));
	buf_add_str(frames, data);
}

void engineio_add_payload(struct buf *payload, struct str frames)
{
	struct str data;
	bool binary;

	while (frame_next(&frames, &data, &binary)) {
		if (payload->len)
			buf_putc(payload, SEPARATOR);
		if (!binary) {
			buf_add_str(payload, data);
			continue;
		}
		buf_putc(payload, CODED);
		base64_add(payload, data);
	}
}
