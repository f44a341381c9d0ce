#ifndef SIM_LISTEN_H
#define SIM_LISTEN_H

/* listen - a listening TCP socket from its address as text. */
#include "common/err.h"

enum { LISTEN_NAME_SIZE = 64 };

/*
 * Bind "ADDR:PORT" or "[ADDR]:PORT" (numbers; port 0: any that is free).
 * Returns the socket, not blocking, and where it is in name_r; -1 with *e:
 * EX_CONFIG for a bad address, EX_TEMPFAIL where it is in use, EX_OSERR.
 */
int listen_open(const char *address, char name_r[LISTEN_NAME_SIZE],
		struct err *e);

#endif
