#include "common/event.h"

void event_add_id(const struct event *ev, struct buf *b)
{
	if (ev->id)
		buf_u64(b, ev->id);
	else
		buf_add_str(b, ev->idtext);
}

struct str event_cause(const struct event *ev, struct arena *a)
{
	struct buf b = { 0 };
	struct str cause;

	buf_add_str(&b, ev->source);
	buf_putc(&b, ' ');
	event_add_id(ev, &b);
	cause = arena_str(a, buf_str(&b));
	buf_free(&b);
	return cause;
}
