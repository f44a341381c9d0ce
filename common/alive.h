#ifndef COMMON_ALIVE_H
#define COMMON_ALIVE_H

/*
 * alive - tell the supervisor (notify.h) while a loop turns: WATCHDOG=1 every
 * ALIVE_MS, and STOPPING=1 at the end. That it is ready is its owner's to say.
 */
#include "common/loop.h"

enum { ALIVE_MS = 5000 };

struct alive;

struct alive *alive_new(struct loop *loop);
void alive_free(struct alive **ap);

#endif
