#ifndef GATEWAY_LIVE_PRIVATE_H
#define GATEWAY_LIVE_PRIVATE_H

/* What live.c (WebSockets) and live_publish.c (what they publish) share. */
#include "client.h"
#include "live.h"

/* Send a text that is no event; frees it. */
void live_reply(struct live *l, struct buf *text);

/* An error that belongs to what was published as `id`; counted by its code. */
void live_reply_refused(struct live *l, const char *code, const char *message,
			struct str id);

/* An event to publish: answered now, if it is refused, or when it is durable. */
void live_publish(struct live *l, const struct client_command *cmd,
		  struct arena *a);
/* The client goes; nobody waits for its events any more. */
void live_publish_abandon(struct live *l);

#endif
