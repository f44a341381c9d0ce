#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/xmem.h"

#include "engineio.h"
#include "socketio.h"
#include "token.h"

enum {
	READ_SIZE = 64 << 10,
	LIFE_MIN_MS = 300,
	LIFE_MAX_MS = 6000,
	LONG_LIFE_MS = 60 * 1000, /* one of 16, where there is time */
	REST_MAX_MS = 1500,
	STALL_MAX_MS = 9000,
	END_MS = 120 * 1000, /* for all to see the last event */
	KINDS = 8,
};

static const enum client_kind kinds[KINDS] = {
	CLIENT_FOLLOWER, CLIENT_SOCKETIO, CLIENT_FOLLOWER, CLIENT_SOCKETIO,
	CLIENT_FOLLOWER, CLIENT_NEWEST,	  CLIENT_FOLLOWER, CLIENT_SOCKETIO,
};

void client_init(struct client *c, unsigned index)
{
	unsigned row = index / SOAK_TOPICS;

	*c = (struct client){
		.index = index,
		.topic = index % SOAK_TOPICS,
		.kind = kinds[row % KINDS],
		.wide = kinds[row % KINDS] == CLIENT_NEWEST && index % 4 == 0,
		.due_ms = clk_mono_ms() + (int64_t)soak_pick(1000),
	};
	for (int i = 0; i < CLIENT_WIRES; i++)
		c->wire[i] = (struct wire){ .client = c, .fd = -1 };
	c->sight[c->topic].state = SIGHT_ANY;
	if (c->kind != CLIENT_SOCKETIO)
		return;
	c->io = socketio_new(c);
	c->engine = engineio_new();
}

const char *client_filter(const struct client *c)
{
	return c->index / SOAK_TOPICS / KINDS % 2 ? "n>0" : NULL;
}

static const char *token_for(const struct client *c, int64_t seconds)
{
	char user[32];

	snprintf(user, sizeof(user), "client-%u", c->index);
	return token_make(user, (int64_t)time(NULL) + seconds, false);
}

const char *client_token(const struct client *c)
{
	return token_for(c, c->brief ? 1 + (int64_t)soak_pick(3) - TOKEN_GRACE_S
				     : 3600);
}

const char *client_next_token(const struct client *c)
{
	return token_for(c, 3600);
}

/* ---- what comes ---- */

bool client_read(const struct client *c, struct str json,
		 struct client_event *ev_r)
{
	struct str data, n, offset, subject;
	uint64_t topic;

	if (json_get(json, "data", &data) && json_get(data, "n", &n) &&
	    str_u64(n, &ev_r->n) && json_get(json, "subject", &subject) &&
	    str_u64(str_sub(subject, 1, subject.len - 1), &topic) &&
	    topic < SOAK_TOPICS && json_get(json, "offset", &offset) &&
	    str_u64(str_sub(offset, 1, offset.len - 1), &ev_r->offset)) {
		ev_r->topic = (unsigned)topic;
		return true;
	}
	soak_fault(c, "not an event: %.*s",
		   (int)(json.len < 200 ? json.len : 200), json.p);
	return false;
}

void client_see(struct client *c, const struct client_event *ev, bool is_live)
{
	struct sight *s = &c->sight[ev->topic];
	uint64_t before = s->seen;
	const char *wrong = sight_take(s, ev->n);

	soak.events++;
	if (wrong)
		soak_fault(c, "%llu of %u after %llu: %s",
			   (unsigned long long)ev->n, ev->topic,
			   (unsigned long long)before, wrong);
	if (is_live && ev->n > soak.known[ev->topic])
		soak.known[ev->topic] = ev->n;
	if (c->io && ev->topic != c->topic)
		return; /* another room; c->pos is about its own */
	if (ev->offset <= c->pos.offset)
		soak_fault(c, "offset %llu after %llu",
			   (unsigned long long)ev->offset,
			   (unsigned long long)c->pos.offset);
	c->pos.offset = ev->offset;
}

void client_take(struct client *c, struct str json, bool is_live)
{
	struct client_event ev;

	if (client_read(c, json, &ev))
		client_see(c, &ev, is_live);
}

void client_move(struct client *c, struct position pos)
{
	if (pos.epoch == c->pos.epoch && pos.offset < c->pos.offset)
		soak_fault(c, "told to go back to %llu from %llu",
			   (unsigned long long)pos.offset,
			   (unsigned long long)c->pos.offset);
	else
		c->pos = pos;
}

bool client_is_behind(const struct client *c)
{
	return c->sight[c->topic].seen != soak.published[c->topic];
}

/* ---- coming and going ---- */

static struct transport *choose(const struct client *c)
{
	struct transport *const all[] = { &transport_websocket,
					  &transport_stream, &transport_poll };

