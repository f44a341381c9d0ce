#ifndef BENCH_COMMITS_H
#define BENCH_COMMITS_H

/*
 * commits - when each commit of an LMDB writer was done, in a file that others
 * map. What a commit writes last, its meta page, goes through a descriptor with
 * O_DSYNC: with the return of that pwrite(2) it is durable. commits.so,
 * preloaded into weir-store, notes the time then.
 */
#include <stdatomic.h>
#include <stdint.h>

#define COMMITS_ENV "WEIR_BENCH_COMMITS" /* the file, COMMITS bytes */

enum { COMMITS_MAX = 1 << 16 }; /* the newest ones */

struct commits {
	_Atomic uint64_t n; /* noted so far */
	int64_t at_us
		[COMMITS_MAX];	/* the i-th at i % COMMITS_MAX, wall clock */
	_Atomic uint64_t bytes; /* written by pwrite(2) and pwritev(2) */
};

#endif
