#ifndef GATEWAY_PUBLISH_H
#define GATEWAY_PUBLISH_H

/*
 * publish - events that came over HTTP, on their way into the journal.
 *
 * A batch is what one request brought. It is done when every event of it has
 * its position in the journal: the position at which it comes along on the
 * feed or, where it was a repeat (same origin pair), the one of the first time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/producer.h"

enum {
	PUBLISH_WAITING_MAX = 8192, /* events, of all requests */
	PUBLISH_BATCH_MAX = 1000,   /* events of one request */
	PUBLISH_TIMEOUT_MS = 10000, /* until a request is told to try again */
};

struct publish;
struct publish_batch;

enum publish_end {
	PUBLISH_DONE,
	PUBLISH_REFUSED, /* the store refused one of them (event.refused) */
	PUBLISH_LATE,	 /* not confirmed in time; it may come yet */
};

/* `pos` has an entry for each event, in order; valid during the call. */
typedef void publish_fn(void *arg, enum publish_end end,
			const struct position *pos, size_t n);

struct publish *publish_new(struct loop *loop, struct producer_memory *queue);
void publish_free(struct publish **pp); /* calls nobody */

/*
 * Hand over n events; fn is called once, later. The caller kicks the producer.
 * NULL with *e where there is no room (EX_TEMPFAIL), or one of them is none
 * that the store takes (EX_DATAERR): nothing was handed over then.
 */
struct publish_batch *publish_add(struct publish *p, const struct event *ev,
				  size_t n, publish_fn *fn, void *arg,
				  struct err *e);

/* Whoever waited for it is gone: fn will not be called. */
void publish_abandon(struct publish_batch *b);

/* An event of the journal: perhaps one of ours. */
void publish_event(struct publish *p, const struct event *ev);

/* The store has everything up to id. Repeats are looked up in the journal. */
void publish_durable(struct publish *p, uint64_t id, uint32_t epoch,
		     struct journal *j);

#endif
