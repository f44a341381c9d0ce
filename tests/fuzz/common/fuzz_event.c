/*
 * An event that can be read is the same after it was written and read again,
 * as text and as frames.
 */
#include <assert.h>

#include "common/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct event *a, const struct event *b)
{
	assert(str_eq(a->topic, b->topic));
	assert(str_eq(a->source, b->source));
	assert(a->id == b->id);
	assert(a->time_us == b->time_us);
	assert(a->recorded_us == b->recorded_us);
	assert(a->offset == b->offset);
	assert(str_eq(a->ext, b->ext));
}

static void check_text(const struct event *ev, struct arena *a)
{
	struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };
	struct event again;

	event_print(ev, 0, &first);
	/* Escapes may make it longer than a line may be. */
	if (first.len <= EVENT_LINE_MAX) {
		int rc = event_parse(buf_str(&first), EVENT_LAX, a, &again, &e);

		assert(rc == 0);
		same(ev, &again);
		assert(ev->epoch == again.epoch);
		assert(str_eq(ev->idtext, again.idtext));
		event_print(&again, 0, &second);
		assert(str_eq(buf_str(&first), buf_str(&second)));
	}
	buf_free(&first);
	buf_free(&second);
}

static void check_frames(const struct event *ev)
{
	struct buf attrs = { 0 };
	struct err e = { 0 };
	struct event again;
	int rc;

	event_print_attrs(ev, &attrs);
	rc = event_parse_frames(ev->topic, buf_str(&attrs), ev->data, &again,
				&e);
	assert(rc == 0);
	same(ev, &again);
	buf_free(&attrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct event ev;

	if (event_parse(text, EVENT_LAX, &a, &ev, &e) == 0 && ev.source.p &&
	    (ev.id || ev.idtext.p)) {
		check_text(&ev, &a);
		check_frames(&ev);
	}
	/* The same bytes as an attributes frame. */
	if (event_parse_frames(STR("a.b"), text, STR("{}"), &ev, &e) == 0 &&
	    event_check(&ev, &e) == 0)
		check_frames(&ev);
	arena_free(&a);
	return 0;
}
