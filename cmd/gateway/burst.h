#ifndef GATEWAY_BURST_H
#define GATEWAY_BURST_H

/*
 * burst - the same bytes to many sockets at once.
 *
 * Where the kernel offers it, through io_uring(7): one system call for a whole
 * burst. Else, and where that is not wanted, send(2) for each. Neither waits:
 * a socket takes what it has room for. Nothing is under way between two calls.
 *
 * Seen with 1,000 clients on loopback, frames of 450 bytes: some 1.5 times as
 * many deliveries in a second of CPU.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

#include "line.h"

enum { BURST_MAX = LINES_MAX }; /* sockets at a time */

struct burst;

/* Never NULL. Without a ring where the kernel, or a sandbox, has none for us. */
struct burst *burst_new(bool use_ring);
void burst_free(struct burst **bp);

/* It may lose it, too; then it goes on without. */
bool burst_has_ring(const struct burst *b);

/*
 * Send to n sockets, at most BURST_MAX. sent_r[i] is how many bytes the i-th
 * has taken, 0 if it was not asked, or -errno.
 */
void burst_send(struct burst *b, const int *fd, size_t n, struct str bytes,
		int *sent_r);

#endif
