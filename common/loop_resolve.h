#ifndef COMMON_LOOP_RESOLVE_H
#define COMMON_LOOP_RESOLVE_H

/*
 * loop_resolve - the addresses of a host, looked up beside the event loop.
 *
 * getaddrinfo(3) in libuv's threads; at most four at a time, others wait.
 */
#include <sys/socket.h>

#include "common/loop.h"

enum { LOOP_RESOLVE_MAX = 16 }; /* addresses; more are not told of */

struct loop_resolve;

/* NULL is returned for a host that cannot be one: broken UTF-8, too long. */

struct loop_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* n 0: error says why. Called once, from the loop. */
typedef void loop_resolve_fn(void *arg, const struct loop_address *list,
			     size_t n, const char *error);

/* host is a name or an address, IPv6 without brackets. */
struct loop_resolve *loop_resolve_new(struct loop *l, const char *host,
				      unsigned port, loop_resolve_fn *fn,
				      void *arg);
/*
 * To judge a host rather than to reach it: its addresses of both families,
 * whether or not this machine has one of that family. numbers_only: a name is
 * not looked up; what is a number in any spelling ("0x7f.1") is told.
 */
struct loop_resolve *loop_resolve_all(struct loop *l, const char *host,
				      unsigned port, bool numbers_only,
				      loop_resolve_fn *fn, void *arg);
/* fn is not called any more; NULL is fine, and its own call may do it. */
void loop_resolve_free(struct loop_resolve **rp);

#endif
