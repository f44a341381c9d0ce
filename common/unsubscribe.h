#ifndef COMMON_UNSUBSCRIBE_H
#define COMMON_UNSUBSCRIBE_H

/*
 * unsubscribe - the word in a link by which a user wants no more of a rule.
 *
 * "USER~RULE~MAC", the last an HMAC over both with a key that the notifier,
 * which writes it, and the gateway, which reads it, have in common. It says
 * nothing that its user does not know, never expires, and can do one thing.
 */
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum { UNSUBSCRIBE_KEY_MIN = 32 }; /* bytes */

/* The key in a secret's file (secret.h). NULL with *e: EX_CONFIG. */
char *unsubscribe_key(const char *path, struct err *e);

/* Both are ids (str_is_id()). */
void unsubscribe_add(struct buf *b, struct str key, struct str user,
		     struct str rule);

/* False: it is not by this key. Takes as long whichever byte differs. */
bool unsubscribe_read(struct str word, struct str key, struct str *user_r,
		      struct str *rule_r);

#endif
