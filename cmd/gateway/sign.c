#include "sign.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "common/base64.h"

enum { P256_LEN = 32, ED25519_LEN = 32, PEM_MAX = 16 << 10 };

struct sign_key {
	enum sign_alg alg;
	EVP_PKEY *pkey; /* NULL: it is a secret */
	size_t len;
	unsigned char secret[SIGN_SECRET_MAX];
};

static const char *const names[] = {
	[SIGN_HS256] = "HS256",
	[SIGN_RS256] = "RS256",
	[SIGN_ES256] = "ES256",
	[SIGN_EDDSA] = "EdDSA",
};

bool sign_alg_parse(struct str s, enum sign_alg *alg_r)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(s, names[i])) {
			*alg_r = (enum sign_alg)i;
			return true;
		}
	return false;
}

const char *sign_alg_name(enum sign_alg alg)
{
	return names[alg];
}

enum sign_alg sign_key_alg(const struct sign_key *k)
{
	return k->alg;
}

static const unsigned char *bytes_of(struct str s)
{
	return (const unsigned char *)(s.p ? s.p : "");
}

/* ---- keys ---- */

struct sign_key *sign_key_secret(struct str bytes, struct err *e)
{
	struct sign_key *k;

	if (bytes.len < SIGN_SECRET_MIN || bytes.len > SIGN_SECRET_MAX) {
		err_set(e, EX_CONFIG, "a secret for HS256 has %d to %d bytes",
			SIGN_SECRET_MIN, SIGN_SECRET_MAX);
		return NULL;
	}
	k = xcalloc(1, sizeof(*k));
	k->alg = SIGN_HS256;
	k->len = bytes.len;
	memcpy(k->secret, bytes.p, bytes.len);
	return k;
}

/* Takes pkey; NULL with *e where none of the algorithms is for it. */
static struct sign_key *from_pkey(EVP_PKEY *pkey, struct err *e)
{
	struct sign_key *k = NULL;
	char group[32] = "";
	int alg = -1;

	ERR_clear_error();
	EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
	ERR_clear_error();
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519)
		alg = SIGN_EDDSA;
	else if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA)
		alg = SIGN_RS256;
	else if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
		 strcmp(group, SN_X9_62_prime256v1) == 0)
		alg = SIGN_ES256;
	if (alg < 0)
		err_set(e, EX_CONFIG, "neither RSA, nor P-256, nor Ed25519");
	else if (alg == SIGN_RS256 && (EVP_PKEY_get_bits(pkey) < SIGN_RSA_MIN ||
				       EVP_PKEY_get_bits(pkey) > SIGN_RSA_MAX))
		err_set(e, EX_CONFIG, "an RSA key has %d to %d bits",
			SIGN_RSA_MIN, SIGN_RSA_MAX);
	else {
		k = xcalloc(1, sizeof(*k));
		k->alg = (enum sign_alg)alg;
		k->pkey = pkey;
		return k;
	}
	EVP_PKEY_free(pkey);
	return NULL;
}

/* Of what was built; NULL, *e set, where it is no key. */
static struct sign_key *from_params(const char *type, OSSL_PARAM_BLD *bld,
				    struct err *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *pkey = NULL;
	bool ok =
		ctx && params && EVP_PKEY_fromdata_init(ctx) > 0 &&
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) > 0;

	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (ok)
		return from_pkey(pkey, e);
	err_set(e, EX_CONFIG, "not a public key");
	return NULL;
}

struct sign_key *sign_key_rsa(struct str n, struct str exponent, struct err *e)
{
	OSSL_PARAM_BLD *bld;
	struct sign_key *k;
	BIGNUM *bn_n, *bn_e;

	if (n.len == 0 || n.len > SIGN_RSA_MAX / CHAR_BIT ||
	    exponent.len == 0 || exponent.len > sizeof(uint64_t)) {
		err_set(e, EX_CONFIG, "not the numbers of an RSA key");
		return NULL;
	}
	bld = OSSL_PARAM_BLD_new();
	bn_n = BN_bin2bn(bytes_of(n), (int)n.len, NULL);
	bn_e = BN_bin2bn(bytes_of(exponent), (int)exponent.len, NULL);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn_n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e);
	k = from_params("RSA", bld, e);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn_n);
	BN_free(bn_e);
	return k;
}

struct sign_key *sign_key_p256(struct str x, struct str y, struct err *e)
{
	unsigned char point[1 + 2 * P256_LEN] = {
		POINT_CONVERSION_UNCOMPRESSED
	};
	OSSL_PARAM_BLD *bld;
	struct sign_key *k;

