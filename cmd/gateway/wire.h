#ifndef GATEWAY_WIRE_H
#define GATEWAY_WIRE_H

/*
 * wire - what the system counts of a TCP connection (tcp(7), TCP_INFO; the
 * counters are those of RFC 4898), and libwebsockets does not tell.
 */
#include <stdbool.h>
#include <stdint.h>

struct wire {
	uint64_t taken; /* bytes that were read from the socket */
	uint64_t acked; /* bytes that have arrived at the peer */
	bool is_open;	/* neither side has ended it */
};

/*
 * All 0 where the system does not tell. The end of the stream may have been
 * counted as one byte.
 */
struct wire wire_look(int fd);

/* Since bytes last came, read or not; 0 where the system does not tell. */
int64_t wire_quiet_ms(int fd);

#endif
