#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

/*
 * http - an asynchronous HTTP client, libcurl behind it.
 *
 * HTTP/1.1 and, by ALPN, HTTP/2, in the one thread of the event loop. Requests
 * that wait and connections that idle cost no turn of the loop. Bodies are
 * decompressed (unpack.h); what counts against max_bytes is what comes out, so
 * that a compression bomb ends like any body that is too large, and one that was
 * cut short while it was packed is broken, though its transfer is whole. Proxies from the
 * environment are not used: behind one the guard would see nothing.
 *
 * A request may name a proxy. The guard then sees the proxy's address and no
 * other: whether the host behind it may be asked is for the caller to judge
 * (loop_resolve.h). A proxy may stand where proxy_guard allows it, too.
 *
 * With a guard (netguard.h) every address is checked after name resolution,
 * for each connection and again for each request, redirects included.
 *
 * Nothing here logs. The callback runs from the loop, once for each request
 * that was not cancelled, never before http_send() has returned.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/http_headers.h"
#include "common/loop.h"
#include "common/netguard.h"
#include "common/str.h"

enum {
	HTTP_HEADERS_MAX = 256 << 10, /* bytes of an answer's headers */
	HTTP_HEADER_LINES_MAX = 1000, /* their lines, those of 1xx too */
	HTTP_IDLE_S = 90,	    /* an older connection is not used again */
	HTTP_BANKS = 32,	    /* parts of max_connections */
	HTTP_KEEP_BYTES = 64 << 10, /* of a body buffer between requests */
	HTTP_STALL_S = 30,	    /* below 10 bytes/s for so long: timeout */
	HTTP_STREAM_MAX = 4 << 20,  /* of a stream, unpacked from one read */
};

enum http_result {
	HTTP_OK,      /* an answer, whatever its status */
	HTTP_TIMEOUT, /* also while connecting, and on a stall */
	HTTP_NO_HOST, /* the name did not resolve */
	HTTP_NO_CONNECT,
	HTTP_BAD_TLS,
	HTTP_BROKEN,	/* the transfer ended early or made no sense */
	HTTP_REFUSED,	/* by the guard, or not http/https, or no URL */
	HTTP_TOO_LARGE, /* headers or body; a stream of events has no end */
	HTTP_REDIRECTS, /* more than max_redirects */
	HTTP_PROXY,	/* not reached, or it does not serve us */
	HTTP_NO_ROUTE,	/* the proxy serves us, and does not get there */
};

struct http;
struct http_call;

/* Zeroes mean defaults where one is said. */
struct http_config {
	const char *user_agent;		    /* NULL: "weir" */
	const char *ca_file;		    /* PEM; NULL: the system's */
	const struct netguard *guard;	    /* NULL: any address */
	const struct netguard *proxy_guard; /* more, for proxies; or NULL */
	/*
	 * Open at a time, idle ones included; the one that was not used for
	 * longest makes way. Hosts share them in up to HTTP_BANKS parts, by a
	 * hash, and a part may be used up before all are.
	 */
	unsigned max_connections; /* without TLS; 0: 256 */
	unsigned max_tls;	  /* with TLS, beside these; 0: as many */
	unsigned max_per_host;	  /* of these to one host; 0: 8 */
};

/* Text is copied; guards are borrowed. NULL with *e: EX_SOFTWARE. */
struct http *http_new(struct loop *l, const struct http_config *config,
		      struct err *e);
/*
 * From the next request on; what is under way goes on as it was begun, but for
 * the guards: those of before are not asked again.
 */
void http_set(struct http *h, const struct http_config *config);
/* Cancels what is under way. Not from a callback. */
void http_free(struct http **hp);

struct buf;
struct http_response;

/*
 * For a body that goes on. timeout_ms then does not count, nor is a stall one:
 * who streams has a clock of its own. Called from the loop.
 */
struct http_stream {
	/* The head of a 200 is here; false: it is not wanted, end it. */
	bool (*head)(void *arg, const struct http_response *r);
	/*
	 * The next bytes of its body; they are not kept. Where what was read
	 * at once is unpacked to more than HTTP_STREAM_MAX, the stream ends as
	 * too large.
	 */
	void (*chunk)(void *arg, struct str bytes);
};

/*
 * "http://host:port", https, socks5 (names are resolved here) or socks5h (by
 * the proxy). Credentials never stand in the URL, which shows in reasons.
 */
struct http_proxy {
	const char *url;
	const char *user, *password; /* NULL: none */
	/*
	 * Others use the same host and port with other credentials. libcurl
	 * would let them share a tunnel, so each request has its own.
	 */
	bool alone;
};

struct http_request {
	const char *url;
	const struct http_proxy *proxy; /* borrowed until the callback */
	/* With socks5: the host's address, judged already; NULL: look it up. */
	const char *address;
	const char *method;		    /* NULL: GET, or POST with a body */
	const struct http_headers *headers; /* borrowed until the callback */
	struct str body;		    /* the same; absent: none */
	size_t max_bytes;		    /* of the answer's body */
	int64_t timeout_ms;		    /* for all of it, redirects too */
	int64_t connect_ms;		    /* 0: as timeout_ms */
	/*
	 * Followed by the client, to http and https only. Headers Cookie and
	 * Authorization do not go to another host, others do. At 0 a 3xx is
	 * an answer like any other (see `location`).
	 */
	unsigned max_redirects;
	const struct http_stream *stream; /* NULL: the body is kept */
};

struct http_response {
	enum http_result result;
	const char *reason; /* one line; "" where result is HTTP_OK */
	int status;	    /* of the last answer; 0: there was none */
	bool sent; /* a connection stood: the request may have arrived */
	struct str body;
	const char *url;      /* that answered, after redirects */
	const char *location; /* absolute; NULL where no redirect is waiting */
	int64_t total_us;
	struct http_call *call; /* for http_header(); NULL: no headers */
};

/* The response and all in it die when the callback returns. */
typedef void http_fn(void *arg, const struct http_response *r);

/*
 * Send. url and method are copied. Returns a handle that is valid until the
 * callback; what cannot be sent is told there too.
 */
struct http_call *http_send(struct http *h, const struct http_request *req,
			    http_fn *fn, void *arg);

/* Drop the request; its callback does not come. Not from its own callback. */
void http_cancel(struct http_call **callp);

/*
 * Of a stream: read no more, or again. What was read already still comes: with
 * the present chunk or, where it has to be unpacked, from within the call that
 * ends the pause.
 */
void http_pause(struct http_call *call, bool paused);

/* The last value of an answer's header, or absent. */
struct str http_header(const struct http_response *r, const char *name);

/*
 * All values of a header that may come several times, with commas between them;
 * a text in *b, or absent.
 */
struct str http_header_all(const struct http_response *r, const char *name,
			   struct buf *b);

/* Requests under way. */
unsigned http_busy(const struct http *h);

/* "dns", "connect", "tls" … for events and logs. */
const char *http_result_name(enum http_result r);

#endif
