#ifndef STORE_BLOBS_H
#define STORE_BLOBS_H

/*
 * blobs - all of them at once, for --check and --backup.
 */
#include "common/journal.h"

/*
 * Read every blob, and look for every one that an event names. Calls problem
 * for each finding; the number of blobs in *n_r.
 */
int blobs_verify(const char *dir, struct journal *j,
		 void (*problem)(void *arg, const char *text), void *arg,
		 uint64_t *n_r, struct err *e);

/*
 * Copy journal and blobs to another directory: the journal first, so that the
 * copy has every blob that it names; none is removed meanwhile. Blobs are
 * linked where that is possible, else read, checked and written. *n_r: blobs.
 */
int blobs_backup(const char *dir, struct journal *j, const char *to,
		 uint64_t *n_r, struct err *e);

#endif