	if (x.len != P256_LEN || y.len != P256_LEN) {
		err_set(e, EX_CONFIG, "not a point of P-256");
		return NULL;
	}
	memcpy(point + 1, x.p, P256_LEN);
	memcpy(point + 1 + P256_LEN, y.p, P256_LEN);
	bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
					"prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
					 sizeof(point));
	k = from_params("EC", bld, e);
	OSSL_PARAM_BLD_free(bld);
	return k;
}

struct sign_key *sign_key_ed25519(struct str x, struct err *e)
{
	EVP_PKEY *pkey =
		x.len == ED25519_LEN
			? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
						      bytes_of(x), x.len)
			: NULL;

	ERR_clear_error();
	if (pkey)
		return from_pkey(pkey, e);
	err_set(e, EX_CONFIG, "not a key of Ed25519");
	return NULL;
}

struct sign_key *sign_key_pem(struct str text, struct err *e)
{
	BIO *bio = text.len <= PEM_MAX ? BIO_new_mem_buf(text.p, (int)text.len)
				       : NULL;
	EVP_PKEY *pkey =
		bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (pkey)
		return from_pkey(pkey, e);
	err_set(e, EX_CONFIG, "not a public key (-----BEGIN PUBLIC KEY-----)");
	return NULL;
}

bool sign_is_bare_key(struct str text)
{
	struct buf joined = { 0 }, der = { 0 };
	const unsigned char *at;
	EVP_PKEY *pkey = NULL;
	struct str line;

	if (str_starts(text, STR("ssh-")) || str_starts(text, STR("ecdsa-")))
		return true;
	while (str_token(&text, " \t\r\n", &line))
		buf_add_str(&joined, line);
	if (base64_add_bytes(&der, buf_str(&joined)) && der.len) {
		at = bytes_of(buf_str(&der));
		pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
	}
	ERR_clear_error();
	EVP_PKEY_free(pkey);
	buf_free(&joined);
	buf_free(&der);
	return pkey != NULL;
}

void sign_key_free(struct sign_key **kp)
{
	struct sign_key *k = *kp;

	*kp = NULL;
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	OPENSSL_cleanse(k->secret, sizeof(k->secret));
	free(k);
}

/* ---- signatures ---- */

static bool verify_hmac(const struct sign_key *k, struct str bytes,
			struct str signature)
{
	unsigned char mac[SIGN_HASH_LEN];
	unsigned len = sizeof(mac);

	return signature.len == sizeof(mac) &&
	       HMAC(EVP_sha256(), k->secret, (int)k->len, bytes_of(bytes),
		    bytes.len, mac, &len) &&
	       CRYPTO_memcmp(mac, signature.p, sizeof(mac)) == 0;
}

static bool verify_digest(const struct sign_key *k, const EVP_MD *md,
			  struct str bytes, const unsigned char *sig,
			  size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx &&
		  EVP_DigestVerifyInit(ctx, NULL, md, NULL, k->pkey) > 0 &&
		  EVP_DigestVerify(ctx, sig, len, bytes_of(bytes), bytes.len) ==
			  1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* A token has R and S, 32 bytes each (RFC 7518, 3.4); OpenSSL wants DER. */
static bool verify_ecdsa(const struct sign_key *k, struct str bytes,
			 struct str signature)
{
	ECDSA_SIG *sig;
	unsigned char *der = NULL;
	BIGNUM *r, *s;
	int len = -1;
	bool ok;

	if (signature.len != 2 * P256_LEN)
		return false;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(bytes_of(signature), P256_LEN, NULL);
	s = BN_bin2bn(bytes_of(signature) + P256_LEN, P256_LEN, NULL);
	if (sig && r && s && ECDSA_SIG_set0(sig, r, s))
		len = i2d_ECDSA_SIG(sig, &der); /* r and s are sig's now */
	ok = len > 0 && verify_digest(k, EVP_sha256(), bytes, der, (size_t)len);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return ok;
}

bool sign_verify(const struct sign_key *k, struct str bytes,
		 struct str signature)
{
	switch (k->alg) {
	case SIGN_HS256: return verify_hmac(k, bytes, signature);
	case SIGN_ES256: return verify_ecdsa(k, bytes, signature);
	case SIGN_RS256:
		return verify_digest(k, EVP_sha256(), bytes,
				     bytes_of(signature), signature.len);
	case SIGN_EDDSA:
		return verify_digest(k, NULL, bytes, bytes_of(signature),
				     signature.len);
	}
	return false;
}

void sign_sha256(struct str bytes, uint8_t out[SIGN_HASH_LEN])
{
	EVP_Digest(bytes_of(bytes), bytes.len, out, NULL, EVP_sha256(), NULL);
}
