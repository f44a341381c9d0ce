#ifndef GATEWAY_JWT_H
#define GATEWAY_JWT_H

/*
 * jwt - JSON Web Tokens, signed ones (RFC 7519, JWS compact form of RFC 7515).
 *
 * HS256, RS256, ES256 and EdDSA with Ed25519; which of them a key is for is the
 * key's (sign.h), never the token's. "none" is not among them. Nothing in the
 * header is followed (jku, jwk, x5u); `crit` is refused. The claims:
 *
 *	sub	the user (access_check_user()); required
 *	exp	until when; required, unless without_exp
 *	nbf	from when on; both with ACCESS_GRACE_S to spare
 *	iss	must be the one that is configured, if one is
 *	aud	must have the one that is configured; where none is, a token
 *		that is for somebody in particular is not for us (4.1.3)
 *	weir	{"role":"viewer","read":[PATTERN,...],"write":[PATTERN,...]}:
 *		without a role a viewer, without patterns none
 *
 * Pure: the time is passed in.
 */
#include "common/arena.h"

#include "access.h"
#include "jwks.h"

enum {
	JWT_MAX = 8 << 10, /* bytes of a token */
};

struct jwt_conf {
	const struct jwks *keys;
	struct str audience, issuer; /* absent: none is configured */
	bool without_exp; /* tokens that do not say until when are taken */
};

/* Three parts with dots between. */
bool jwt_looks_like(struct str token);

/*
 * Who the token is for, as a new reference. NULL with *e, EX_NOPERM: why it is
 * not to be believed. The reason never has a part of the token in it.
 */
struct access *jwt_read(const struct jwt_conf *conf, struct str token,
			int64_t now_us, struct err *e);

/*
 * The member "role", "read" or "write" of a JSON object that was checked, as
 * JWTs and files of keys have them. -1 with *e, EX_DATAERR: also for any other.
 */
int jwt_read_right(struct access *who, struct str name, struct str value,
		   struct arena *a, struct err *e);

#endif
