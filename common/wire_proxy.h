#ifndef COMMON_WIRE_PROXY_H
#define COMMON_WIRE_PROXY_H

/*
 * wire_proxy - what is said to a proxy until it has connected us: HTTP CONNECT
 * (RFC 9110, 9.3.6) with Basic credentials, or SOCKS5 (RFC 1928, 1929).
 *
 * Pure: bytes in, bytes out. Over TLS to the proxy or not is for the wire.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/http.h"

enum {
	WIRE_PROXY_HEAD_MAX = 16 << 10, /* bytes of a CONNECT's answer */
	WIRE_PROXY_NAME_MAX = 255, /* of a host, user or password: SOCKS5 */
};

struct wire_proxy {
	const struct http_proxy *conf; /* borrowed */
	char host[WIRE_PROXY_NAME_MAX + 1];
	unsigned port;
	bool tls, socks;
	bool names_here;		  /* "socks5:" is given an address */
	char to[WIRE_PROXY_NAME_MAX + 1]; /* where to */
	unsigned to_port;
	enum { WIRE_PROXY_GREET, WIRE_PROXY_LOGIN, WIRE_PROXY_ASK } at;
};

enum wire_proxy_result {
	WIRE_PROXY_MORE,
	WIRE_PROXY_OPEN,     /* what follows is the host's */
	WIRE_PROXY_FAILED,   /* it does not serve us, or is none */
	WIRE_PROXY_NO_ROUTE, /* it does not get there */
};

/* to: a name or an address without brackets. NULL, or why it is none. */
const char *wire_proxy_init(struct wire_proxy *p, const struct http_proxy *conf,
			    const char *to, unsigned port);

/* It stands: what is sent first. */
void wire_proxy_begin(struct wire_proxy *p, struct buf *out);

/*
 * What it answered; *used_r of these bytes. out: what is sent now. *why_r of
 * FAILED and NO_ROUTE: static text.
 */
enum wire_proxy_result wire_proxy_read(struct wire_proxy *p, struct str in,
				       size_t *used_r, struct buf *out,
				       const char **why_r);

#endif
