#ifndef GATEWAY_STREAMS_H
#define GATEWAY_STREAMS_H

/*
 * streams - Server-Sent Events (HTML standard, section 9.2): clients of the hub
 * that subscribe with their request, and then only listen.
 *
 * Every block that is an event has its position as `id`, which a browser sends
 * back as Last-Event-ID. While nothing comes for a client, a block with only an
 * `id` takes its position along, or a comment shows that the connection lives
 * (pulse.h).
 */
#include "live.h"

enum {
	STREAMS_PING_MS = 15000,
	STREAMS_RETRY_MIN_MS = 1000,
	STREAMS_RETRY_MAX_MS = 3000, /* each is told another time in between */
};

/* What gives them signs of life. */
struct pulse *streams_new(struct loop *loop);

/* The block that says from which position events come. */
void streams_print_subscribed(const struct live *l, struct position pos,
			      bool recovered, struct buf *b);

#endif
