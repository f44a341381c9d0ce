#ifndef COMMON_SYNC_H
#define COMMON_SYNC_H

/*
 * sync - fsync(2) of many files and directories, side by side.
 *
 * What waits for the disk together is written together: on a disk that takes a
 * few milliseconds for one, eight threads sync several times as many in the
 * same time. The threads live as long as the call, take no signals, and touch
 * nothing but the descriptors. Those that are not to be had are done without.
 */
#include <stddef.h>

enum {
	SYNC_THREADS = 8, /* at most, the caller's with them */
	SYNC_EACH = 4,	  /* files, at least, for a thread to be worth it */
};

struct sync_one {
	int fd;	   /* borrowed */
	int error; /* result: 0, or errno */
};

/* Returns when all are through. One that fails takes no other with it. */
void sync_together(struct sync_one *v, size_t n);

#endif
