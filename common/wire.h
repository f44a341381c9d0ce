#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

/*
 * wire - a TCP connection that stays, with or without TLS, in the event loop.
 *
 * The name is resolved beside the loop, the guard (netguard.h) judges each
 * address, and that very address is connected to, so that a name which means
 * something else the next time gains nothing. Addresses are tried one after
 * the other. TLS (OpenSSL) is 1.2 or newer, the certificate must be the host's
 * and one that the system's or the given CAs vouch for.
 *
 * Through a proxy (wire_proxy.h) the guard sees the proxy's address and no other:
 * whether the host behind it may be reached is for the caller to judge, who may
 * give the address that was judged. A proxy may stand where proxy_guard allows
 * it, too.
 *
 * A wire that idles has no buffers: reads go into one that all share, and only
 * what could not be used is kept. Not libwebsockets' client (4.1.6): its raw
 * connections start TLS before they have a socket, its frames may be masked,
 * and it tells a peer's violation from a lost connection as little as it tells
 * what was wrong with a certificate.
 *
 * One thread; nothing here logs.
 */
#include "common/buf.h"
#include "common/http.h"
#include "common/loop.h"
#include "common/netguard.h"

enum {
	WIRE_READ_MAX = 64 << 10, /* bytes taken of one wire in one turn */
	WIRE_OUT_MAX = 256 << 10, /* bytes that wait to be sent */
	WIRE_ADDRESS_MS = 5000,	  /* for an address, where there are others */
};

struct wires;
struct wire;

/* NULL guard: any address. ca_file: PEM, NULL: the system's. */
struct wires_conf {
	struct loop *loop;
	const struct netguard *guard;
	const struct netguard *proxy_guard; /* more, for proxies; or NULL */
	const char *ca_file;
};

/* The conf is borrowed until wires_free() or the next wires_set(). */
struct wires *wires_new(const struct wires_conf *conf);
/* For wires that are opened from now on; the loop stays. */
void wires_set(struct wires *ws, const struct wires_conf *conf);
/* After its wires were closed. */
void wires_free(struct wires **wsp);

struct wire_target {
	const char *host; /* without brackets */
	unsigned port;
	bool tls;
	const char *alpn; /* with tls; NULL: none is named */
	size_t max_in;	  /* bytes that the user may leave unused */
	const struct http_proxy *proxy; /* borrowed; NULL: directly */
	const char *address; /* of the host, for a proxy; NULL: its name */
};

/*
 * HTTP_OK: the peer has closed it; HTTP_BROKEN: it was lost; HTTP_TOO_LARGE:
 * more is unused, or waits to be sent, than may be; else it did not come to
 * stand: HTTP_PROXY and HTTP_NO_ROUTE say that the proxy, or its way, failed.
 */
struct wire_end {
	enum http_result result;
	const char *reason; /* one line */
	struct str rest;    /* what was not used */
};

/* Called from the loop, none of them from within a call on the wire. */
struct wire_handler {
	void (*open)(void *arg);
	/*
	 * Returns how many of the bytes were used; the rest comes again, with
	 * more. Not while it is paused. May close the wire (and returns 0).
	 */
	size_t (*data)(void *arg, struct str bytes);
	/* The last call, wire_close() is still due. */
	void (*end)(void *arg, const struct wire_end *end);
};

struct wire *wire_open(struct wires *ws, const struct wire_target *t,
		       const struct wire_handler *h, void *arg);

/* Send; what the socket does not take waits. From open() on. */
void wire_write(struct wire *w, struct str bytes);

/* Do not read, and hand over nothing of what was read. */
void wire_pause(struct wire *w, bool paused);

/* When it last received something, or opened; as loop_now_ms(). */
int64_t wire_heard_ms(const struct wire *w);

/* No callback any more. What waits to be sent is tried once. NULL is fine. */
void wire_close(struct wire **wp);

#endif
