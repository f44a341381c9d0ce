#ifndef COMMON_STAGE_PRIVATE_H
#define COMMON_STAGE_PRIVATE_H

/*
 * stage_private - what stage.c (transactions, deadlines), stage_bus.c (life as
 * a process on the bus), stage_careful.c (after an unclean end) and
 * stage_filter.c (life in a pipe) share.
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
	unsigned careful;	/* how many more are handled one by one */

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

/* Every one, however many: none may be due when an event is handled. */
int stage_fire_all(struct stage *s, int64_t clock_us, struct err *e);

/* Fire the handler's first deadline, which is due_us. */
int stage_fire(struct stage *s, int64_t due_us, struct err *e);

/* Commit what is open; then outputs leave and settled() is called. */
int stage_settle(struct stage *s, struct err *e);

/* Open the ledger's part of the handler: open() in a transaction. */
int stage_open_handler(struct stage *s, struct err *e);

/* Rows of the stage itself: get is 1 found, 0 not, -1 failed. */
int stage_get_row(struct stage *s, struct str key, void *p, size_t len,
		  struct err *e);
int stage_put_row(struct stage *s, struct str key, const void *p, size_t len,
		  struct err *e);

/* ---- after an unclean end (design, section 5, rule 7) ---- */

/* In a transaction: until marked clean, an end is unclean. Sets careful. */
int stage_mark_running(struct stage *s, struct err *e);
void stage_mark_clean_end(struct stage *s);

/* The same as stage_handle and stage_fire, each settled, a few times at most */
int stage_handle_carefully(struct stage *s, const struct event *ev,
			   struct err *e);
int stage_fire_carefully(struct stage *s, int64_t due_us, struct err *e);

/* --retry, if it is given: can it be done (in a transaction), and do it. */
int stage_check_retry(struct stage *s, struct err *e);
int stage_retry(struct stage *s, struct err *e);

int stage_run_bus(struct stage *s, struct err *e);
int stage_run_filter(struct stage *s, struct err *e);
int stage_run_filter_loop(struct stage *s, struct err *e);
int stage_run_generator(struct stage *s, struct err *e);

/* Write what a filter has to say. EX_IOERR; a closed pipe ends quietly. */
int stage_flush(struct stage *s, struct err *e);

#endif
