#ifndef COMMON_WIRE_URL_H
#define COMMON_WIRE_URL_H

/*
 * wire_url - the address of a stream (RFC 3986; ws and wss: RFC 6455, 3).
 *
 *	wss://chat.example/room?id=7   irc://irc.example:6667   ircs://[::1]
 *
 * Pure. No user information; a fragment is dropped. A host beyond ASCII must
 * come in punycode, and the path percent-encoded.
 */
#include <stdbool.h>

#include "common/str.h"

enum { WIRE_URL_MAX = 8192, WIRE_HOST_MAX = 253 };

struct wire_url {
	struct str scheme;	      /* "ws", "wss", "irc" or "ircs" */
	char host[WIRE_HOST_MAX + 1]; /* lower case, IPv6 without brackets */
	bool tls, is_ipv6;
	unsigned port;	/* the scheme's (80, 443, 6667, 6697) or what is said */
	bool port_said; /* and it is another than the scheme's */
	struct str target; /* path and query; "/" for none */
};

/* *u_r borrows from url. NULL, or why it is none. */
const char *wire_url_parse(struct str url, struct wire_url *u_r);

#endif
