/*
 * WebSockets that speak cloudevents.json: the CloudEvents WebSocket binding,
 * version 1.0.2. Each text message is one whole event in JSON, both ways; what
 * a client wants is in its request.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

#include "api.h"
#include "asked.h"
#include "http.h"
#include "live_private.h"

bool live_cloud_upgrade(struct gateway *g, struct net_conn *c,
			const struct net_request *r)
{
	struct live *l;
	struct err e;

	if (access_is_nobody(net_who(c)) && !access_reads_some(net_who(c))) {
		http_problem(c, 401, "a token is needed");
		return false;
	}
	l = live_begin(g, c);
	l->client.kind = FRAME_CLOUDEVENT;
	net_allow_deflate(c);
	if (r->n_params == 0)
		return true; /* it only publishes */
	l->asked = xcalloc(1, sizeof(*l->asked));
	if (asked_read(&l->s, r, l->asked, &e))
		return true;
	session_end(c);
	api_fail(g, c, &e);
	return false;
}

void live_cloud_forget(struct live *l)
{
	if (l->asked)
		asked_free(l->asked);
	free(l->asked);
	l->asked = NULL;
}

void live_cloud_opened(struct live *l)
{
	struct position pos = { 0 };
	bool recovered = true;
	struct err e;

	live_compress(l);
	if (!l->asked)
		return;
	if (asked_subscribe(l, l->asked, &pos, &recovered, &e)) {
		net_close(l->s.conn, 1013, e.msg);
	} else {
		client_print_subscribed(&l->client.group->patterns, pos,
					recovered, live_text(l));
		live_reply(l);
	}
	live_cloud_forget(l);
}

/* An event to publish; its id, as it is written there, comes with the answer. */
void live_cloud_message(struct live *l, struct str text)
{
	struct client_command cmd = { .verb = CLIENT_PUBLISH,
				      .event = json_trim(text) };
	struct arena a = { 0 };
	struct err e;

	if (json_check(cmd.event, JSON_STRICT, &e)) {
		live_reply_refused(l, "bad-json", e.msg, (struct str){ 0 });
		return;
	}
	if (json_type_of(cmd.event) == JSON_OBJECT &&
	    json_get(cmd.event, "id", &cmd.id) && cmd.id.len > CLIENT_PING_MAX)
		cmd.id = (struct str){ 0 };
	live_publish(l, &cmd, &a);
	arena_free(&a);
}

void live_cloud_wrap(const struct gateway *g, struct str json, struct buf *b)
{
	static uint64_t answers;

	buf_addf(b,
		 "{\"specversion\":\"1.0\",\"id\":\"%llu\",\"source\":"
		 "\"%.*s/answers\",\"type\":\"weir.answer\","
		 "\"datacontenttype\":\"application/json\",\"data\":",
		 (unsigned long long)++answers,
		 STR_ARG(producer_memory_source(g->queue)));
	buf_add_str(b, json);
	buf_putc(b, '}');
}
