/* WebSockets: each message is a unit. */
#include "stream_link_private.h"

#include "common/clk.h"
#include "common/ws_frame.h"

#include "classify.h"

struct websocket {
	struct link l; /* first */
	struct ws_client *client;
};

/* Of an answer that is no 101, as of any page. */
static int end_with_answer(struct link *l, const struct ws_client_end *e)
{
	struct answer a = { .result = HTTP_OK,
			    .status = e->status,
			    .body = e->body,
			    .retry_after = e->retry_after,
			    .cf_mitigated = e->cf_mitigated,
			    .waf_action = e->waf_action };
	struct verdict v;
	struct link_end end = { .status = e->status };

	classify(&a, clk_wall_us(), &v);
	end.outcome = v.outcome;
	end.reason = v.reason;
	end.retry_ms = v.retry_ms;
	if (v.outcome != OUTCOME_BLOCKED && e->status < 400) {
		end.outcome = OUTCOME_HTTP_ERROR;
		end.reason = e->status < 300 ? "a page, not a WebSocket"
					     : "a redirect, not a WebSocket";
	}
	return link_finish(l, &end);
}

static enum outcome outcome_of_code(unsigned code)
{
	switch (code) {
	case WS_POLICY: return OUTCOME_BLOCKED;
	case WS_TRY_LATER: return OUTCOME_RATE_LIMITED;
	default: return OUTCOME_UNREACHABLE;
	}
}

static int end(struct link *l, const struct ws_client_end *e)
{
	struct answer a = { .result = e->result, .reason = e->reason };
	struct verdict v;

	switch (e->how) {
	case WS_CLIENT_ANSWERED: return end_with_answer(l, e);
	case WS_CLIENT_CLOSED:
		return link_fail(l, outcome_of_code(e->code), "%s", e->reason);
	case WS_CLIENT_BAD:
		return link_fail(l, OUTCOME_PARSE_FAIL, "%s", e->reason);
	case WS_CLIENT_TOO_BIG:
		return link_fail(l, OUTCOME_REFUSED, "%s", e->reason);
	case WS_CLIENT_FAILED: break;
	}
	classify(&a, clk_wall_us(), &v);
	return link_finish(l,
			   &(struct link_end){ .outcome = v.outcome,
					       .reason = v.reason,
					       .way = link_way_of(e->result) });
}

void link_websocket_end(void *link, const struct ws_client_end *e)
{
	end(link, e);
}

struct ws_client *link_websocket_open(struct link *l,
				      const struct ws_client_handler *h)
{
	const struct link_target *t = l->target;
	const struct links *ls = l->links;
	const struct ws_client_target target = {
		.url = t->url,
		.headers = t->headers,
		.subprotocol = t->subprotocol,
		.user_agent = ls->conf.user_agent,
		.max_bytes = ls->conf.max_bytes,
		.proxy = t->proxy,
		.address = t->address,
	};

	return ws_client_new(ls->wires, ls->conf.loop, &target, h, l);
}

static void on_open(void *arg)
{
	struct websocket *w = arg;
	const struct link_target *t = w->l.target;

	for (size_t i = 0; i < t->n_send; i++)
		ws_client_send(w->client, str_from(t->send[i]));
	link_set_timer(&w->l, w->l.idle_ms / 2);
	link_opened(&w->l);
}

static void on_message(void *arg, struct str bytes, bool binary)
{
	struct websocket *w = arg;

	link_give(&w->l,
		  &(struct link_unit){ .bytes = bytes, .binary = binary });
}

static const struct ws_client_handler handler = {
	.open = on_open,
	.message = on_message,
	.end = link_websocket_end,
};

static int websocket_start(struct link *l)
{
	struct websocket *w = (struct websocket *)l;

	link_set_timer(l, l->links->conf.open_ms);
	w->client = link_websocket_open(l, &handler);
	return 0;
}

static void websocket_tick(struct link *l)
{
	struct websocket *w = (struct websocket *)l;

	if (!l->open)
		link_is_late(l);
	else if (link_is_idle(l, ws_client_heard_ms(w->client)))
		ws_client_ping(w->client);
}

static void websocket_pause(struct link *l)
{
	ws_client_pause(((struct websocket *)l)->client, true);
}

static void websocket_resume(struct link *l)
{
	ws_client_pause(((struct websocket *)l)->client, false);
}

static void websocket_stop(struct link *l)
{
	ws_client_free(&((struct websocket *)l)->client);
}

const struct link_ops link_websocket = {
	.size = sizeof(struct websocket),
	.start = websocket_start,
	.pause = websocket_pause,
	.resume = websocket_resume,
	.tick = websocket_tick,
	.stop = websocket_stop,
};
