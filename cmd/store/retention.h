#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

/*
 * retention - what the journal may forget, and when.
 *
 * Rules come from weir.conf, one section per type of event:
 *
 *	[retention price.update]
 *	age = 365d	older ones go
 *	count = 10000	at most so many per topic
 *	bytes = 1G	at most so much of the type
 *	blobs = 1G	at most so much of blobs that events of the type name
 *
 * over those of our own for what would grow without anybody asking for it, and
 * --max-bytes limits the whole. The journal is walked from its oldest
 * event in slices between batches, so that ingest never waits for longer than
 * one of them. Never pruned: the value of a retained topic, the newest event,
 * and what a stage has not read that reported within seven days (unless the
 * limit on the whole forces it).
 */
#include "common/conf.h"
#include "common/journal.h"
#include "common/stats.h"

enum {
	RETENTION_RULES_MAX = 64,
	RETENTION_LOOK = 1000, /* events looked at in one slice */
	RETENTION_PRUNE = 250, /* events pruned in one transaction */
	RETENTION_STAGE_DAYS = 7,
};

struct retention;

/*
 * NULL with *e: EX_CONFIG, naming section and key. conf may be NULL; dir, where
 * blobs are, is borrowed.
 */
struct retention *retention_new(const struct conf *conf, const char *dir,
				int64_t max_bytes, int64_t every_ms,
				struct err *e);
void retention_free(struct retention **rp);

/*
 * Do one slice if one is due; the end of a pass sets record_bytes in stats.
 * 1: there is more to do soon; 0: nothing is due; -1 with *e.
 */
int retention_turn(struct retention *r, struct journal *j, int64_t now_us,
		   struct stats *stats, struct err *e);

#endif
