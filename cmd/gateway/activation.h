#ifndef GATEWAY_ACTIVATION_H
#define GATEWAY_ACTIVATION_H

/*
 * activation - a listening socket that was handed over by whoever started this
 * program, as sd_listen_fds(3) says: systemd's .socket units, and this program
 * itself when it makes way for a newer one.
 */
#include <stdint.h>

#include "common/err.h"

enum { ACTIVATION_ADDRESS_MAX = 46 };

/*
 * Take it: 1 and *fd_r, 0 where there is none, -1 with *e (EX_CONFIG) where it
 * is not one socket that listens for TCP.
 */
int activation_take(int *fd_r, struct err *e);

/* Where it listens. */
void activation_address(int fd, char address_r[ACTIVATION_ADDRESS_MAX],
			uint16_t *port_r);

/* Leave it to the program that is executed next. Takes it. */
void activation_leave(int fd);

#endif
