#ifndef GATEWAY_HUB_PRIVATE_H
#define GATEWAY_HUB_PRIVATE_H

/* What hub.c (who stands where) and hub_serve.c (who is behind) share. */
#include "common/buf.h"

#include "hub.h"
#include "ring.h"

struct queue {
	struct hub_client *head, *tail;
};

struct hub {
	struct hub_conf conf;
	struct ring *ring;
	struct groups *groups;
	struct loop_work *work;
	struct loop_timer *tick, *retry;
	uint32_t epoch;
	uint64_t flushed; /* live clients have seen everything up to here */
	int64_t flushed_ms;
	size_t waiting, n_waiting; /* bytes, events that were not flushed */
	struct group **due;	   /* groups with something to send */
	size_t n_due, cap_due;
	struct queue behind, ahead, woken;
	struct hub_client *all; /* that want something */
	/* an event's text, its frame, and what one write takes */
	struct buf text, frame, out;
	struct hub_counts counts;
};

/* Put a client where it belongs by its position, patterns and socket. */
void hub_settle(struct hub *h, struct hub_client *c);

/* Add one event as a frame; the same bytes for everyone. */
void hub_frame(struct hub *h, const struct event *ev, struct buf *to);

/* One piece for one client. False: the journal cannot be read now. */
bool hub_serve(struct hub *h, struct hub_client *c);

/* Tell a client of events after its position that are gone, once. */
void hub_check_pruned(struct hub *h, struct hub_client *c, struct journal *j);

/* Whatever "last" still owes is owed no more. */
void hub_drop_last(struct hub_client *c);

#endif
