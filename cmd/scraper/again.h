#ifndef SCRAPER_AGAIN_H
#define SCRAPER_AGAIN_H

/*
 * again - the bodies that were kept of a watch, read once more by the watch as
 * it is now: what they say and nobody was told, as events for weir-pub(1).
 *
 * Bodies are read in the order of their records and compared as they would
 * have been then. What comes of it is told already where an event of the same
 * thing with the same values is in the journal, not later than its record; what
 * was filled in before is such an event, too. So a second run says nothing, and
 * one that was broken off is completed by the next.
 */
#include <stdio.h>

#include "extract_pool.h"

/*
 * Writes an event a line, marked with "backfilled", and its record as cause.
 * dir: of journal and blobs. -1 with *e: EX_NOINPUT where there is no such
 * watch, EX_DATAERR where nothing of it can be read again.
 */
int again_run(const char *dir, const char *secrets_dir, struct str id,
	      const struct extract_pool_conf *conf, FILE *out, struct err *e);

#endif
