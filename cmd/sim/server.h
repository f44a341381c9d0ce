#ifndef SIM_SERVER_H
#define SIM_SERVER_H

/*
 * server - the site over HTTP/1.1, libmicrohttpd behind it, in a loop.
 *
 * At most SERVER_CONNECTIONS_MAX connections; further ones are closed at once.
 * A connection that is silent for SERVER_IDLE_S is closed, one that hangs on
 * purpose after SERVER_HANG_MS.
 */
#include "common/err.h"
#include "common/loop.h"

#include "site.h"

enum {
	SERVER_CONNECTIONS_MAX = 900,
	SERVER_IDLE_S = 60,
	SERVER_HANG_MS = 10 * 60 * 1000,
	SERVER_CONNECTION_BYTES = 1 << 20, /* headers, most of a connection */
};

struct server;

/*
 * Listen on "ADDR:PORT" or "[ADDR]:PORT" (numbers; port 0: any that is free)
 * and serve the site, which must outlive the server. NULL with *e: EX_CONFIG
 * for a bad address, EX_TEMPFAIL where it is in use, EX_OSERR.
 */
struct server *server_open(struct loop *l, const char *listen_on,
			   struct site *site, struct err *e);

/* Close it and what is connected; *svp becomes NULL. */
void server_close(struct server **svp);

/* Where it listens, with the port that was found: "127.0.0.1:8090". */
const char *server_address(const struct server *sv);

#endif
