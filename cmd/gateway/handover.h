#ifndef GATEWAY_HANDOVER_H
#define GATEWAY_HANDOVER_H

/*
 * handover - bytes for the program that this process executes next.
 *
 * They are in memory that has no name (memfd_create(2)), is sealed, and is
 * inherited: nobody else can open it who could not read this process anyway.
 * Its descriptor is in the environment (HANDOVER_NAME, as PID:FD), from which a
 * program that does not know of it comes to no harm.
 */
#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

#define HANDOVER_NAME "WEIR_GATEWAY_SEATS"
enum { HANDOVER_MAX = 128 << 20 }; /* bytes */

/* The descriptor, which executing closes; -1 with *e: too much, or a system's
   error. */
int handover_new(struct str bytes, struct err *e);

/* Leave it to the program that is executed next. Takes it. */
void handover_leave(int fd);

/* 1: added to b; 0: there is nothing; -1 with *e: it cannot be read. Once. */
int handover_take(struct buf *b, struct err *e);

#endif
