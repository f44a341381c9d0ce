#ifndef COMMON_HTTP_END_H
#define COMMON_HTTP_END_H

/*
 * http_end - what the end of a transfer means: whose failure it was, and why,
 * in one line. Facts in, a result out; http.c gathers the facts.
 *
 * Behind a proxy a failure is the proxy's (HTTP_PROXY), that of its way to the
 * host (HTTP_NO_ROUTE), or the host's, as it would be without one. An answer
 * that came through a tunnel is the host's, whatever it says: it would be the
 * host that wants to make us think that our proxy is broken.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/http.h"

struct http_end {
	int code;	     /* CURLcode */
	long status;	     /* of the last answer; 0: none */
	bool sent;	     /* a connection stood for our own request */
	bool too_large;	     /* we ended it: headers, their lines or body */
	bool https;	     /* the URL that was asked last */
	bool endless;	     /* a stream of events, where a body was wanted */
	const char *refused; /* by the guard: what the address is; or NULL */
	size_t header_bytes, header_lines;
	size_t max_bytes;  /* of the body */
	const char *error; /* what curl says of it; "" or one line */
	/* Behind a proxy. */
	const char *proxy; /* its URL; NULL: there is none */
	long tunnel;	   /* status of its answer to CONNECT; 0: none */
	long socks;	   /* CURLproxycode */
	bool reached;	   /* TCP to it stood */
};

enum http_result http_end_result(const struct http_end *end);

/*
 * What another status than 2xx means in a proxy's answer to CONNECT, whoever
 * asked: HTTP_NO_ROUTE, it does not get there, or HTTP_PROXY.
 */
enum http_result http_end_tunnel(long status);

/*
 * "" where result is HTTP_OK, else one line, which may be in text (size bytes);
 * what came from outside is made printable.
 */
const char *http_end_reason(const struct http_end *end, enum http_result result,
			    char *text, size_t size);

#endif
