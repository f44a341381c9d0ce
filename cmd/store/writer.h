#ifndef STORE_WRITER_H
#define STORE_WRITER_H

/*
 * writer - one batch: from what waits on ingest to what is durable and told.
 *
 * A batch is whatever arrived while the last one was being synced; there are
 * no timers. It is checked (duplicates, gaps, limits), appended, committed
 * with a full sync, and only then acknowledged and published. When the disk
 * is full the batch is kept and tried again, nothing is acknowledged, and
 * producers wait with what they have (design, section 3).
 */
#include "common/bus.h"
#include "common/journal.h"
#include "common/stats.h"

enum {
	WRITER_BATCH = 1024,	       /* messages in one transaction */
	WRITER_BATCH_BYTES = 16 << 20, /* bytes of data in one transaction */
	WRITER_SOURCES = 4096,	       /* sources remembered in memory */
};

struct writer;

/* Borrows all three; stats gets events_total, duplicates_total and others. */
struct writer *writer_new(struct journal *j, struct bus_sock *ingest,
			  struct bus_sock *feed, struct stats *stats);
void writer_free(struct writer **wp);

/*
 * Take what waits, at most one batch. 1: there was something; 0: nothing; -1
 * with *e: EX_TEMPFAIL, the disk is full and the batch is kept for the next
 * call; else the store must end.
 */
int writer_turn(struct writer *w, int64_t now_us, struct err *e);

/* Tell everybody the head and the store's clock ($head). */
void writer_heartbeat(struct writer *w, int64_t now_us);

#endif
