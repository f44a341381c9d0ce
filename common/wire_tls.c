#include "common/wire_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/xmem.h"

enum { ERROR_MAX = 160 };

struct wire_tls_context {
	SSL_CTX *ctx;
};

struct wire_tls {
	SSL *ssl;
	struct wire_tls *outer; /* that it goes through; NULL: a socket */
	bool failed; /* nothing more may be said, not even farewell */
	char error[ERROR_MAX];
};

struct wire_tls_context *wire_tls_context_new(const char *ca_file,
					      struct err *e)
{
	struct wire_tls_context *c = xcalloc(1, sizeof(*c));
	int ok;

	c->ctx = SSL_CTX_new(TLS_client_method());
	if (!c->ctx)
		xmalloc(SIZE_MAX); /* the way that we run out of memory */
	SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS |
					 SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	ok = ca_file ? SSL_CTX_load_verify_locations(c->ctx, ca_file, NULL)
		     : SSL_CTX_set_default_verify_paths(c->ctx);
	if (!ok) {
		err_set(e, EX_CONFIG, "CA certificates%s%s cannot be read",
			ca_file ? ": " : "", ca_file ? ca_file : "");
		wire_tls_context_free(&c);
	}
	ERR_clear_error();
	return c;
}

void wire_tls_context_free(struct wire_tls_context **cp)
{
	if (*cp)
		SSL_CTX_free((*cp)->ctx);
	free(*cp);
	*cp = NULL;
}

static struct wire_tls *new_client(struct wire_tls_context *c)
{
	struct wire_tls *t = xcalloc(1, sizeof(*t));

	t->ssl = SSL_new(c->ctx);
	if (!t->ssl)
		xmalloc(SIZE_MAX);
	return t;
}

/* Who it must be. */
static void expect(struct wire_tls *t, const char *host, const char *alpn)
{
	unsigned char list[32];
	size_t n = alpn ? strlen(alpn) : 0;
	char name[256]; /* OpenSSL's macro wants one that is not const */

	/* Of a number there is no name to send; it is in the certificate. */
	if (!X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), host)) {
		if (str_copy(name, sizeof(name), str_from(host)))
			SSL_set_tlsext_host_name(t->ssl, name);
		SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		/* Without a name to check nothing must be trusted. */
		t->failed = !SSL_set1_host(t->ssl, host);
	}
	if (n && n < sizeof(list)) {
		list[0] = (unsigned char)n;
		memcpy(list + 1, alpn, n);
		SSL_set_alpn_protos(t->ssl, list, (unsigned)n + 1);
	}
	ERR_clear_error();
}

struct wire_tls *wire_tls_new(struct wire_tls_context *c, int s,
			      const char *host, const char *alpn)
{
	struct wire_tls *t = new_client(c);

	if (!SSL_set_fd(t->ssl, s))
		xmalloc(SIZE_MAX);
	expect(t, host, alpn);
	return t;
}

struct wire_tls *wire_tls_new_within(struct wire_tls_context *c,
				     struct wire_tls *outer, const char *host,
				     const char *alpn)
{
	struct wire_tls *t = new_client(c);
	BIO *through = BIO_new(BIO_f_ssl());

	if (!through)
		xmalloc(SIZE_MAX);
	BIO_set_ssl(through, outer->ssl, BIO_NOCLOSE);
	SSL_set_bio(t->ssl, through, through);
	t->outer = outer;
	expect(t, host, alpn);
	return t;
}

void wire_tls_free(struct wire_tls **tp)
{
	struct wire_tls *t = *tp;

	*tp = NULL;
	if (!t)
		return;
	if (!t->failed && SSL_is_init_finished(t->ssl))
		SSL_shutdown(t->ssl);
	SSL_free(t->ssl);
	wire_tls_free(&t->outer);
	ERR_clear_error();
	free(t);
}

static void describe(struct wire_tls *t, int error)
{
	long verdict = SSL_get_verify_result(t->ssl);
	unsigned long code = ERR_peek_error();
	const char *why = ERR_reason_error_string(code);

	if (verdict != X509_V_OK)
		why = X509_verify_cert_error_string(verdict);
	else if (error == SSL_ERROR_SYSCALL && errno)
		why = strerror(errno);
	else if (error == SSL_ERROR_SYSCALL || !code)
		why = "connection lost";
	snprintf(t->error, sizeof(t->error), "%s", why ? why : "TLS error");
}

static enum wire_tls_want want_of(struct wire_tls *t, int rc)
{
	int error = SSL_get_error(t->ssl, rc);

	switch (error) {
	case SSL_ERROR_NONE: return WIRE_TLS_DONE;
	case SSL_ERROR_WANT_READ: return WIRE_TLS_READ;
	case SSL_ERROR_WANT_WRITE: return WIRE_TLS_WRITE;
	case SSL_ERROR_ZERO_RETURN: return WIRE_TLS_CLOSED;
	}
	describe(t, error);
	t->failed = true;
	ERR_clear_error();
	return WIRE_TLS_FAILED;
}

enum wire_tls_want wire_tls_connect(struct wire_tls *t)
{
	if (t->failed) {
		snprintf(t->error, sizeof(t->error), "no name to check");
		return WIRE_TLS_FAILED;
	}
	errno = 0;
	return want_of(t, SSL_connect(t->ssl));
}

ssize_t wire_tls_read(struct wire_tls *t, char *p, size_t size,
		      enum wire_tls_want *want_r)
{
	int n;

	errno = 0;
	n = SSL_read(t->ssl, p, (int)size);
	*want_r = n > 0 ? WIRE_TLS_DONE : want_of(t, n);
	return n;
}

ssize_t wire_tls_write(struct wire_tls *t, struct str bytes,
		       enum wire_tls_want *want_r)
{
	int n;

	errno = 0;
	n = SSL_write(t->ssl, bytes.p, (int)bytes.len);
	*want_r = n > 0 ? WIRE_TLS_DONE : want_of(t, n);
	return n;
}

bool wire_tls_pending(const struct wire_tls *t)
{
	return SSL_pending(t->ssl) > 0 ||
	       (t->outer && wire_tls_pending(t->outer));
}

const char *wire_tls_error(struct wire_tls *t)
{
	return t->error;
}
