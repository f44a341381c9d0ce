#include "webpush.h"

#include <string.h>
#include <sysexits.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "common/base64.h"

enum {
	HASH = 32, /* bytes of SHA-256 */
	KEY = 16,
	NONCE = 12,
	TAG = 16,
	RECORD = 4096, /* the record size that the header names */
};

static int fail(struct err *e, const char *what)
{
	return err_set(e, EX_SOFTWARE, "OpenSSL: cannot %s", what);
}

/* ---- keys ---- */

static EC_POINT *read_point(const EC_GROUP *g, const unsigned char *public)
{
	EC_POINT *p = EC_POINT_new(g);

	if (p && public[0] == POINT_CONVERSION_UNCOMPRESSED &&
	    EC_POINT_oct2point(g, p, public, WEBPUSH_PUBLIC, NULL) == 1)
		return p;
	EC_POINT_free(p);
	return NULL;
}

bool webpush_is_public(const unsigned char public[WEBPUSH_PUBLIC])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *p = g ? read_point(g, public) : NULL;
	bool is = p != NULL;

	EC_POINT_free(p);
	EC_GROUP_free(g);
	return is;
}

/* FIPS 186-5, A.2.1: 64 bits more than the order, modulo it less one. */
int webpush_private(const unsigned char seed[WEBPUSH_SEED],
		    unsigned char private_r[WEBPUSH_PRIVATE], struct err *e)
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *c = BN_bin2bn(seed, WEBPUSH_SEED, NULL);
	BIGNUM *n = g ? BN_dup(EC_GROUP_get0_order(g)) : NULL;
	BN_CTX *ctx = BN_CTX_secure_new();
	bool ok = c && n && ctx && BN_sub_word(n, 1) && BN_mod(c, c, n, ctx) &&
		  BN_add_word(c, 1) &&
		  BN_bn2binpad(c, private_r, WEBPUSH_PRIVATE) > 0;

	BN_CTX_free(ctx);
	BN_free(n);
	BN_clear_free(c);
	EC_GROUP_free(g);
	return ok ? 0 : fail(e, "make a key");
}

int webpush_public(const unsigned char private[WEBPUSH_PRIVATE],
		   unsigned char public_r[WEBPUSH_PUBLIC], struct err *e)
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *p = g ? EC_POINT_new(g) : NULL;
	BIGNUM *d = BN_bin2bn(private, WEBPUSH_PRIVATE, NULL);
	bool ok = p && d && EC_POINT_mul(g, p, d, NULL, NULL, NULL) &&
		  EC_POINT_point2oct(g, p, POINT_CONVERSION_UNCOMPRESSED,
				     public_r, WEBPUSH_PUBLIC,
				     NULL) == WEBPUSH_PUBLIC;

	BN_clear_free(d);
	EC_POINT_free(p);
	EC_GROUP_free(g);
	return ok ? 0 : fail(e, "find the public key");
}

static OSSL_PARAM *key_params(const unsigned char *public, const BIGNUM *d)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
					    SN_X9_62_prime256v1, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
					     public, WEBPUSH_PUBLIC) &&
	    (!d || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d)))
		params = OSSL_PARAM_BLD_to_param(bld);
	OSSL_PARAM_BLD_free(bld);
	return params;
}

/* private NULL: the public half alone. NULL where it is no key. */
static EVP_PKEY *make_key(const unsigned char *public,
			  const unsigned char *private)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	BIGNUM *d = private ? BN_bin2bn(private, WEBPUSH_PRIVATE, NULL) : NULL;
	OSSL_PARAM *params = key_params(public, d);
	EVP_PKEY *key = NULL;

	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key,
				  private ? EVP_PKEY_KEYPAIR
					  : EVP_PKEY_PUBLIC_KEY,
				  params);
	OSSL_PARAM_free(params);
	BN_clear_free(d);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *make_pair(const unsigned char *private, struct err *e)
{
	unsigned char public[WEBPUSH_PUBLIC];
	EVP_PKEY *key;

	if (webpush_public(private, public, e))
		return NULL;
	key = make_key(public, private);
	if (!key)
		fail(e, "make a key");
	return key;
}

/* ---- encryption ---- */

static bool derive(EVP_PKEY *ours, EVP_PKEY *theirs, unsigned char out[HASH])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
	size_t len = HASH;
	bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
		  EVP_PKEY_derive(ctx, out, &len) == 1 && len == HASH;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool mac(const unsigned char *key, size_t len, struct str text,
		unsigned char out[HASH])
{
	return HMAC(EVP_sha256(), key, (int)len, (const unsigned char *)text.p,
		    text.len, out, NULL) != NULL;
}

