/* Events as frames: each once for all clients that take its kind. */
#include "hub_private.h"

#include "frame.h"

struct str hub_print(struct hub *h, const struct event *ev)
{
	buf_reset(&h->text);
	event_print(ev, EVENT_BRIEF, &h->text);
	return buf_str(&h->text);
}

void hub_frame(struct hub *h, enum frame_kind kind, const struct event *ev,
	       struct str text, bool is_past, struct buf *b)
{
	const enum frame_kind plain = frame_plain(kind);

	if (plain == FRAME_CLOUDEVENT) {
		buf_reset(&h->whole);
		event_print(ev, 0, &h->whole);
		text = buf_str(&h->whole);
	}
	if (kind >= FRAME_CUSTOM)
		h->conf.encode(h->conf.arg, kind, ev, is_past, b);
	else if (kind != plain)
		deflater_add(h->conf.deflater, text, b);
	else
		frame_add_event(kind,
				(struct position){ ev->epoch, ev->offset },
				text, b);
}

size_t hub_frame_all(struct hub *h, const struct event *ev)
{
	struct str text = hub_print(h, ev);
	size_t largest = 0;

	for (int k = 0; k < FRAME_KINDS; k++) {
		struct buf *frame = &h->lane[k].frame;

		buf_reset(frame);
		if (h->lane[k].clients == 0)
			continue;
		hub_frame(h, frame_plain((enum frame_kind)k), ev, text, false,
			  frame);
		h->counts.framed++;
		if (frame->len > largest)
			largest = frame->len;
	}
	return largest;
}

void hub_deflate_wanted(struct hub *h)
{
	for (int k = 0; k < FRAME_KINDS; k++) {
		const enum frame_kind kind = (enum frame_kind)k;
		const struct lane *l = &h->lane[k];
		struct str frame = buf_str(&l->frame), text;
		bool is_binary;

		if (!l->wanted || frame_plain(kind) == kind)
			continue;
		frame_next(&frame, &text, &is_binary);
		buf_reset(&h->whole);
		deflater_add(h->conf.deflater, text, &h->whole);
		ring_shorten(l->ring, buf_str(&h->whole));
	}
}
