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

#endif
