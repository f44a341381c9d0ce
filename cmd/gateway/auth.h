#ifndef GATEWAY_AUTH_H
#define GATEWAY_AUTH_H

/*
 * auth - who it is that sends a token, or none.
 *
 * Where nothing is configured, everybody is the owner (the gateway is on
 * loopback then). Otherwise the token of --token-file is the owner's, and
 * whoever has none is nobody, who may read what --anonymous says: nothing, if it
 * says nothing.
 *
 * No clock, no sockets, no files.
 */
#include "access.h"

struct auth;

struct auth_conf {
	struct str token; /* the owner's, or absent; it is copied */
};

struct auth *auth_new(const struct auth_conf *conf);
void auth_free(struct auth **ap); /* those that it gave out live on */

/* True where a token is asked for. */
bool auth_is_on(const struct auth *a);

/* Whoever has no token, as a new reference. */
struct access *auth_nobody(const struct auth *a);

/*
 * Who has this token, as a new reference. NULL with *e, EX_NOPERM: nobody.
 * Compares in constant time.
 */
struct access *auth_token(const struct auth *a, struct str token,
			  struct err *e);

#endif
