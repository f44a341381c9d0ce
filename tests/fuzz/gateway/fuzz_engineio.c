/*
 * Engine.IO and Socket.IO: any bytes that come over a WebSocket or in the body
 * of a POST give packets within bounds, which print as they were read, or end
 * the session; nothing is left when it ends.
 *
 * Lines: the first byte of each says how it comes.
 */
#include <assert.h>
#include <string.h>

#include "common/json.h"

#include "cmd/gateway/engineio_packet.h"
#include "cmd/gateway/frame.h"
#include "cmd/gateway/socketio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- a wire that swallows, and an application that sends back ---- */

static void answer(void *arg, struct engineio_link *l,
		   const struct net_answer *a)
{
	(void)arg;
	assert(a->status >= 200);
	*l = (struct engineio_link){ 0 };
}

static bool send_frames(void *arg, struct engineio_link *l, struct str frames)
{
	struct str data;
	bool binary;

	(void)arg;
	(void)l;
	while (frame_next(&frames, &data, &binary))
		assert(binary || str_is_utf8(data));
	return true;
}

static void hang_up(void *arg, struct engineio_link *l, uint16_t code,
		    const char *why)
{
	(void)arg;
	(void)code;
	(void)why;
	assert(!l->session);
}

static void draw(void *arg, void *p, size_t n)
{
	unsigned char *count = arg;

	memset(p, ++*count, n);
}

static void hello(void *arg, struct socketio_client *c,
		  const struct socketio_hello *h, struct socketio_welcome *w_r)
{
	(void)arg;
	(void)c;
	assert(json_check(h->auth, JSON_STRICT, NULL) == 0);
	if (h->nsp.len > 4)
		w_r->refusal = STR("no");
	w_r->pid = h->pid;
}

static void connected(void *arg, struct socketio_client *c,
		      const struct socketio_hello *h)
{
	(void)arg;
	(void)c;
	(void)h;
}

static void event(void *arg, struct socketio_client *c,
		  const struct socketio_message *m)
{
	(void)arg;
	assert(json_check(m->args, JSON_STRICT, NULL) == 0);
	assert(m->n <= SOCKETIO_ATTACHMENTS_MAX);
	socketio_emit(c, m);
	if (m->has_id)
		socketio_ack(c, m);
}

static void closed(void *arg, struct socketio_client *c, const char *why)
{
	(void)arg;
	(void)c;
	assert(*why);
}

/* ---- packets by themselves ---- */

static void try_packet(struct str text)
{
	struct socketio_packet p, again;
	struct buf b = { 0 };
	struct err e = { 0 };

	if (socketio_read(text, &p, &e)) {
		assert(*e.msg && str_is_utf8(str_from(e.msg)));
		return;
	}
	socketio_print(&p, &b);
	assert(socketio_read(buf_str(&b), &again, &e) == 0);
	assert(p.type == again.type && str_eq(p.nsp, again.nsp) &&
	       p.has_id == again.has_id && p.id == again.id &&
	       p.n_attachments == again.n_attachments &&
	       str_eq(p.data, again.data));
	buf_free(&b);
}

static void try_payload(struct str body)
{
	struct engineio_packet p;
	struct buf scratch = { 0 }, frames = { 0 }, again = { 0 };
	struct str rest = body;
	int rc;

	while ((rc = engineio_read_payload(&rest, &scratch, &p)) > 0)
		if (p.binary)
			frame_add_binary(&frames, p.data);
		else
			engineio_add(&frames, p.type, p.data);
	engineio_add_payload(&again, buf_str(&frames));
	if (rc == 0)
		assert(str_eq(buf_str(&again), body));
	buf_free(&scratch);
	buf_free(&frames);
	buf_free(&again);
}

/* ---- sessions ---- */

static void post(struct engineio *e, struct str body)
{
	struct net_request r = {
		.method = NET_POST,
		.param = { { STR("EIO"), STR("4") },
			   { STR("transport"), STR("polling") },
			   { STR("sid"), STR("AQEBAQEBAQEBAQEBAQEB") } },
		.n_params = 3,
		.body = body,
	};
	struct engineio_link l = { 0 };

	engineio_head(e, &l, &r, 0);
	if (l.session)
		engineio_request(e, &l, &r, 0);
}

static void open_both(struct engineio *e, struct engineio_link *socket)
{
	struct net_request r = {
		.method = NET_GET,
		.param = { { STR("EIO"), STR("4") },
			   { STR("transport"), STR("polling") } },
		.n_params = 2,
	};
	struct engineio_link l = { 0 };

	engineio_head(e, &l, &r, 0);
	engineio_request(e, &l, &r, 0);
	r.param[1].value = STR("websocket");
	assert(engineio_upgrade(e, socket, &r));
	engineio_opened(e, socket, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct engineio_wire wire = { answer, send_frames, hang_up,
						   draw };
	static const struct socketio_events events = {
		.hello = hello,
		.connected = connected,
		.event = event,
		.closed = closed,
	};
	unsigned char count = 0;
	const struct socketio_conf conf = {
		.engine = { .ping_interval_ms = 100,
			    .ping_timeout_ms = 100,
			    .unused_ms = 100,
			    .max_sessions = 2,
			    .wire = &wire,
			    .wire_arg = &count },
		.on = &events,
	};
	struct socketio *s = socketio_new(&conf);
	struct engineio *e = socketio_engine(s);
	struct str rest = { (const char *)data, size };
	struct engineio_link socket = { 0 };

	open_both(e, &socket);
	while (rest.p) {
		struct str line = str_cut(rest, '\n', &rest);
		struct str text = str_sub(line, 1, line.len);

		if (line.len == 0)
			continue;
		try_packet(text);
		try_payload(text);
		if (line.p[0] == 'p')
			post(e, text);
		else
			engineio_received(e, &socket, text, line.p[0] == 'b',
					  0);
	}
	engineio_tick(e, 100);
	engineio_tick(e, 200);
	assert(engineio_count(e).sessions == 0);
	assert(engineio_count(e).waiting == 0);
	assert(socketio_count(s).clients == 0);
	assert(socketio_count(s).parts == 0);
	socketio_free(&s);
	return 0;
}
