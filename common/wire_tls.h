#ifndef COMMON_WIRE_TLS_H
#define COMMON_WIRE_TLS_H

/*
 * wire_tls - the client's side of TLS over a socket, OpenSSL behind it.
 *
 * For wire.c; it says there what is asked of a certificate.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/str.h"

struct wire_tls_context; /* shared by all connections */
struct wire_tls;

/* What has to happen before it goes on. */
enum wire_tls_want {
	WIRE_TLS_DONE,
	WIRE_TLS_READ,
	WIRE_TLS_WRITE,
	WIRE_TLS_CLOSED, /* by the peer */
	WIRE_TLS_FAILED, /* see wire_tls_error() */
};

/* ca_file: PEM, NULL: the system's. NULL with *e: EX_CONFIG. */
struct wire_tls_context *wire_tls_context_new(const char *ca_file,
					      struct err *e);
void wire_tls_context_free(struct wire_tls_context **cp);

/* Over socket s, which stays the caller's; alpn may be NULL. */
struct wire_tls *wire_tls_new(struct wire_tls_context *c, int s,
			      const char *host, const char *alpn);
/* The same through another, as behind a proxy: it is taken, and freed with it. */
struct wire_tls *wire_tls_new_within(struct wire_tls_context *c,
				     struct wire_tls *outer, const char *host,
				     const char *alpn);
/* Says farewell, as far as the socket takes it. NULL is fine. */
void wire_tls_free(struct wire_tls **tp);

enum wire_tls_want wire_tls_connect(struct wire_tls *t);

/* Bytes, where *want_r is WIRE_TLS_DONE. */
ssize_t wire_tls_read(struct wire_tls *t, char *p, size_t size,
		      enum wire_tls_want *want_r);
ssize_t wire_tls_write(struct wire_tls *t, struct str bytes,
		       enum wire_tls_want *want_r);

/* There is more to read than the socket tells of. */
bool wire_tls_pending(const struct wire_tls *t);

/* What went wrong; valid until the next call on it. */
const char *wire_tls_error(struct wire_tls *t);

#endif
