#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

/*
 * guard - who may talk to the gateway.
 *
 * Host: on every request it must be a loopback name or one that was
 * configured, so that a page elsewhere cannot reach us through a name of its
 * own that resolves to our address (DNS rebinding). Origin: a browser sends it
 * with writes and WebSockets; it must be the gateway's own, that is, name the
 * same host and port as Host, and the scheme by which we are reached. Programs
 * send none, and are served. A token comes as "Bearer TOKEN", or as the
 * password of "Basic" (which a browser asks its user for); whose it is, auth.h
 * tells.
 *
 * Pure: no clock, no sockets, no files.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/str.h"

/*
 * True if `host`, as it stands in the header (a port may follow), is
 * localhost, 127.0.0.1, [::1] or one of the n names.
 */
bool guard_host(struct str host, const char *const *names, size_t n);

/* True if `name` could be one of these: a name or an address, without a port. */
bool guard_is_host(const char *name);

/*
 * True if an Origin header (absent is fine) names the host and the port that
 * Host does, and the scheme, where that is known: "http" or "https". Absent, it
 * may be either: a proxy before us may have ended TLS.
 */
bool guard_origin(struct str origin, struct str scheme, struct str host);

/*
 * The token that an Authorization header carries, as Bearer or as the password
 * of Basic (then in b); absent where it carries none.
 */
struct str guard_token(struct str authorization, struct buf *b);

/* True if a is the secret. Takes the same time whichever byte differs. */
bool guard_same(struct str a, struct str secret);

/* True if the text is an address of IPv4 or IPv6. */
bool guard_is_address(const char *address);

/* True if address, as text, can be reached from this machine only. */
bool guard_is_loopback(const char *address);

/* What a Content-Type header says that a body is. */
enum guard_body {
	GUARD_BODY_OTHER,
	GUARD_BODY_JSON,
	GUARD_BODY_CLOUDEVENT,	     /* application/cloudevents+json */
	GUARD_BODY_CLOUDEVENT_BATCH, /* application/cloudevents-batch+json */
};

/* A charset that is not UTF-8 makes an event of CloudEvents another thing. */
enum guard_body guard_body(struct str content_type);

#endif
