#ifndef BENCH_SCRAPER_CHILD_H
#define BENCH_SCRAPER_CHILD_H

/*
 * child - the same documents handed to a process that reads them, as the
 * scraper does.
 */
#include "cmd/scraper/extract_wire.h"

struct through {
	double per_cpu_second; /* of this process and the other, together */
	double mib;   /* of the other, at the end: its share of memory */
	size_t items; /* of one round over all documents */
};

/* The best of some rounds over n documents, of so many seconds of CPU each. */
struct through child_measure(const struct wire_request *docs, size_t n,
			     unsigned rounds, double seconds);

#endif
