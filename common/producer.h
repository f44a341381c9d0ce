#ifndef COMMON_PRODUCER_H
#define COMMON_PRODUCER_H

/*
 * producer - hand events to the store until it says that it has them.
 *
 * Go-back-N with cumulative acknowledgement. At start, and whenever the store
 * seems to be another one, it says hello and waits for the answer that bears
 * its nonce; only then it sends, at most BUS_WINDOW events ahead. What is not
 * acknowledged in time is sent again from there; the timeout doubles, with
 * jitter, up to PRODUCER_TIMEOUT_MAX_MS.
 *
 * Where the events wait is the queue's business: a ledger's outbox on disk, or
 * memory (producer_memory_new) for tools whose callers can repeat.
 */
#include "common/bus.h"
#include "common/event.h"
#include "common/loop.h"

enum {
	PRODUCER_HELLO_MS = 10,	   /* first retry of a hello */
	PRODUCER_TIMEOUT_MS = 250, /* first retry of unacknowledged events */
	PRODUCER_TIMEOUT_MAX_MS = 8000,
};

/* The queue of one source. Ids in it run without gaps. */
struct producer_queue {
	void *arg;
	/* Ids that wait: first..last; last is the last id ever given. */
	void (*range)(void *arg, uint64_t *first_r, uint64_t *last_r);
	/*
	 * The highest id that the store can have: what was handed out to be
	 * sent, and what an earlier life may have sent.
	 */
	uint64_t (*known)(void *arg);
	/*
	 * The event `id`, valid until the next call into the queue. -1: failed.
	 */
	int (*get)(void *arg, uint64_t id, struct event *ev_r, struct err *e);
	/* The store has everything up to id: forget it. */
	int (*acked)(void *arg, uint64_t id, struct err *e);
	/*
	 * The store's answer contradicts the queue (design, section 5, rule 3):
	 * it has more than it can (store_last > known), or less than was
	 * forgotten already (last < first - 1). 0: a new identity was taken,
	 * and the producer says hello with it; 1: go on all the same (a pure
	 * stage derives the same ids again); -1 to give up.
	 */
	int (*conflict)(void *arg, uint64_t store_last, struct err *e);
	/* A run of get() is over: let go of what they borrowed. */
	void (*rest)(void *arg);
	/*
	 * The source of the events that wait first. When it changes (an older
	 * identity's events are all acknowledged), the producer says hello.
	 */
	struct str (*source)(void *arg);
	bool transient; /* its sources never come back */
};

struct producer;

struct producer_conf {
	struct loop *loop;
	struct bus *bus;
	struct producer_queue queue;
	/* The queue failed; the process should end. */
	void (*failed)(void *arg, const struct err *e);
	/* Everything up to id is durable in epoch's journal. May be NULL. */
	void (*durable)(void *arg, uint64_t id, uint32_t epoch);
	void *arg;
};

struct producer *producer_new(const struct producer_conf *conf, struct err *e);
void producer_free(struct producer **pp);

/* The queue has more than before: send what fits the window. */
void producer_kick(struct producer *p);

/* The store answered hello and acknowledges in time. */
bool producer_connected(const struct producer *p);

/* Send a control message ($pos, $stats, ...) to ingest, best effort. */
void producer_control(struct producer *p, struct str topic, struct str attrs,
		      struct str data);

/*
 * A queue in memory, of at most max events, with a fresh transient source
 * "weir/TOOL/RANDOM". Belongs to the caller; free it after the producer.
 */
struct producer_memory;
struct producer_memory *producer_memory_new(const char *tool, size_t max);
void producer_memory_free(struct producer_memory **mp);
struct producer_queue producer_memory_queue(struct producer_memory *m);
/*
 * Take a copy of ev, under the next id, which is returned. Its own source and
 * id, where it has them, become originsource and originid.
 *
 * 0 with *e: it is full (EX_TEMPFAIL), or what ev has become is not an event
 * that the store takes (EX_DATAERR, as event_check() says): it would be sent
 * for ever, and nothing behind it would come through.
 */
uint64_t producer_memory_add(struct producer_memory *m, const struct event *ev,
			     struct err *e);
/* Forget the last n, of which none was sent yet. */
void producer_memory_undo(struct producer_memory *m, size_t n);
struct str producer_memory_source(const struct producer_memory *m);
size_t producer_memory_waiting(const struct producer_memory *m);

#endif
