#ifndef BENCH_SCRAPER_CHILD_H
#define BENCH_SCRAPER_CHILD_H

/*
 * child - the same documents handed to a process that reads them, as the
 * scraper does.
 */
#include "cmd/scraper/extract_wire.h"

struct child;

/* Start it, and have it read the n documents once; *items_r: found in them. */
struct child *child_start(const struct wire_request *docs, size_t n,
			  size_t *items_r);
/* Documents per second of CPU, of this process and the other together. */
double child_rate(struct child *ch, double seconds);
/* What the other has in memory: its share, in MiB. */
double child_mib(const struct child *ch);
void child_stop(struct child **chp);

#endif
