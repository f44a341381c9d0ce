#ifndef SOAK_TOKEN_H
#define SOAK_TOKEN_H

/* token - JSON Web Tokens (RFC 7519), signed with HS256. */
#include <stdbool.h>
#include <stdint.h>

enum {
	TOKEN_SECRET = 32, /* bytes */
	TOKEN_MAX = 512,
	TOKEN_GRACE_S = 30, /* that the gateway takes one after its end */
};

/* Make a secret, and write it to a file that nobody else reads. */
void token_begin(const char *path);

/*
 * Who it is, and until when (seconds since 1970): reads soak.n/, or, with
 * everything, all. Static, until the next call.
 */
const char *token_make(const char *user, int64_t until_s, bool everything);

#endif
