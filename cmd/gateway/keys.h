#ifndef GATEWAY_KEYS_H
#define GATEWAY_KEYS_H

/*
 * keys - API keys, of which only hashes are kept.
 *
 * A key is "weir_" and 43 characters of base64url: 256 random bits, made by
 * `weir key`. A file of keys has one JSON object on each line; empty lines and
 * those that begin with # are passed over:
 *
 *	{"sha256":"HEX","user":"shop","role":"publisher",
 *	 "read":[PATTERN,...],"write":[PATTERN,...],"expires":TIME}
 *
 * Only sha256 and user must be there; role, read and write are as in a JWT
 * (jwt.h). The hash is SHA-256 of the whole key, without salt and but once:
 * slow hashes are for passwords, which can be guessed. Nobody guesses 256
 * random bits, no two keys are the same, and it is looked up on every request.
 *
 * Pure: text in, keys out.
 */
#include "access.h"
#include "sign.h"

enum {
	KEYS_MAX = 10000,
	KEYS_TEXT_MAX = 16 << 20, /* bytes of a file */
	KEYS_KEY_MAX = 256,	  /* bytes of a key */
};

struct keys;

/* NULL with *e (EX_CONFIG): which line, and what is wrong. */
struct keys *keys_read(struct str text, struct err *e);
void keys_free(struct keys **kp);

/* Who has this key, as a new reference; NULL: it is none. */
struct access *keys_find(const struct keys *k, struct str key);

/* True if one of them is, by its hash and its rights, who. */
bool keys_have(const struct keys *k, const struct access *who);

#endif
