#ifndef TESTS_UNIT_GATEWAY_HUB_FRAMES_H
#define TESTS_UNIT_GATEWAY_HUB_FRAMES_H

/*
 * hub_frames - what a client reads of what the hub sends, of each kind of
 * frame: the offsets of events, one after the other.
 */
#include "tests/unit/cases.h"

#include "common/event.h"
#include "common/json.h"

#include "cmd/gateway/deflate.h"
#include "cmd/gateway/frame.h"

struct frames_in {
	enum frame_kind kind;
	uint32_t epoch;				 /* that SSE must name */
	struct inflater *inflater;		 /* of what comes compressed, */
	size_t *inflated;			 /* and how much of it did */
	void (*got)(void *arg, uint64_t offset); /* 0: no event, a reply */
	void *arg;
};

/* The kind of the i-th client: some of each. */
static inline enum frame_kind frames_kind(size_t i)
{
	static const enum frame_kind kinds[] = {
		FRAME_WEBSOCKET, FRAME_WEBSOCKET_DEFLATED,  FRAME_SSE,
		FRAME_CUSTOM,	 FRAME_CLOUDEVENT_DEFLATED, FRAME_KINDS - 1
	};

	return kinds[i % (sizeof(kinds) / sizeof(kinds[0]))];
}

static inline uint64_t frames_offset(struct str text)
{
	struct str value, digits = { 0 };
	uint64_t offset = 0;

	assert_int_equal(json_check(text, 0, NULL), 0);
	if (json_get(text, "offset", &value)) {
		digits = str_sub(value, 1, value.len - 1);
		assert_true(str_u64(digits, &offset));
	}
	return offset;
}

/* Blocks of two lines: the id must be the event's position. */
static inline void frames_take_blocks(const struct frames_in *in,
				      struct str blocks)
{
	while (blocks.len) {
		struct str id = str_cut(blocks, '\n', &blocks);
		struct str data = str_cut(blocks, '\n', &blocks);
		struct position pos = { 0, 0 };
		bool is_event = str_starts(id, STR("id: "));

		assert_true(is_event || str_is(id, "event: reply"));
		if (is_event)
			assert_true(
				position_parse(str_sub(id, 4, id.len), &pos));
		assert_true(str_starts(data, STR("data: ")));
		data = str_sub(data, 6, data.len);
		assert_int_equal(pos.epoch, is_event ? in->epoch : 0);
		assert_int_equal(pos.offset, frames_offset(data));
		in->got(in->arg, pos.offset);
		assert_int_equal(str_cut(blocks, '\n', &blocks).len, 0);
	}
}

/* Compressed comes what is large enough, to those that take it. */
static inline struct str frames_text(const struct frames_in *in,
				     unsigned char first, struct str data)
{
	struct str text;

	if (first == 0x81)
		return data;
	assert_int_equal(first, 0x81 | 0x40);
	assert_true(frame_plain(in->kind) != in->kind);
	assert_int_equal(inflater_read(in->inflater, data, 1 << 16, &text),
			 INFLATE_OK);
	assert_true(text.len >= DEFLATE_MIN && data.len < text.len);
	++*in->inflated;
	return text;
}

static inline void frames_take(const struct frames_in *in, struct str frames)
{
	if (in->kind == FRAME_SSE) {
		frames_take_blocks(in, frames);
		return;
	}
	while (frames.len) {
		const unsigned char *p = (const unsigned char *)frames.p;
		size_t head = p[1] < 126 ? 2 : p[1] == 126 ? 4 : 10;
		size_t len = p[1] < 126 ? p[1] : (size_t)(p[2] << 8 | p[3]);
		struct str data;

		assert_true(head < 10 && head + len <= frames.len);
		data = frames_text(in, p[0], str_sub(frames, head, head + len));
		in->got(in->arg, frames_offset(data));
		frames = str_sub(frames, head + len, frames.len);
	}
}

/* A socket that took a part; what was cut there comes next. */
struct frames_part {
	bool is_cut;
	struct buf begun;
};

static inline void frames_cut(struct frames_part *p, struct str frames,
			      size_t taken)
{
	assert_false(p->is_cut);
	p->is_cut = true;
	buf_add_str(&p->begun, str_sub(frames, 0, taken));
}

/* Events of which all, or the beginning, is there. */
static inline size_t frames_begun(enum frame_kind kind, struct str frames)
{
	size_t n = 0;

	for (; frames.len; n++) {
		const unsigned char *p = (const unsigned char *)frames.p;
		size_t len = frames.len;

		if (kind == FRAME_SSE)
			for (len = 1; len < frames.len &&
				      (p[len - 1] != '\n' || p[len] != '\n');)
				len++;
		else if (frames.len > 3)
			len = p[1] < 126 ? 1u + p[1]
					 : 3u + (size_t)(p[2] << 8 | p[3]);
		frames = str_sub(frames, len + 1, frames.len);
	}
	return n;
}

/*
 * All that there is when these have come. Of one that was cut they are the rest
 * of an event, or else another one, and nothing behind it. Free p->begun then.
 */
static inline struct str frames_join(struct frames_part *p,
				     enum frame_kind kind, struct str frames)
{
	size_t begun = frames_begun(kind, buf_str(&p->begun));

	if (!p->is_cut)
		return frames;
	p->is_cut = false;
	assert_true(frames.len > 0);
	buf_add_str(&p->begun, frames);
	assert_in_range(frames_begun(kind, buf_str(&p->begun)), begun,
			begun + 1);
	return buf_str(&p->begun);
}

/* A frame that is no event. */
static inline struct str frames_reply(enum frame_kind kind, struct buf *b)
{
	buf_reset(b);
	if (kind == FRAME_SSE)
		buf_puts(b, "event: reply\ndata: {}\n\n");
	else
		frame_add(b, STR("{}"));
	return buf_str(b);
}

/* Custom kinds: messages, whatever their number. */
static inline void frames_encode(void *arg, enum frame_kind kind,
				 const struct event *ev, bool is_past,
				 struct buf *b)
{
	struct buf text = { 0 };

	(void)arg;
	(void)is_past;
	assert_in_range(kind, FRAME_CUSTOM, FRAME_KINDS - 1);
	event_print(ev, 0, &text);
	frame_add(b, buf_str(&text));
	buf_free(&text);
}

#endif