/* HKDF-Expand (RFC 5869) of one block: with its counter at the info's end. */
static bool expand(const unsigned char prk[HASH], struct str info,
		   unsigned char out[HASH])
{
	return mac(prk, HASH, info, out);
}

static struct str bytes(const unsigned char *p, size_t len)
{
	return (struct str){ (const char *)p, len };
}

/* RFC 8291, 3.4: what goes into RFC 8188 as its keying material. */
static bool make_ikm(const struct webpush_browser *to,
		     const unsigned char public[WEBPUSH_PUBLIC],
		     const unsigned char shared[HASH], unsigned char ikm[HASH])
{
	unsigned char prk[HASH];
	struct buf info = { .p = NULL };
	bool ok;

	buf_add(&info, "WebPush: info", sizeof("WebPush: info"));
	buf_add(&info, to->public, WEBPUSH_PUBLIC);
	buf_add(&info, public, WEBPUSH_PUBLIC);
	buf_putc(&info, 1);
	ok = mac(to->auth, WEBPUSH_AUTH, bytes(shared, HASH), prk) &&
	     expand(prk, buf_str(&info), ikm);
	explicit_bzero(prk, sizeof(prk));
	buf_free(&info);
	return ok;
}

struct content_keys {
	unsigned char key[HASH], nonce[HASH]; /* KEY and NONCE of it count */
};

/* RFC 8188, 2.2 and 2.3, for the only record. */
static bool make_content_keys(const unsigned char ikm[HASH],
			      const unsigned char salt[WEBPUSH_SALT],
			      struct content_keys *k)
{
	unsigned char prk[HASH];
	bool ok = mac(salt, WEBPUSH_SALT, bytes(ikm, HASH), prk) &&
		  expand(prk, STR("Content-Encoding: aes128gcm\0\1"), k->key) &&
		  expand(prk, STR("Content-Encoding: nonce\0\1"), k->nonce);

	explicit_bzero(prk, sizeof(prk));
	return ok;
}

/* The text, a byte that says that it is the last record, and zeros. */
static bool seal(const struct content_keys *k, struct str text, size_t padded,
		 unsigned char *out)
{
	static const unsigned char zeros[WEBPUSH_TEXT_MAX], last = 2;
	size_t zeros_len = padded > text.len ? padded - text.len : 0;
	size_t len = text.len + 1 + zeros_len;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool ok = ctx &&
		  EVP_EncryptInit_ex2(ctx, EVP_aes_128_gcm(), k->key, k->nonce,
				      NULL) == 1 &&
		  EVP_EncryptUpdate(ctx, out, &n, (const unsigned char *)text.p,
				    (int)text.len) == 1 &&
		  EVP_EncryptUpdate(ctx, out + text.len, &n, &last, 1) == 1 &&
		  EVP_EncryptUpdate(ctx, out + text.len + 1, &n, zeros,
				    (int)zeros_len) == 1 &&
		  EVP_EncryptFinal_ex(ctx, out + len, &n) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG,
				      out + len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static bool agree(const struct webpush_browser *to,
		  const unsigned char public[WEBPUSH_PUBLIC],
		  const unsigned char *private,
		  const unsigned char salt[WEBPUSH_SALT],
		  struct content_keys *k)
{
	unsigned char shared[HASH], ikm[HASH];
	EVP_PKEY *ours = make_key(public, private);
	EVP_PKEY *theirs = make_key(to->public, NULL);
	bool ok = ours && theirs && derive(ours, theirs, shared) &&
		  make_ikm(to, public, shared, ikm) &&
		  make_content_keys(ikm, salt, k);

	explicit_bzero(shared, sizeof(shared));
	explicit_bzero(ikm, sizeof(ikm));
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(ours);
	return ok;
}

int webpush_encrypt(struct buf *b, struct str text, size_t padded,
		    const struct webpush_browser *to,
		    const unsigned char private[WEBPUSH_PRIVATE],
		    const unsigned char salt[WEBPUSH_SALT], struct err *e)
{
	static const unsigned char sizes[] = { 0, 0, RECORD >> 8, RECORD & 0xff,
					       WEBPUSH_PUBLIC };
	size_t len = (padded > text.len ? padded : text.len) + 1 + TAG;
	unsigned char public[WEBPUSH_PUBLIC];
	struct content_keys k;
	size_t before = b->len;
	char *at;
	bool ok;

	if (len > WEBPUSH_TEXT_MAX + 1 + TAG)
		return err_set(e, EX_DATAERR, "longer than %d bytes",
			       WEBPUSH_TEXT_MAX);
	if (webpush_public(private, public, e))
		return -1;
	buf_add(b, salt, WEBPUSH_SALT);
	buf_add(b, sizes, sizeof(sizes));
	buf_add(b, public, WEBPUSH_PUBLIC);
	at = buf_reserve(b, len);
	ok = at && agree(to, public, private, salt, &k) &&
	     seal(&k, text, padded, (unsigned char *)at);
	explicit_bzero(&k, sizeof(k));
	b->len = ok ? b->len + len : before;
	return ok ? 0 : err_set(e, EX_DATAERR, "OpenSSL: cannot encrypt");
}

/* ---- tokens ---- */

/* From the form of ASN.1 to the two numbers alone. */
static bool read_signature(const unsigned char *der, size_t len,
			   unsigned char out[WEBPUSH_SIGNATURE])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) > 0 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) > 0;

	ECDSA_SIG_free(sig);
	return ok;
}

