#ifndef COMMON_LEDGER_H
#define COMMON_LEDGER_H

/*
 * ledger - what one process knows, and what it still has to say.
 *
 * One transaction holds the input position that was consumed, the state that
 * this changed, and the events that follow from it (the outbox). It is synced
 * before anything in the outbox is sent. Entries leave the outbox when the
 * store acknowledges them. So a process may be killed at any instant: nothing
 * is lost, nothing appears twice, and state and output never disagree.
 *
 * The ledger's identity is its source, "weir/TOOL/xxxxxxxx". Events get ids
 * from 1 without gaps. A ledger that was copied (another machine or inode),
 * and one whose identity the store contradicts, takes a new identity; events
 * of the older one go out first.
 *
 * An exclusive lock is held for life: EX_TEMPFAIL where it is taken. All
 * failures inside a transaction mean: abort, and end the process.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/event.h"
#include "common/producer.h"

struct ledger;

struct ledger_conf {
	const char *path;   /* directory; NULL: a scratch one, gone at the end,
			     whose state is in memory alone and is not what it
			     was after ledger_abort() */
	const char *tool;   /* "analyzer" */
	const char *source; /* fixed source ("weir/analyzer/-"), or NULL */
	bool pure; /* the same input derives the same events with the same ids:
		      keeps its identity when the store is ahead of it */
};

struct ledger *ledger_open(const struct ledger_conf *conf, struct err *e);
void ledger_close(struct ledger **lp);

struct str ledger_source(const struct ledger *l);

int ledger_begin(struct ledger *l, struct err *e);
int ledger_commit(struct ledger *l, struct err *e);
void ledger_abort(struct ledger *l);
bool ledger_in_txn(const struct ledger *l);

/* ---- inside a transaction ---- */

/* State: keys of at most DB_KEY_MAX - 1 bytes. 1 found, 0 not, -1 failed. */
int ledger_get(struct ledger *l, struct str key, struct str *val_r,
	       struct err *e);
int ledger_put(struct ledger *l, struct str key, struct str val, struct err *e);
int ledger_del(struct ledger *l, struct str key, struct err *e);
/*
 * Every key with the prefix, in byte order. fn: 0 go on, 1 stop, -1 fail. Of
 * keys with the prefix it may delete the one that it was given, no other.
 */
typedef int ledger_fn(void *arg, struct str key, struct str val, struct err *e);
int ledger_each(struct ledger *l, struct str prefix, ledger_fn *fn, void *arg,
		struct err *e);

struct position ledger_position(const struct ledger *l);
int ledger_set_position(struct ledger *l, struct position p, struct err *e);

/*
 * Put an event into the outbox: fills source and id of ev. It is checked
 * (event_check) first: EX_SOFTWARE where we made a bad one.
 */
int ledger_emit(struct ledger *l, struct event *ev, struct err *e);

/* ---- the outbox ---- */

/* For producer_new(). */
struct producer_queue ledger_queue(struct ledger *l);
uint64_t ledger_outbox_count(const struct ledger *l);

/*
 * For filters: hand out everything in the outbox, in order, and forget it
 * once fn has returned 0 for all.
 */
int ledger_drain(struct ledger *l,
		 int (*fn)(void *arg, const struct event *ev, struct err *e),
		 void *arg, struct err *e);

#endif
