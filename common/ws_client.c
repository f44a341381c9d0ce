#include "common/ws_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ws_frame.h"
#include "common/ws_handshake.h"
#include "common/xmem.h"

enum { REASON_MAX = 256 };

struct ws_client {
	struct wire *wire;
	struct loop_timer *soon; /* an address that was none: its end */
	const struct ws_client_handler *handler;
	void *arg;
	struct ws_client_target target;
	struct wire_url *url; /* until it is open */
	char *url_text;
	char key[WS_KEY_SIZE];
	bool open, paused;
	bool in_message; /* of which parts are here */
	bool binary;
	struct buf parts;
	const char *fault; /* of the target */
};

static void send_frame(struct ws_client *c, unsigned opcode, struct str payload)
{
	struct buf b = { 0 };

	ws_frame_write(&b, opcode, payload, arc4random());
	wire_write(c->wire, buf_str(&b));
	buf_free(&b);
}

static void send_close(struct ws_client *c, unsigned code)
{
	const char payload[2] = { (char)(code >> 8), (char)code };

	send_frame(c, WS_CLOSE, (struct str){ payload, sizeof(payload) });
}

/* Its user frees it in this call, or later. 0: nothing more is used. */
static size_t end(struct ws_client *c, const struct ws_client_end *e)
{
	struct wire *w = c->wire;

	c->wire = NULL;
	c->open = false;
	c->handler->end(c->arg, e);
	wire_close(&w); /* what *e borrows is the wire's */
	return 0;
}

static size_t fail(struct ws_client *c, enum ws_client_how how, unsigned code,
		   const char *reason)
{
	if (c->open)
		send_close(c, code);
	return end(c, &(struct ws_client_end){ .how = how, .reason = reason });
}

/* ---- the handshake ---- */

static struct ws_request request_of(const struct ws_client *c)
{
	return (struct ws_request){ .url = c->url,
				    .key = c->key,
				    .subprotocol = c->target.subprotocol,
				    .user_agent = c->target.user_agent,
				    .headers = c->target.headers };
}

static void on_wire_open(void *arg)
{
	struct ws_client *c = arg;
	struct ws_request r = request_of(c);
	struct buf b = { 0 };

	ws_request_write(&b, &r);
	wire_write(c->wire, buf_str(&b));
	buf_free(&b);
}

static size_t refused(struct ws_client *c, const struct ws_answer *a)
{
	return end(c, &(struct ws_client_end){ .how = WS_CLIENT_ANSWERED,
					       .reason = "",
					       .status = a->status,
					       .body = a->body,
					       .retry_after = a->retry_after,
					       .cf_mitigated = a->cf_mitigated,
					       .waf_action = a->waf_action });
}

static void opened(struct ws_client *c)
{
	c->open = true;
	free(c->url);
	free(c->url_text);
	c->url = NULL;
	c->url_text = NULL;
	wire_pause(c->wire, c->paused);
	c->handler->open(c->arg);
}

static size_t read_answer(struct ws_client *c, struct str in, bool at_end)
{
	struct ws_request asked = request_of(c);
	struct ws_answer a;
	const char *why;

	switch (ws_answer_read(in, at_end, &asked, &a, &why)) {
	case WS_ANSWER_MORE: return 0;
	case WS_ANSWER_REFUSED: return refused(c, &a);
	case WS_ANSWER_BAD: return fail(c, WS_CLIENT_BAD, 0, why);
	case WS_ANSWER_OPEN: break;
	}
	opened(c);
	return a.head.len;
}

/* ---- frames ---- */

static size_t closed(struct ws_client *c, struct str payload)
{
	struct ws_client_end e = { .how = WS_CLIENT_CLOSED };
	char reason[REASON_MAX];
	struct str text;

	if (!ws_close_read(payload, &e.code, &text))
		return fail(c, WS_CLIENT_BAD, WS_PROTOCOL_ERROR,
			    "close frame that may not be");
	snprintf(reason, sizeof(reason), "closed by the server: %u%s%s%s%.*s",
		 e.code, *ws_close_name(e.code) ? " " : "",
		 ws_close_name(e.code), text.len ? ": " : "", STR_ARG(text));
	e.reason = reason;
	send_close(c, e.code == WS_NO_CODE ? WS_NORMAL : e.code);
	return end(c, &e);
}

/* False where it is over. */
static bool give(struct ws_client *c, struct str message)
{
	if (!c->binary && !str_is_utf8(message)) {
		fail(c, WS_CLIENT_BAD, WS_BAD_DATA, "text that is not UTF-8");
		return false;
	}
	c->handler->message(c->arg, message, c->binary);
	return true;
}

static bool too_big(struct ws_client *c)
{
	char reason[REASON_MAX];

	snprintf(reason, sizeof(reason), "message of more than %zu bytes",
		 c->target.max_bytes);
	fail(c, WS_CLIENT_TOO_BIG, WS_TOO_BIG, reason);
	return false;
}

static bool on_part(struct ws_client *c, const struct ws_frame *f)
{
	bool begins = f->opcode != WS_CONTINUATION, alive;

	if (begins == c->in_message) {
		fail(c, WS_CLIENT_BAD, WS_PROTOCOL_ERROR,
		     begins ? "message within a message"
			    : "part of no message");
		return false;
	}
	if (begins)
		c->binary = f->opcode == WS_BINARY;
	c->in_message = !f->final;
	if (begins && f->final)
		return give(c, f->payload);
	c->parts.max = c->target.max_bytes;
	buf_add_str(&c->parts, f->payload);
	if (c->parts.full)
		return too_big(c);
	if (!f->final)
		return true;
	alive = give(c, buf_str(&c->parts));
	if (alive)
		buf_free(&c->parts);
	return alive;
}

