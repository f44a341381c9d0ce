#ifndef COMMON_BLOB_BATCH_H
#define COMMON_BLOB_BATCH_H

/*
 * blob_batch - many blobs (blob.h) at once, for one transaction.
 *
 * Each is written when it is added, but none is synced before the flush, all of
 * them together then (sync.h); the promise of blob_put() holds for each once
 * that returns. One that fails takes no other with it. A batch that is not
 * flushed, or a process that dies, leaves at most files without a name, which
 * the collector removes.
 *
 * From the first one to the flush the lock on DIR/blobs is held: flush soon.
 * Above BLOB_BATCH_OPEN some are flushed on the way. A process has one batch of
 * a directory at a time.
 */
#include "common/blob.h"

enum { BLOB_BATCH_OPEN = 128 }; /* files that are open, and synced together */

struct blob_batch;

struct blob_batch *blob_batch_new(const char *dir); /* borrowed */
/* Flushes nothing. NULL is fine, and it is set to NULL. */
void blob_batch_free(struct blob_batch **bp);

/*
 * As blob_put(), but for the disk. What is in it already is there once. -1 with
 * *e: this one is not in it.
 */
int blob_batch_add(struct blob_batch *b, struct str content, bool is_text,
		   char id_r[BLOB_ID_SIZE], struct err *e);

void blob_batch_flush(struct blob_batch *b);

/*
 * After the flush: is it on disk? -1 with *e, as blob_put() would say;
 * EX_SOFTWARE: it was never added.
 */
int blob_batch_kept(const struct blob_batch *b, const char *id, struct err *e);

#endif
