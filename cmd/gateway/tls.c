#include "tls.h"

#include <stdlib.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/xmem.h"

/* A context that nobody connects to holds what was read. */
struct tls {
	SSL_CTX *context;
};

/* The first reason that OpenSSL has, without its numbers. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return text ? text : "it cannot be read";
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

struct tls *tls_read(const char *cert_file, const char *key_file, struct err *e)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	ERR_clear_error();
	t->context = SSL_CTX_new(TLS_server_method());
	if (!t->context) {
		err_set(e, EX_SOFTWARE, "OpenSSL: %s", reason());
		tls_free(&t);
		return NULL;
	}
	SSL_CTX_set_default_passwd_cb(t->context, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(t->context, cert_file) != 1)
		err_set(e, EX_CONFIG, "tls-cert: %s: %s", cert_file, reason());
	else if (SSL_CTX_use_PrivateKey_file(t->context, key_file,
					     SSL_FILETYPE_PEM) != 1)
		err_set(e, EX_CONFIG, "tls-key: %s: %s", key_file, reason());
	else if (SSL_CTX_check_private_key(t->context) != 1)
		err_set(e, EX_CONFIG, "tls-key: %s: %s", key_file, reason());
	else
		return t;
	tls_free(&t);
	return NULL;
}

void tls_free(struct tls **tp)
{
	if (*tp)
		SSL_CTX_free((*tp)->context);
	free(*tp);
	*tp = NULL;
}

int tls_apply(const struct tls *t, void *context, struct err *e)
{
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(t->context, &chain);
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_use_cert_and_key(
		    context, SSL_CTX_get0_certificate(t->context),
		    SSL_CTX_get0_privatekey(t->context), chain, 1) == 1)
		return 0;
	return err_set(e, EX_SOFTWARE, "OpenSSL: %s", reason());
}
