/* What Socket.IO clients are sent: events for all, and what is for one. */
#include "common/clk.h"

#include "socketio_peer.h"

/* ---- framing, for the hub ---- */

struct past {
	void (*fn)(void *fn_arg, const struct event *ev);
	void *fn_arg;
	struct journal *j;
	size_t n;
};

static int on_past(void *arg, const struct event *ev, struct err *e)
{
	const struct past *p = arg;

	(void)e;
	p->fn(p->fn_arg, ev);
	return 0;
}

static int on_past_topic(void *arg, const struct journal_topic *t,
			 struct err *e)
{
	struct past *p = arg;

	return journal_get(p->j, t->last, on_past, p, e) < 0 ||
	       ++p->n == COMPAT_MERGED_MAX;
}

void socketio_live_past(void *arg, struct str pattern,
			void (*fn)(void *fn_arg, const struct event *ev),
			void *fn_arg)
{
	const struct str all = { 0 };
	struct err e;
	struct past p = { fn, fn_arg, gateway_journal(arg, &e), 0 };

	if (!p.j || journal_begin(p.j, &e))
		return;
	journal_topics(p.j, pattern, all, on_past_topic, &p, &e);
	journal_end(p.j);
}

struct framing {
	struct str nsp;
	char offset[POSITION_TEXT_MAX]; /* empty: it is not told */
	struct buf *b;
};

static void add_frames(void *arg, struct str name, struct str payload)
{
	const struct framing *f = arg;
	struct socketio_message m = { 0 };
	struct buf args = { 0 };

	buf_putc(&args, '[');
	buf_add_str(&args, name);
	buf_putc(&args, ',');
	buf_add_str(&args, payload);
	if (*f->offset)
		buf_addf(&args, ",\"%s\"", f->offset);
	buf_putc(&args, ']');
	m.args = buf_str(&args);
	socketio_add_frames(f->nsp, &m, f->b);
	buf_free(&args);
}

void socketio_live_encode(struct socketio_live *s, enum frame_kind kind,
			  const struct event *ev, bool is_past, struct buf *b)
{
	const struct compat *t = s->g->compat;
	const struct compat_past past = { socketio_live_past, s->g };
	struct framing f = { .nsp = compat_namespace(t, kind - FRAME_CUSTOM),
			     .b = b };

	/* A client says the last one that it was told when it comes back. */
	if (compat_recovers(t) && !is_past)
		position_format((struct position){ ev->epoch, ev->offset },
				f.offset);
	compat_event(t, ev, &past, add_frames, &f);
}

/* ---- what a client is told ---- */

void peer_tell(struct peer *p, struct str name, struct str payload)
{
	struct socketio_message m = { 0 };
	struct buf args = { 0 };

	if (!p->c)
		return;
	buf_putc(&args, '[');
	buf_add_str(&args, name);
	buf_putc(&args, ',');
	buf_add_str(&args, payload);
	buf_putc(&args, ']');
	m.args = buf_str(&args);
	socketio_emit(p->c, &m);
	buf_free(&args);
}

static void tell_state(void *arg, struct str name, struct str payload)
{
	peer_tell(arg, name, payload);
}

void peer_tell_state(struct peer *p, struct str room)
{
	const struct compat_past past = { socketio_live_past, p->s->g };

	compat_state(p->s->g->compat, room, clk_wall_us(), &past, tell_state,
		     p);
}

void peer_greet(struct peer *p)
{
	const struct mold_scope scope = { .user = p->user,
					  .now_us = clk_wall_us() };
	struct buf payload = { 0 };
	struct str name;

	for (size_t i = 0;
	     compat_greeting(p->s->g->compat, i, &scope, &name, &payload);
	     i++) {
		peer_tell(p, name, buf_str(&payload));
		buf_reset(&payload);
	}
	buf_free(&payload);
}