	if (c->kind == CLIENT_SOCKETIO)
		return &transport_socketio;
	/* A poll needs a position to begin from. */
	return all[soak_pick(c->kind == CLIENT_FOLLOWER && c->begun ? 3 : 2)];
}

static int64_t life_ms(void)
{
	bool is_long = soak_pick(16) == 0;

	if (is_long && soak.seconds * 1000 > 2 * LONG_LIFE_MS)
		return LONG_LIFE_MS;
	return LIFE_MIN_MS + (int64_t)soak_pick(LIFE_MAX_MS);
}

/* The newest that it is to be sent first is no older than what is known. */
static void expect_newest(struct client *c)
{
	for (unsigned i = 0; i < SOAK_TOPICS; i++) {
		struct sight *s = &c->sight[i];

		if (!c->wide && i != c->topic)
			continue;
		if (soak.known[i] > s->seen)
			s->seen = soak.known[i];
		s->seen -= s->seen > 0;
		s->state = SIGHT_ANY;
	}
	c->pos = (struct position){ 0 };
}

static void come(struct client *c, int64_t now_ms)
{
	bool stalls = !soak.ending && c->begun && soak_pick(8) == 0;
	int64_t stall_max_ms = (int64_t)soak.seconds * 1000 / 3;

	c->transport = choose(c);
	c->over = false;
	if (stall_max_ms > STALL_MAX_MS)
		stall_max_ms = STALL_MAX_MS;
	c->stall_ms =
		stalls ? 1 + (int64_t)soak_pick((uint64_t)stall_max_ms) : 0;
	c->brief = !soak.ending && soak_pick(8) == 0;
	c->due_ms = now_ms + REST_MAX_MS;
	c->here = wire_open(&c->wire[0], stalls);
	if (!c->here)
		return;
	c->transport->connections++;
	c->end_ms = now_ms + life_ms() + c->stall_ms;
	if (soak.ending)
		c->end_ms += END_MS;
	c->due_ms = c->end_ms;
	if (c->kind == CLIENT_NEWEST)
		expect_newest(c);
	c->transport->begin(c);
	if (c->transport == &transport_stream ||
	    c->transport == &transport_poll)
		client_may_stall(c);
}

void client_may_stall(struct client *c)
{
	if (!c->stall_ms || c->stalled || !c->here)
		return;
	c->stalled = true;
	c->due_ms = clk_mono_ms() + c->stall_ms;
	c->stall_ms = 0;
	soak.slow++;
	for (int i = 0; i < CLIENT_WIRES; i++)
		wire_read(&c->wire[i], false);
}

static void go_on_reading(struct client *c)
{
	c->stalled = false;
	c->due_ms = c->end_ms;
	for (int i = 0; i < CLIENT_WIRES; i++)
		wire_read(&c->wire[i], true);
}

/* Half of them with a reset. */
void client_go(struct client *c)
{
	bool gently = c->transport->leave && c->transport->leave(c);
	bool hard = soak_pick(2) && !gently;

	for (int i = 0; i < CLIENT_WIRES; i++)
		wire_close(&c->wire[i], hard);
	c->here = c->stalled = false;
	c->due_ms = clk_mono_ms() +
		    (soak.ending ? 0 : (int64_t)soak_pick(REST_MAX_MS));
}

/* Its connection was ended, which does not say that it may come at once. */
static void was_ended(struct client *c)
{
	client_go(c);
	c->due_ms = clk_mono_ms() + (int64_t)soak_pick(REST_MAX_MS);
}

void client_hear(struct wire *w)
{
	struct client *c = w->client;
	char *to;
	ssize_t n;
	int took = 1;

	if (w->fd < 0 || c->stalled)
		return;
	to = buf_reserve(&w->in, READ_SIZE);
	n = recv(w->fd, to, READ_SIZE, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (!c->transport->ended || !c->transport->ended(c, w))
			was_ended(c);
		return;
	}
	w->in.len += (size_t)n;
	while (took > 0 && w->fd >= 0 && w->in.len) {
		took = c->transport->take(c, w, buf_str(&w->in));
		if (took > 0 && w->fd >= 0)
			buf_consume(&w->in, (size_t)took);
		if (c->over)
			took = -1;
	}
	if (took < 0)
		was_ended(c);
	else if (w->in.len == 0)
		buf_free(&w->in);
}

void client_turn(struct client *c, int64_t now_ms)
{
	if (c->here && !c->stalled && c->transport->turn)
		c->transport->turn(c, now_ms);
	if (c->due_ms > now_ms)
		return;
	if (!c->here)
		come(c, now_ms);
	else if (c->stalled)
		go_on_reading(c);
	else
		client_go(c);
}
