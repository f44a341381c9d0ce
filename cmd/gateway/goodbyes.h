#ifndef GATEWAY_GOODBYES_H
#define GATEWAY_GOODBYES_H

/*
 * goodbyes - sessions whose client has just closed them. Pure.
 *
 * A client over HTTP closes its session with a POST while its GET is under way
 * on another connection, and either may be here first. A GET that waits then is
 * answered with a noop; one that comes after it is due the same, once.
 *
 * Zeroed at first. Times are monotonic, in ms, and never run backwards.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#include "engineio.h"

enum {
	GOODBYES_MAX = 1000, /* the oldest is forgotten for one more */
	GOODBYES_MS = 10000, /* so late a GET may be */
};

struct goodbyes {
	struct goodbye {
		char sid[ENGINEIO_SID_LEN + 1]; /* "": it was taken */
		int64_t until_ms;
	} ring[GOODBYES_MAX];
	size_t next;
	uint64_t pushed; /* forgotten before their time */
};

void goodbyes_add(struct goodbyes *g, const char *sid, int64_t now_ms);

/* True if it is there; it is not from then on. */
bool goodbyes_take(struct goodbyes *g, struct str sid, int64_t now_ms);

#endif