int webpush_sign(const unsigned char private[WEBPUSH_PRIVATE], struct str text,
		 unsigned char signature_r[WEBPUSH_SIGNATURE], struct err *e)
{
	EVP_PKEY *key = make_pair(private, e);
	EVP_MD_CTX *ctx;
	unsigned char der[80]; /* of two numbers of 33 bytes: 72 */
	size_t len = sizeof(der);
	bool ok;

	if (!key)
		return -1;
	ctx = EVP_MD_CTX_new();
	ok = ctx &&
	     EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	     EVP_DigestSign(ctx, der, &len, (const unsigned char *)text.p,
			    text.len) == 1 &&
	     read_signature(der, len, signature_r);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok ? 0 : fail(e, "sign");
}

int webpush_token(struct buf *b, const unsigned char private[WEBPUSH_PRIVATE],
		  struct str origin, int64_t expires_s, struct str subject,
		  struct err *e)
{
	unsigned char signature[WEBPUSH_SIGNATURE];
	struct buf claims = { .p = NULL };
	size_t at = b->len;

	buf_puts(&claims, "{\"aud\":");
	buf_json_str(&claims, origin);
	buf_addf(&claims, ",\"exp\":%lld,\"sub\":", (long long)expires_s);
	buf_json_str(&claims, subject);
	buf_putc(&claims, '}');
	base64url_add(b, STR("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"));
	buf_putc(b, '.');
	base64url_add(b, buf_str(&claims));
	buf_free(&claims);
	if (webpush_sign(private, str_sub(buf_str(b), at, b->len), signature,
			 e)) {
		b->len = at;
		return -1;
	}
	buf_putc(b, '.');
	base64url_add(b, bytes(signature, sizeof(signature)));
	return 0;
}

/* ---- files ---- */

/* A file with a password must not ask somebody at a terminal for it. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

int webpush_read_pem(struct str pem, unsigned char private_r[WEBPUSH_PRIVATE],
		     struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	EVP_PKEY *key =
		bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
		    : NULL;
	char group[32] = "";
	BIGNUM *d = NULL;
	bool ok = key && EVP_PKEY_is_a(key, "EC") &&
		  EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) &&
		  strcmp(group, SN_X9_62_prime256v1) == 0 &&
		  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) &&
		  BN_bn2binpad(d, private_r, WEBPUSH_PRIVATE) > 0;

	BN_clear_free(d);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok ? 0
		  : err_set(e, EX_CONFIG,
			    "no private key of P-256 in PEM, or one with a "
			    "password");
}

int webpush_add_pem(struct buf *b, const unsigned char private[WEBPUSH_PRIVATE],
		    struct err *e)
{
	EVP_PKEY *key = make_pair(private, e);
	BIO *bio;
	char *text;
	long len;
	bool ok;

	if (!key)
		return -1;
	bio = BIO_new(BIO_s_secmem());
	ok = bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL,
						  NULL) == 1;
	len = ok ? BIO_get_mem_data(bio, &text) : 0;
	if (len > 0)
		buf_add(b, text, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return len > 0 ? 0 : fail(e, "write a key");
}
