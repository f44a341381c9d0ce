#ifndef TESTS_CHAOS_POWERCUT_H
#define TESTS_CHAOS_POWERCUT_H

/*
 * powercut - the log between the recorder (powercut_shim.c) and the replayer
 * (tests/helpers/powercut.c): records, each with len bytes behind it.
 */
#include <stdint.h>

enum powercut_kind {
	POWERCUT_WRITE = 1,  /* bytes at offset */
	POWERCUT_WRITE_SYNC, /* the same, on disk when it returned */
	POWERCUT_TRUNCATE,   /* to offset bytes */
	POWERCUT_SYNC,	     /* everything so far is on disk */
	POWERCUT_TOLD,	     /* "TOPIC ATTRS" went out on the bus */
};

struct powercut_record {
	uint32_t kind, len;
	uint64_t offset;
};

#endif
