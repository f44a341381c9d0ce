#ifndef TESTS_ALERTER_LOOK_H
#define TESTS_ALERTER_LOOK_H

/* The event of which a matter is, made from what the matter says. */
#include "cmd/alerter/rule.h"
#include "common/buf.h"

struct look_event {
	struct event ev;
	struct buf data;
};

static inline void look_member(struct buf *b, const char *name,
			       struct str value)
{
	if (!value.p)
		return;
	buf_addf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
	buf_json_str(b, value);
}

/* m->ev is that until look_event_free(). */
static inline void look_event(struct look_event *of, struct matter *m)
{
	*of = (struct look_event){
		.ev = { .topic = m->topic, .source = STR("weir/t/-"), .id = 1 }
	};
	buf_puts(&of->data, "{");
	look_member(&of->data, "price", m->price);
	look_member(&of->data, "currency", m->currency);
	look_member(&of->data, "availability", m->availability);
	look_member(&of->data, "source", m->source);
	buf_puts(&of->data, "}");
	of->ev.data = buf_str(&of->data);
	m->ev = &of->ev;
}

static inline void look_event_free(struct look_event *of)
{
	buf_free(&of->data);
}

#endif
