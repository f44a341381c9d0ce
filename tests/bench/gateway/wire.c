#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

static const struct wire_kind kinds[] = {
	{ .name = "bare", .path = "/", .is_bare = true },
	{ .name = "weir",
	  .path = "/ws",
	  .protocol = "weir.v1",
	  .hello = "{\"subscribe\":[\"bench.\"]}",
	  .answers = 1 },
	{ .name = "deflate",
	  .path = "/ws",
	  .protocol = "weir.v1",
	  .hello = "{\"subscribe\":[\"bench.\"]}",
	  .answers = 1,
	  .plain = "weir" },
	{ .name = "ws", .path = "/" },
	{ .name = "nchan", .path = "/sub" },
	{ .name = "nats",
	  .path = "/",
	  .hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n"
		   "SUB bench 1\r\nPING\r\n",
	  .answers = 1,
	  .is_nats = true },
	{ .name = "socketio",
	  .path = "/socket.io/?EIO=4&transport=websocket",
	  .hello = "40",
	  .answers = 2, /* Engine.IO's, then that of the namespace */
	  .is_socketio = true },
};

const struct wire_kind *wire_kind_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

size_t wire_frame(unsigned opcode, struct str text, char out[WIRE_FRAME_MAX])
{
	out[0] = (char)(0x80 | opcode);
	out[1] = (char)(0x80 | text.len);
	memset(out + 2, 0, 4);
	memcpy(out + 6, text.p, text.len);
	return text.len + 6;
}

size_t wire_handshake(const struct wire_kind *kind, char *out, size_t size)
{
	int n = snprintf(out, size,
			 "GET %s HTTP/1.1\r\nHost: localhost\r\n"
			 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Version: 13\r\n"
			 "Sec-WebSocket-Key: d2VpciB0ZXN0IGNsaWVudA==\r\n"
			 "%s%s%s%s\r\n",
			 kind->path,
			 kind->plain ? "Sec-WebSocket-Extensions: "
				       "permessage-deflate\r\n"
				     : "",
			 kind->protocol ? "Sec-WebSocket-Protocol: " : "",
			 kind->protocol ? kind->protocol : "",
			 kind->protocol ? "\r\n" : "");

	return (size_t)n;
}

/* ---- what has come ---- */

struct finder {
	struct wire *w;
	const struct wire_events *on;
	void *arg;
};

static void reply(const struct finder *f, unsigned opcode, struct str text)
{
	char frame[WIRE_FRAME_MAX];
	size_t n = wire_frame(opcode, text, frame);

	f->on->reply(f->arg, (struct str){ frame, n });
}

static void answered(const struct finder *f)
{
	if (++f->w->answered == f->w->kind->answers)
		f->on->ready(f->arg);
}

/* "MSG bench 1 410", "PING", "PONG", or something that does not matter */
static void on_nats_line(const struct finder *f)
{
	struct wire *w = f->w;
	struct str line = { w->line, w->line_len }, size;

	if (str_starts(line, STR("PING"))) {
		reply(f, BINARY, STR("PONG\r\n"));
	} else if (str_starts(line, STR("PONG"))) {
		answered(f);
	} else if (str_starts(line, STR("MSG "))) {
		w->line[line.len - 1] = '\0';
		size.p = strrchr(w->line, ' ');
		w->msg_size = strtoul(size.p, NULL, 10);
		w->msg_left = w->msg_size + strlen("\r\n");
	}
}

static void feed_nats(const struct finder *f, const char *p, size_t n)
{
	struct wire *w = f->w;

	while (n > 0) {
		size_t k = 1;

		if (w->msg_left) {
			bool whole = w->msg_left == w->msg_size + 2 &&
				     n >= w->msg_left;

			k = n < w->msg_left ? n : w->msg_left;
			w->msg_left -= k;
			if (!w->msg_left) {
				f->on->event(f->arg,
					     whole ? (struct str){ p, k }
						   : (struct str){ 0 },
					     4 + w->line_len + w->msg_size + 2);
				w->line_len = 0;
			}
		} else {
			if (w->line_len < WIRE_SMALL)
				w->line[w->line_len++] = *p;
			if (*p == '\n') {
				on_nats_line(f);
				if (!w->msg_left)
					w->line_len = 0;
			}
		}
		p += k;
		n -= k;
	}
}

/* A whole message; its text is empty if it was long and came in parts. */
static void on_message(const struct finder *f, struct str text)
{
	struct wire *w = f->w;
	unsigned opcode = w->head[0] & 0x0f;

	if (opcode == PING)
		reply(f, PONG, text);
	if (opcode != TEXT)
		return;
	if (w->kind->is_socketio && str_is(text, "2"))
		reply(f, TEXT, STR("3"));
	else if (w->answered < w->kind->answers)
		answered(f);
	else if (w->size >= WIRE_EVENT)
		f->on->event(f->arg, text, w->have + w->size);
}

static void feed_payload(const struct finder *f, const char *p, size_t n)
{
	struct wire *w = f->w;
	size_t room = WIRE_SMALL - w->small_len, keep = n < room ? n : room;

	if (w->kind->is_nats && (w->head[0] & 0x0f) <= BINARY) {
		w->left -= n;
		feed_nats(f, p, n);
	} else if (n == w->size) {
		w->left = 0;
		on_message(f, (struct str){ p, n });
	} else {
		memcpy(w->small + w->small_len, p, keep);
		w->small_len += (uint8_t)keep;
		w->left -= n;
		if (!w->left)
			on_message(f, w->small_len == w->size
					      ? (struct str){ w->small,
							      w->small_len }
					      : (struct str){ 0 });
	}
	if (!w->left)
		w->have = w->small_len = 0;
}

/* Take a byte of the head; true when that was its last. */
static bool feed_head(struct wire *w, char byte)
{
	unsigned len, need;

	w->head[w->have++] = (unsigned char)byte;
	if (w->have < 2)
		return false;
	len = w->head[1] & 0x7f;
	need = len == 127 ? 10 : len == 126 ? 4 : 2;
	if (w->have < need)
		return false;
	w->size = len;
	if (need > 2)
		w->size = 0;
	for (unsigned i = 2; i < need; i++)
		w->size = w->size << 8 | w->head[i];
	w->left = w->size;
	return true;
}

void wire_feed(struct wire *w, const char *p, size_t n,
	       const struct wire_events *on, void *arg)
{
	const struct finder f = { w, on, arg };

	while (n > 0) {
		size_t k = n < w->left ? n : w->left;

		if (w->left) {
			feed_payload(&f, p, k);
		} else {
			k = 1;
			if (feed_head(w, *p) && !w->left)
				feed_payload(&f, p + 1, 0);
		}
		p += k;
		n -= k;
	}
}
