/* Followers, and those that want the newest: WebSocket, stream and poll. */
#include <stdio.h>
#include <string.h>

#include "common/clk.h"
#include "common/json.h"

#include "client.h"
#include "outside.h"

/* The text of a member, without its quotes. */
static bool text_of(struct str json, const char *name, struct str *text_r)
{
	struct str value;

	if (!json_get(json, name, &value) || value.len < 2)
		return false;
	*text_r = str_sub(value, 1, value.len - 1);
	return true;
}

static void take_position(struct client *c, struct str json, const char *name)
{
	struct str text;
	struct position pos;

	if (c->kind == CLIENT_NEWEST) {
		c->begun = true; /* what comes first is older */
	} else if (text_of(json, name, &text) && position_parse(text, &pos)) {
		client_move(c, pos);
		c->begun = true;
	}
}

static void take_subscribed(struct client *c, struct str json)
{
	struct str recovered;

	if (c->kind == CLIENT_FOLLOWER &&
	    json_get(json, "recovered", &recovered) &&
	    !str_is(recovered, "true"))
		soak_fault(c, "not recovered");
	take_position(c, json, "position");
}

/* A message of weir.v1, or the data of a block. */
static void take_message(struct client *c, struct str json)
{
	struct str value;

	if (json_check(json, 0, NULL))
		soak_fault(c, "no JSON");
	else if (json_get(json, "subscribed", &value))
		take_subscribed(c, json);
	else if (json_get(json, "authenticated", &value))
		c->brief = false;
	else if (!json_get(json, "error", &value))
		client_take(c, json, true);
	else if (str_find(json, STR("\"unavailable\"")) != (size_t)-1)
		c->over = true; /* it has just begun; later, then */
	else if (!c->brief ||
		 str_find(json, STR("\"unauthorized\"")) == (size_t)-1)
		soak_fault(c, "%.*s", (int)json.len, json.p);
}

static bool has_position(const struct client *c)
{
	return c->kind == CLIENT_FOLLOWER && c->pos.epoch != 0;
}

static void add_topic(const struct client *c, struct buf *b)
{
	buf_puts(b, "soak.n/");
	if (!c->wide)
		buf_addf(b, "%u", c->topic);
}

/* ---- WebSocket ---- */

enum { SAYS_TOKEN = 3 /* one of so many says its token when it is open */ };

static bool says_token(const struct client *c)
{
	return c->index % SAYS_TOKEN == 0;
}

static void websocket_begin(struct client *c)
{
	if (says_token(c))
		c->brief = false;
	wire_shake_hands(&c->wire[0], "/ws", "weir.v1",
			 says_token(c) ? NULL : client_token(c));
}

static void say_token(struct client *c, const char *token)
{
	struct buf b = { 0 };

	buf_addf(&b, "{\"auth\":\"%s\"}", token);
	outside_frame(c->wire[0].fd, FRAME_TEXT, buf_str(&b));
	buf_free(&b);
}

