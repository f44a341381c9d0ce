#ifndef COMMON_STAGE_PRIVATE_H
#define COMMON_STAGE_PRIVATE_H

/*
 * stage_private - what stage.c (transactions, deadlines), stage_bus.c (life as
 * a process on the bus) and stage_filter.c (life in a pipe) share.
 */
#include "common/buf.h"
#include "common/follow.h"
#include "common/stage.h"

struct stage {
	const struct stage_handler *h;
	void *self;
	const struct opt_common *common;
	const struct stage_options *options;
	struct loop *loop;
	struct bus *bus;
	struct ledger *ledger;
	struct producer *producer;
	struct follow *follow;
	struct stats *stats;
	struct loop_timer *report; /* $pos and $stats */

	bool filter, finishing;
	struct position silent; /* output begins after it */
	struct position now;	/* the event that is being handled */
	struct position start;	/* the head of the journal when we came */
	bool live;		/* it was reached */
	bool dirty;		/* the open transaction moved the position */
	bool handling;		/* now is being handled, not yet behind us */
	unsigned careful;	/* events yet to be handled one by one */

	struct buf data; /* scratch for attributes */
	struct buf out;	 /* a filter's output, written after commit */
	uint64_t out_id; /* a filter's ids, where nothing is kept */
	bool bad_input;	 /* a filter met a line that it could not take */

	bool failed;
	struct err why;
};

/* Begin unless a transaction is open. */
int stage_need_txn(struct stage *s, struct err *e);

/* Hand one event to the handler, with the deadlines that come before it. */
int stage_handle(struct stage *s, const struct event *ev, struct err *e);

/* Fire what is due before clock_us (exclusive), at most a bounded number. */
int stage_fire_until(struct stage *s, int64_t clock_us, struct err *e);

/* Commit what is open; then outputs leave and settled() is called. */
int stage_settle(struct stage *s, struct err *e);

/* Open the ledger's part of the handler: open() in a transaction. */
int stage_open_handler(struct stage *s, struct err *e);

int stage_run_bus(struct stage *s, struct err *e);
int stage_run_filter(struct stage *s, struct err *e);
int stage_run_filter_loop(struct stage *s, struct err *e);
int stage_run_generator(struct stage *s, struct err *e);

/* Write what a filter has to say. EX_IOERR; a closed pipe ends quietly. */
int stage_flush(struct stage *s, struct err *e);

#endif
