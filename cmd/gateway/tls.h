#ifndef GATEWAY_TLS_H
#define GATEWAY_TLS_H

/*
 * tls - the certificate that a server shows, from PEM files (RFC 7468).
 *
 * The first certificate of the file is the server's, those behind it lead to
 * the authority that clients know. The key has no passphrase.
 */
#include "common/err.h"

struct tls;

/*
 * Read both files; NULL with *e (EX_CONFIG) where one cannot be read, or the
 * key is not that of the certificate.
 */
struct tls *tls_read(const char *cert_file, const char *key_file,
		     struct err *e);
void tls_free(struct tls **tp);

/*
 * Set an OpenSSL context (SSL_CTX) up as a server's that shows it: TLS 1.2 and
 * 1.3, nothing kept between connections. May be called again for one that has
 * connections: these stay as they are. EX_SOFTWARE.
 */
int tls_apply(const struct tls *t, void *context, struct err *e);

#endif
