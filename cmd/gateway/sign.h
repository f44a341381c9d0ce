#ifndef GATEWAY_SIGN_H
#define GATEWAY_SIGN_H

/*
 * sign - signatures of JSON Web Tokens, checked (RFC 7518, section 3, and RFC
 * 8037); hashes and encodings that go with them. OpenSSL behind it.
 *
 * A key is for one algorithm, which is decided when it is read, by what it is:
 * an RSA key verifies RS256 and nothing else. So no token can choose how it is
 * checked.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum {
	SIGN_SECRET_MIN = 32,  /* bytes, HS256 (RFC 7518, 3.2) */
	SIGN_SECRET_MAX = 512, /* bytes */
	SIGN_RSA_MIN = 2048,   /* bits, RS256 (RFC 7518, 3.3) */
	SIGN_RSA_MAX = 8192,   /* bits */
	SIGN_HASH_LEN = 32,    /* bytes of SHA-256 */
};

enum sign_alg { SIGN_HS256, SIGN_RS256, SIGN_ES256, SIGN_EDDSA };

/* "RS256"; false for all that is not checked here, "none" above all. */
bool sign_alg_parse(struct str s, enum sign_alg *alg_r);
const char *sign_alg_name(enum sign_alg alg);

struct sign_key;

/*
 * The keys, from bytes; big numbers as JWK has them. NULL with *e (EX_CONFIG):
 * too short, too long, not on the curve, not a public key.
 */
struct sign_key *sign_key_secret(struct str bytes, struct err *e);
struct sign_key *sign_key_rsa(struct str n, struct str exponent, struct err *e);
struct sign_key *sign_key_p256(struct str x, struct str y, struct err *e);
struct sign_key *sign_key_ed25519(struct str x, struct err *e);
/* "-----BEGIN PUBLIC KEY-----": RSA, P-256 or Ed25519. */
struct sign_key *sign_key_pem(struct str text, struct err *e);
void sign_key_free(struct sign_key **kp);

/*
 * True if the text is a public key in another dress: its base64 without the
 * lines of PEM, or OpenSSH's. Whoever knows it could sign, were it a secret.
 */
bool sign_is_bare_key(struct str text);

enum sign_alg sign_key_alg(const struct sign_key *k);

/* True if the signature, as it is in a token, is the key's of these bytes. */
bool sign_verify(const struct sign_key *k, struct str bytes,
		 struct str signature);

void sign_sha256(struct str bytes, uint8_t out[SIGN_HASH_LEN]);

#endif
