#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

/*
 * secret - files that hold what others must not see.
 */
#include "common/err.h"

/*
 * Open a secret's file for reading: a regular one that nobody but its owner
 * may touch. The descriptor, or -1 with *e: EX_CONFIG.
 */
int secret_open(const char *path, struct err *e);

/* Likewise, where it is no secret: others may read it. */
int secret_open_public(const char *path, struct err *e);

enum { SECRET_MAX = 4096 }; /* bytes */

/*
 * The one word that a secret's file holds. "credential:NAME" is the file NAME
 * that systemd put into $CREDENTIALS_DIRECTORY (LoadCredential= and others);
 * who may read those is for systemd to say. NULL with *e: EX_CONFIG. End it
 * with secret_free().
 */
char *secret_word(const char *path, struct err *e);

/* The same of a file that holds text: all of it, but for white space around. */
char *secret_text(const char *path, struct err *e);

/* Wiped: it must not be found in a core file or a reused page. */
void secret_free(char *secret);

#endif
