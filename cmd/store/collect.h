#ifndef STORE_COLLECT_H
#define STORE_COLLECT_H

/*
 * collect - remove the blobs that no event names.
 *
 * A pass lists the blobs that were last put longer ago than the grace, walks
 * the journal for names (a search for bytes, see blob.h), and removes what was
 * not found. It goes in slices between batches, as retention does, so that
 * ingest never waits for longer than one of them, and keeps nothing on disk: a
 * pass that is cut short starts over. Where the journal cannot be read to its
 * end nothing is removed.
 *
 * The grace is for events that are still on their way. An event is in an
 * outbox after its blob was put, and may wait there for as long as its
 * producer or the store is away: the default is the time for which pruning
 * waits for a stage, too. What is put again, because a page is as it was once,
 * gets a new grace; that is looked at once more under the lock. Events that
 * are recorded during a pass name what was put less than a grace ago, so that
 * the walk ends at the head that it began with.
 *
 * An empty journal, or one whose epoch is younger than the grace, took the
 * place of one that was lost or that may be put back, and whose events named
 * the blobs: a pass over it only counts.
 *
 * So does the first pass of a process: outboxes that waited for this store
 * get COLLECT_FIRST_MS to empty themselves.
 */
#include "common/journal.h"
#include "common/stats.h"

enum {
	COLLECT_BLOBS = 100000,	 /* judged in one pass; the next goes on */
	COLLECT_LOOK = 1000,	 /* files, or events, in one slice */
	COLLECT_BYTES = 4 << 20, /* of events in one slice */
	COLLECT_REMOVE = 250,	 /* blobs in one slice */
	COLLECT_FIRST_MS = 3600000,
};

struct collect;

struct collect_conf {
	const char *dir; /* borrowed */
	int64_t grace_ms, every_ms;
	size_t max_blobs; /* 0: COLLECT_BLOBS */
};

struct collect *collect_new(const struct collect_conf *conf);
void collect_free(struct collect **cp);

/*
 * Do one slice if one is due. 1: there is more to do soon; 0: nothing is due,
 * or somebody copies the blobs; -1 with *e: this pass is given up. Sets blobs,
 * blob_bytes, and counts blobs_collected_total, blob_bytes_collected_total.
 */
int collect_turn(struct collect *c, struct journal *j, int64_t now_us,
		 struct stats *stats, struct err *e);

/* All that is due, at once; waits for whoever holds the blobs. */
int collect_now(struct collect *c, struct journal *j, int64_t now_us,
		struct stats *stats, struct err *e);

/* Why the last pass only counted (its journal), or NULL. */
const char *collect_held(const struct collect *c);

#endif
