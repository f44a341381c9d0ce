/*
 * Certificates from files: what cannot be used is refused with a reason, and
 * what was in use stays. Handshakes are made in memory.
 */
#include "cmd/gateway/tls.h"

#include <sys/stat.h>
#include <sysexits.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

static FILE *create(const char *dir, const char *name)
{
	char path[256];
	FILE *f = fopen(tmpdir_path(dir, name, path), "we");

	assert_non_null(f);
	return f;
}

static X509 *certificate(const char *name, EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, subject);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

/* NAME.pem, NAME.key, and NAME.locked: the key, with a passphrase. */
static void write_pair(const char *dir, const char *name)
{
	unsigned char word[] = "word";
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = certificate(name, key);
	char file[32];
	FILE *f;

	snprintf(file, sizeof(file), "%s.pem", name);
	f = create(dir, file);
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	snprintf(file, sizeof(file), "%s.key", name);
	f = create(dir, file);
	assert_int_equal(
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	snprintf(file, sizeof(file), "%s.locked", name);
	f = create(dir, file);
	assert_int_equal(PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(), word,
					      4, NULL, NULL),
			 1);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
}

static int setup(void **state)
{
	FILE *f;

	if (tmpdir_setup(state))
		return -1;
	write_pair(*state, "one");
	write_pair(*state, "two");
	fclose(create(*state, "empty"));
	f = create(*state, "nonsense");
	fputs("nonsense\n-----BEGIN CERTIFICATE-----\nno\n", f);
	fclose(f);
	return 0;
}

static struct tls *read_pair(const char *dir, const char *cert, const char *key,
			     struct err *e)
{
	char cert_path[256], key_path[256];

	return tls_read(tmpdir_path(dir, cert, cert_path),
			tmpdir_path(dir, key, key_path), e);
}

static void what_cannot_be_used_is_refused_by_its_name(void **state)
{
	static const struct {
		const char *cert, *key, *option; /* NULL: it is taken */
	} rows[] = {
		{ "one.pem", "one.key", NULL },
		{ "two.pem", "two.key", NULL },
		{ "none", "one.key", "tls-cert: " },
		{ "empty", "one.key", "tls-cert: " },
		{ "nonsense", "one.key", "tls-cert: " },
		{ "one.key", "one.key", "tls-cert: " },
		{ ".", "one.key", "tls-cert: " },
		{ "one.pem", "none", "tls-key: " },
		{ "one.pem", "empty", "tls-key: " },
		{ "one.pem", "nonsense", "tls-key: " },
		{ "one.pem", "one.pem", "tls-key: " },
		{ "one.pem", ".", "tls-key: " },
		{ "one.pem", "two.key", "tls-key: " },
		{ "one.pem", "one.locked", "tls-key: " }, /* asks nobody */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		struct tls *t =
			read_pair(*state, rows[i].cert, rows[i].key, &e);

		if ((t == NULL) != (rows[i].option != NULL))
			fail_msg("%s, %s: %s", rows[i].cert, rows[i].key,
				 e.msg);
		if (!t) {
			assert_int_equal(e.code, EX_CONFIG);
			assert_true(str_starts(str_from(e.msg),
					       str_from(rows[i].option)));
			/* the reason follows the file's name */
			assert_null(strstr(e.msg, "(null)"));
			assert_true(strrchr(e.msg, ':')[1] == ' ');
		}
		tls_free(&t);
		assert_null(t);
	}
}

static void a_file_that_may_not_be_read_is_none(void **state)
{
	char path[256];
	struct err e = { 0 };

	if (geteuid() == 0)
		skip(); /* who may read all */
	chmod(tmpdir_path(*state, "one.key", path), 0);
	assert_null(read_pair(*state, "one.pem", "one.key", &e));
	assert_int_equal(e.code, EX_CONFIG);
}

/* ---- in use ---- */

struct handshake {
	SSL *server, *client;
};