/* False where it is over. */
static bool on_frame(struct ws_client *c, const struct ws_frame *f)
{
	switch (f->opcode) {
	case WS_PING: send_frame(c, WS_PONG, f->payload); return true;
	case WS_PONG: return true;
	case WS_CLOSE: closed(c, f->payload); return false;
	default: return on_part(c, f);
	}
}

static size_t read_frames(struct ws_client *c, struct str in)
{
	struct ws_frame f;
	size_t all = 0, used;
	const char *why;

	while (!c->paused) {
		switch (ws_frame_read(str_sub(in, all, in.len),
				      c->target.max_bytes, &f, &used, &why)) {
		case WS_FRAME_MORE: return all;
		case WS_FRAME_BIG: too_big(c); return 0;
		case WS_FRAME_BAD:
			return fail(c, WS_CLIENT_BAD, WS_PROTOCOL_ERROR, why);
		case WS_FRAME_OK: break;
		}
		all += used;
		if (!on_frame(c, &f))
			return 0;
	}
	return all;
}

static size_t on_wire_data(void *arg, struct str in)
{
	struct ws_client *c = arg;
	size_t used = 0;

	if (!c->open) {
		used = read_answer(c, in, false);
		if (!used) /* more is to come, or it is over and gone */
			return 0;
	}
	return used + read_frames(c, str_sub(in, used, in.len));
}

static void on_wire_end(void *arg, const struct wire_end *we)
{
	struct ws_client *c = arg;
	struct ws_client_end e = { .how = WS_CLIENT_FAILED,
				   .result = we->result,
				   .reason = we->reason };

	/* A body may end with its connection. */
	if (!c->open && we->rest.len && !read_answer(c, we->rest, true))
		return;
	if (we->result == HTTP_OK) {
		e.result = HTTP_BROKEN;
		e.reason = c->open ? "closed without a word"
				   : "closed before an answer";
	}
	end(c, &e);
}

static const struct wire_handler wire_handler = {
	.open = on_wire_open,
	.data = on_wire_data,
	.end = on_wire_end,
};

/* ---- what its user does ---- */

static void on_fault(void *arg)
{
	struct ws_client *c = arg;

	end(c, &(struct ws_client_end){ .how = WS_CLIENT_FAILED,
					.result = HTTP_REFUSED,
					.reason = c->fault });
}

/* A token (RFC 9110, 5.6.2), more or less: nothing that ends a header. */
static bool is_token(const char *s)
{
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == ',')
			return false;
	return *s;
}

static const char *check_target(struct ws_client *c)
{
	const char *fault = wire_url_parse(str_from(c->url_text), c->url);

	if (!fault && c->target.subprotocol && !is_token(c->target.subprotocol))
		fault = "no such subprotocol can be";

	if (!fault && !str_starts(c->url->scheme, STR("ws")))
		fault = "no WebSocket's URL";
	return fault;
}

struct ws_client *ws_client_new(struct wires *ws, struct loop *l,
				const struct ws_client_target *t,
				const struct ws_client_handler *h, void *arg)
{
	struct ws_client *c = xcalloc(1, sizeof(*c));
	unsigned char random[16];

	c->handler = h;
	c->arg = arg;
	c->target = *t;
	c->url_text = xstrdup(t->url);
	c->url = xcalloc(1, sizeof(*c->url));
	arc4random_buf(random, sizeof(random));
	ws_key(random, c->key);
	c->fault = check_target(c);
	if (c->fault) {
		c->soon = loop_timer_new(l, on_fault, c);
		loop_timer_start(c->soon, 0);
		return c;
	}
	c->wire = wire_open(
		ws,
		&(struct wire_target){ .host = c->url->host,
				       .port = c->url->port,
				       .tls = c->url->tls,
				       .alpn = "http/1.1",
				       .proxy = t->proxy,
				       .address = t->address,
				       .max_in = t->max_bytes + WS_HEAD_MAX +
						 WS_ANSWER_HEAD_MAX +
						 WS_ANSWER_BODY_MAX },
		&wire_handler, c);
	return c;
}

void ws_client_send(struct ws_client *c, struct str text)
{
	if (c->open)
		send_frame(c, WS_TEXT, text);
}

void ws_client_ping(struct ws_client *c)
{
	if (c->open)
		send_frame(c, WS_PING, (struct str){ 0 });
}

void ws_client_pause(struct ws_client *c, bool paused)
{
	c->paused = paused;
	if (c->open) /* else the handshake goes on */
		wire_pause(c->wire, paused);
}

int64_t ws_client_heard_ms(const struct ws_client *c)
{
	return c->open ? wire_heard_ms(c->wire) : 0;
}

void ws_client_free(struct ws_client **cp)
{
	struct ws_client *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	if (c->open)
		send_close(c, WS_NORMAL);
	wire_close(&c->wire);
	loop_timer_free(&c->soon);
	buf_free(&c->parts);
	free(c->url);
	free(c->url_text);
	free(c);
}
