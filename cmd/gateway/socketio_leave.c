/* Socket.IO's seats, from the program before, and to the one after this one. */
#include "common/log.h"

#include "handover.h"
#include "seats.h"
#include "socketio_peer.h"

size_t socketio_live_let_go(struct socketio_live *s, size_t n, bool all)
{
	return engineio_let_go(socketio_engine(s->io), n, all);
}

static void add_namespaces(const struct compat *t, struct buf *b)
{
	struct str nsp;

	buf_putc(b, '[');
	for (size_t i = 0; (nsp = compat_namespace(t, i)).p; i++) {
		if (i)
			buf_putc(b, ',');
		buf_json_str(b, nsp);
	}
	buf_putc(b, ']');
}

int socketio_live_hand_over(const struct socketio_live *s)
{
	struct buf namespaces = { 0 }, text = { 0 };
	int fd = -1;
	struct err e;

	if (rooms_count(s->rooms).left == 0)
		return -1;
	add_namespaces(s->g->compat, &namespaces);
	seats_print(s->rooms, buf_str(&namespaces), &text);
	fd = handover_new(buf_str(&text), &e);
	if (fd < 0)
		log_warn("seats are not handed over: %s", e.msg);
	buf_free(&namespaces);
	buf_free(&text);
	return fd;
}

void socketio_live_take_over(struct socketio_live *s)
{
	struct buf namespaces = { 0 }, text = { 0 };
	struct rooms *r = rooms_new();
	struct err e;
	int rc = handover_take(&text, &e);

	add_namespaces(s->g->compat, &namespaces);
	if (rc > 0 && compat_recovers(s->g->compat))
		rc = seats_read(r, buf_str(&text), buf_str(&namespaces),
				loop_now_ms(s->g->loop), &e);
	if (rc < 0) {
		log_warn("seats are not taken over: %s", e.msg);
	} else {
		rooms_free(&s->rooms);
		s->rooms = r;
		r = NULL;
	}
	rooms_free(&r);
	buf_free(&namespaces);
	buf_free(&text);
}
