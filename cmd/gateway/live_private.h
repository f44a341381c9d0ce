#ifndef GATEWAY_LIVE_PRIVATE_H
#define GATEWAY_LIVE_PRIVATE_H

/* What live.c (WebSockets) and live_publish.c (what they publish) share. */
#include "client.h"
#include "live.h"

/* Of a WebSocket that is being opened. */
struct live *live_begin(struct gateway *g, struct net_conn *c);

/* It is open: what it is sent is compressed, if that was agreed on. */
void live_compress(struct live *l);

/* It speaks cloudevents.json. */
bool live_is_cloud(const struct live *l);

/* To send a text that is no event: print it here, and then say so. */
struct buf *live_text(const struct live *l);
void live_reply(struct live *l);

/* An error that belongs to what was published as `id`; counted by its code. */
void live_reply_refused(struct live *l, const char *code, const char *message,
			struct str id);

/* An event to publish: answered now, if it is refused, or when it is durable. */
void live_publish(struct live *l, const struct client_command *cmd,
		  struct arena *a);
/* The client goes; nobody waits for its events any more. */
void live_publish_abandon(struct live *l);

/* ---- live_cloud.c: cloudevents.json ---- */

/* Begin one with what its request asks for. False: answered. */
bool live_cloud_upgrade(struct gateway *g, struct net_conn *c,
			const struct net_request *r);
void live_cloud_opened(struct live *l);
void live_cloud_message(struct live *l, struct str text);
void live_cloud_forget(struct live *l);
/* What weir.v1 would say, as data of an event. */
void live_cloud_wrap(const struct gateway *g, struct str json, struct buf *b);

#endif
