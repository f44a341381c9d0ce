#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

/* base64 - bytes as text (RFC 4648, section 4), padded, and base64url (5). */
#include <stdbool.h>

#include "common/buf.h"
#include "common/str.h"

/* Add the text of some bytes. */
void base64_add(struct buf *b, struct str bytes);

/*
 * Add the bytes of a text. False, nothing added, unless it is what
 * base64_add() would have written: no white space, padded.
 */
bool base64_add_bytes(struct buf *b, struct str text);

/*
 * Likewise of base64url without padding, as JOSE has it: the one text that
 * those bytes have.
 */
void base64url_add(struct buf *b, struct str bytes);
bool base64url_add_bytes(struct buf *b, struct str text);

#endif