static void shake_hands(struct handshake *h, SSL_CTX *server, SSL_CTX *client)
{
	BIO *a, *b;

	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	h->server = SSL_new(server);
	h->client = SSL_new(client);
	SSL_set_bio(h->server, a, a);
	SSL_set_bio(h->client, b, b);
	SSL_set_accept_state(h->server);
	SSL_set_connect_state(h->client);
	for (int i = 0; i < 10; i++) {
		SSL_do_handshake(h->client);
		SSL_do_handshake(h->server);
	}
}

static void hang_up(struct handshake *h)
{
	SSL_free(h->server);
	SSL_free(h->client);
}

/* Whose certificate a client sees; "" where there was no handshake. */
static const char *shown(const struct handshake *h, char out[32])
{
	X509 *x = SSL_get1_peer_certificate(h->client);

	out[0] = '\0';
	if (x && SSL_is_init_finished(h->client))
		X509_NAME_get_text_by_NID(X509_get_subject_name(x),
					  NID_commonName, out, 32);
	X509_free(x);
	return out;
}

static void apply(const char *dir, const char *name, SSL_CTX *to)
{
	char cert[32], key[32];
	struct err e;
	struct tls *t;

	snprintf(cert, sizeof(cert), "%s.pem", name);
	snprintf(key, sizeof(key), "%s.key", name);
	t = read_pair(dir, cert, key, &e);
	assert_non_null(t);
	assert_int_equal(tls_apply(t, to, &e), 0);
	tls_free(&t); /* the context has its own */
}

static void another_certificate_is_for_who_comes_then(void **state)
{
	SSL_CTX *server = SSL_CTX_new(TLS_method());
	SSL_CTX *client = SSL_CTX_new(TLS_client_method());
	struct handshake before, after;
	char text[32];
	struct err e;

	apply(*state, "one", server);
	shake_hands(&before, server, client);
	assert_string_equal(shown(&before, text), "one");
	/* One that cannot be read changes nothing. */
	assert_null(read_pair(*state, "two.pem", "one.key", &e));
	shake_hands(&after, server, client);
	assert_string_equal(shown(&after, text), "one");
	hang_up(&after);
	apply(*state, "two", server);
	shake_hands(&after, server, client);
	assert_string_equal(shown(&after, text), "two");
	/* Who was there goes on. */
	assert_string_equal(shown(&before, text), "one");
	assert_int_equal(SSL_write(before.server, "hello", 5), 5);
	assert_int_equal(SSL_read(before.client, text, sizeof(text)), 5);
	hang_up(&before);
	hang_up(&after);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}

static void nothing_older_than_tls_1_2(void **state)
{
	static const struct {
		int version;
		const char *shown;
	} rows[] = {
		{ TLS1_VERSION, "" },
		{ TLS1_1_VERSION, "" },
		{ TLS1_2_VERSION, "one" },
		{ TLS1_3_VERSION, "one" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		SSL_CTX *server = SSL_CTX_new(TLS_method());
		SSL_CTX *client = SSL_CTX_new(TLS_client_method());
		struct handshake h;
		char text[32];

		SSL_CTX_set_security_level(server, 0);
		SSL_CTX_set_security_level(client, 0);
		SSL_CTX_set_min_proto_version(client, rows[i].version);
		SSL_CTX_set_max_proto_version(client, rows[i].version);
		apply(*state, "one", server);
		shake_hands(&h, server, client);
		assert_string_equal(shown(&h, text), rows[i].shown);
		hang_up(&h);
		SSL_CTX_free(server);
		SSL_CTX_free(client);
	}
}

#define in_dir(f) cmocka_unit_test_setup_teardown(f, setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_dir(what_cannot_be_used_is_refused_by_its_name),
		in_dir(a_file_that_may_not_be_read_is_none),
		in_dir(another_certificate_is_for_who_comes_then),
		in_dir(nothing_older_than_tls_1_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
