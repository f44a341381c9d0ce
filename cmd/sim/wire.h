#ifndef SIM_WIRE_H
#define SIM_WIRE_H

/*
 * wire - answers that no HTTP library would send: byte for byte.
 *
 * They end with the connection. For a test of what a client makes of them; the
 * names are described in weir-sim(1).
 */
#include <stdbool.h>

#include "common/str.h"

struct wire {
	const char *name;
	struct str head, again, tail; /* `again` comes n times */
	unsigned n;
	bool reset; /* end with RST */
};

/* NULL: there is none of that name. */
const struct wire *wire_named(struct str name);

/*
 * Write it to the connected socket fd, waiting for the peer up to five seconds
 * in all (nobody else is served meanwhile), and end the sending side. The
 * socket stays to be closed by its owner.
 */
void wire_send(const struct wire *w, int fd);

#endif
