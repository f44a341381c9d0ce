#ifndef SCRAPER_SANDBOX_H
#define SCRAPER_SANDBOX_H

/*
 * sandbox - give up everything that a process needs not to compute.
 *
 * What remains: memory up to a limit, reading and writing the descriptors that
 * are open, and an end. There are two walls, so that one may be missing: limits
 * (no new descriptor, and with that no file, socket or pipe; no core; files do
 * not grow), and a filter of system calls, which refuses whatever is not needed
 * with EPERM, executable memory and writing above descriptor 2 included.
 */
#include <stddef.h>

#include "common/err.h"

/*
 * Close all descriptors but 0, 1 and 2; the environment ends here, too. Before
 * anything is loaded that may not be opened later.
 */
void sandbox_prepare(void);

/*
 * The first wall, for ever. memory: bytes that may be taken beyond what is
 * mapped now. -1 with *e: EX_OSERR.
 */
int sandbox_limit(size_t memory, struct err *e);

/* The second wall. -1 with *e (EX_OSERR) where the kernel has no filters. */
int sandbox_filter(struct err *e);

#endif
