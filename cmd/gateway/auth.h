#ifndef GATEWAY_AUTH_H
#define GATEWAY_AUTH_H

/*
 * auth - who it is that sends a token, or none.
 *
 * Where neither tokens nor keys are configured, everybody is the owner (the
 * gateway is on loopback then). Otherwise the token of --token-file is the
 * owner's, others are API keys (keys.h) and JSON Web Tokens (jwt.h), and
 * whoever has none is nobody, who may read what --anonymous says, or nothing.
 *
 * No clock, no sockets. Files are read once, when it is made; a change of
 * settings makes another one.
 */
#include "common/opt.h"

#include "access.h"

enum { AUTH_TOKEN_MIN = 16, AUTH_TOKEN_MAX = 512 }; /* bytes, the owner's */

struct auth_settings {
	const char *token_file, *keys_file;
	const char *jwt_audience, *jwt_issuer;
	bool jwt_without_exp;
	struct opt_list jwt_keys;  /* files */
	struct opt_list anonymous; /* patterns */
};

struct auth;

/*
 * NULL with *e (EX_CONFIG): a file cannot be read, is open to others, or has
 * something wrong in it. Keeps nothing of s.
 */
struct auth *auth_new(const struct auth_settings *s, struct err *e);
void auth_free(struct auth **ap); /* those that it gave out live on */

/* True where a token is asked for. */
bool auth_is_on(const struct auth *a);

/* Whoever has no token, as a new reference. */
struct access *auth_nobody(const struct auth *a);

/*
 * Who has this token, as a new reference. NULL with *e, EX_NOPERM: it is not to
 * be believed, or is over. The reason has nothing of the token in it.
 */
struct access *auth_token(const struct auth *a, struct str token,
			  int64_t now_us, struct err *e);

/*
 * True if what `who` came with would be taken still: the owner's token or a key
 * is as it was, nobody may what nobody might. JWTs are kept until they expire,
 * as long as there are keys for any.
 */
bool auth_knows(const struct auth *a, const struct access *who);

#endif
