#ifndef GATEWAY_SEATS_H
#define GATEWAY_SEATS_H

/*
 * seats - seats that were left (rooms.h) as text, for the program that comes
 * after this one in the same process.
 *
 * A line of JSON says the version and how many there are; each seat is one
 * more, the oldest first:
 *
 *	{"weir.seats":1,"namespaces":["/"],"seats":1}
 *	{"pid":"a...","sid":"...","user":"ann","left":88213,"rooms":["jobs"]}
 *
 * `left` is when, in ms of the system's monotonic clock; `user` may be missing.
 * Namespaces are those that the first letters of pids stand for.
 *
 * Pure.
 */
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

#include "rooms.h"

enum { SEATS_VERSION = 1 };

/* namespaces: a JSON array, printed always in the same way. */
void seats_print(const struct rooms *r, struct str namespaces, struct buf *b);

/*
 * Add them to r. -1 with *e (EX_DATAERR): of another version, for other
 * namespaces, or broken; r may have some of them then.
 */
int seats_read(struct rooms *r, struct str text, struct str namespaces,
	       int64_t now_ms, struct err *e);

#endif