static void subscribe(struct client *c)
{
	char pos[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	buf_puts(&b, "{\"subscribe\":[\"");
	add_topic(c, &b);
	buf_puts(&b, "\"]");
	if (has_position(c))
		buf_addf(&b, ",\"since\":\"%s\"", position_format(c->pos, pos));
	if (c->kind == CLIENT_NEWEST)
		buf_puts(&b, ",\"last\":true");
	if (client_filter(c))
		buf_addf(&b, ",\"filter\":\"%s\"", client_filter(c));
	buf_putc(&b, '}');
	outside_frame(c->wire[0].fd, FRAME_TEXT, buf_str(&b));
	buf_free(&b);
}

static int take_handshake(struct client *c, struct str in)
{
	struct answer a;
	int n = wire_head(in, &a);

	if (n <= 0)
		return n;
	if (a.status != 101) {
		soak.refused++;
		return -1;
	}
	c->wire[0].has_head = true;
	if (says_token(c))
		say_token(c, client_token(c));
	subscribe(c);
	/* Half of those whose token ends soon bring another in time. */
	if (c->brief && c->index / 2 % 2)
		say_token(c, client_next_token(c));
	client_may_stall(c); /* not before: there are 10 s for the token */
	return n;
}

/* Why it is ended, and from where to go on. */
static void take_close(struct client *c, struct str data)
{
	struct str why = str_sub(data, 2, data.len), text;
	struct position pos;
	unsigned code;

	if (data.len < 2)
		return;
	code = (unsigned)((unsigned char)data.p[0] << 8 |
			  (unsigned char)data.p[1]);
	soak.closed++;
	if (code != 1001 && code != 1012 && code != 4008 &&
	    !(code == 4001 && c->brief))
		soak_fault(c, "closed with %u %.*s", code, STR_ARG(why));
	if (c->kind == CLIENT_FOLLOWER && c->begun &&
	    json_check(why, 0, NULL) == 0 && text_of(why, "position", &text) &&
	    position_parse(text, &pos))
		client_move(c, pos);
}

static int websocket_take(struct client *c, struct wire *w, struct str in)
{
	struct frame f;
	int n;

	if (!w->has_head)
		return take_handshake(c, in);
	n = wire_frame(in, &f);
	if (n < 0)
		soak_fault(c, "a frame that is none");
	if (n <= 0)
		return n;
	if (f.opcode == FRAME_CLOSE) {
		take_close(c, f.data);
		return -1;
	}
	if (f.opcode == FRAME_PING)
		outside_frame(w->fd, FRAME_PONG, f.data);
	else
		take_message(c, f.data);
	return n;
}

struct transport transport_websocket = { .name = "websocket",
					 .begin = websocket_begin,
					 .take = websocket_take };

/* ---- stream ---- */

static void stream_begin(struct client *c)
{
	char pos[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	buf_puts(&b, "GET /api/v1/events/stream?topic=");
	add_topic(c, &b);
	if (client_filter(c))
		buf_puts(&b, "&filter=n%3E0");
	if (c->kind == CLIENT_NEWEST)
		buf_puts(&b, "&last=1");
	buf_addf(&b,
		 " HTTP/1.1\r\nHost: localhost\r\n"
		 "Authorization: Bearer %s\r\n",
		 client_token(c));
	if (has_position(c))
		buf_addf(&b, "Last-Event-ID: %s\r\n",
			 position_format(c->pos, pos));
	buf_puts(&b, "\r\n");
	wire_say(&c->wire[0], buf_str(&b));
	buf_free(&b);
}

static int take_block(struct client *c, struct str in)
{
	size_t end = str_find(in, STR("\n\n"));
	struct str rest, line, id = { 0 };
	struct position pos;
	bool lagged = false;

	if (end == (size_t)-1)
		return 0;
	rest = str_sub(in, 0, end);
	while (rest.p) {
		line = str_cut(rest, '\n', &rest);
		if (str_starts(line, STR("id: ")))
			id = str_sub(line, 4, line.len);
		else if (str_is(line, "event: lagged"))
			lagged = true;
		else if (str_starts(line, STR("data: ")) && !lagged)
			take_message(c, str_sub(line, 6, line.len));
	}
	if (id.p && c->kind == CLIENT_FOLLOWER && position_parse(id, &pos))
		client_move(c, pos);
	return (int)end + 2;
}

static int stream_take(struct client *c, struct wire *w, struct str in)
{
	struct answer a;
	int n;

	if (w->has_head)
		return take_block(c, in);
	n = wire_head(in, &a);
	if (n > 0 && a.status != 200) {
		soak.refused++;
		return -1;
	}
	w->has_head = n > 0;
	return n;
}

struct transport transport_stream = { .name = "stream",
				      .begin = stream_begin,
				      .take = stream_take };

/* ---- poll ---- */

static void poll_begin(struct client *c)
{
	char pos[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	buf_addf(&b,
		 "GET /api/v1/events?topic=soak.n/%u&wait=3&limit=1000%s&since="
		 "%s HTTP/1.1\r\nHost: localhost\r\n"
		 "Authorization: Bearer %s\r\n\r\n",
		 c->topic, client_filter(c) ? "&filter=n%3E0" : "",
		 position_format(c->pos, pos), client_token(c));
	wire_say(&c->wire[0], buf_str(&b));
	buf_free(&b);
}

static int poll_take(struct client *c, struct wire *w, struct str in)
{
	struct answer a;
	struct str list = { 0 }, body;
	struct json_iter it;
	int n = wire_answer(in, &a);

	(void)w;
	if (n <= 0)
		return n;
	if (a.status != 200) {
		soak.refused++;
		return -1;
	}
	body = json_trim(a.body);
	if (json_check(body, 0, NULL) || !json_get(body, "events", &list))
		soak_fault(c, "not an answer");
	it = json_iter(list);
	while (json_next(&it))
		client_take(c, it.value, false);
	if (str_find(body, STR("\"recovered\":true")) == (size_t)-1)
		soak_fault(c, "not recovered");
	take_position(c, body, "next");
	if (c->end_ms > clk_mono_ms())
		poll_begin(c);
	return n;
}

struct transport transport_poll = { .name = "poll",
				    .begin = poll_begin,
				    .take = poll_take };
