#ifndef GATEWAY_JWKS_H
#define GATEWAY_JWKS_H

/*
 * jwks - the keys that tokens may be signed with (RFC 7517).
 *
 * Read from a JWK Set or one JWK, a public key as PEM, or the text of a secret,
 * which is anything else but a public key in another form.
 * In a set, what is not for signatures, or of a kind that is not known here, is
 * passed over; a private key is an error, for it has no business here.
 *
 * Pure: text in, keys out.
 */
#include "sign.h"

enum {
	JWKS_MAX = 64,		 /* keys */
	JWKS_KID_MAX = 256,	 /* bytes of a key's name */
	JWKS_TEXT_MAX = 1 << 20, /* bytes of a file */
};

struct jwks;

struct jwks *jwks_new(void);
void jwks_free(struct jwks **jp);

/*
 * Add the keys of a file's text. *secret_r: there is a secret among them, that
 * others must not see. -1 with *e (EX_CONFIG): what is wrong, or none is
 * usable.
 */
int jwks_add(struct jwks *j, struct str text, bool *secret_r, struct err *e);

size_t jwks_count(const struct jwks *j);

/*
 * True if one of the keys for alg made the signature. Where the token has a
 * kid, keys of other names do not count; those without a name always do.
 */
bool jwks_verify(const struct jwks *j, enum sign_alg alg, struct str kid,
		 struct str bytes, struct str signature);

#endif
