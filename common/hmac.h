#ifndef COMMON_HMAC_H
#define COMMON_HMAC_H

/* hmac - HMAC-SHA-256 (RFC 2104, FIPS 180-4). OpenSSL behind it. Pure. */
#include <stdbool.h>

#include "common/buf.h"
#include "common/str.h"

/* Add it in 64 lower-case hexadecimal digits. */
void hmac_add_hex(struct buf *b, struct str key, struct str text);

/* Takes as long whichever byte differs; lengths are no secret. */
bool hmac_same(struct str a, struct str b);

#endif
