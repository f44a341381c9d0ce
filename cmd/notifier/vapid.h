#ifndef NOTIFIER_VAPID_H
#define NOTIFIER_VAPID_H

/*
 * vapid - make the key by which push services know us (RFC 8292).
 */
#include "common/err.h"

/*
 * Write a new private key into a file that is not there yet (mode 0600), and
 * print the public one in base64url, for PushManager.subscribe(), on standard
 * output; of a file that is there only the latter. -1 with *e: EX_CONFIG (it
 * holds none), EX_CANTCREAT, EX_IOERR, EX_SOFTWARE.
 */
int vapid_key(const char *path, struct err *e);

#endif
