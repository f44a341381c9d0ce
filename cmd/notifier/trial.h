#ifndef NOTIFIER_TRIAL_H
#define NOTIFIER_TRIAL_H

/*
 * trial - send one test message over a channel and say how it went.
 */
#include "common/err.h"

#include "channel.h"

/*
 * Prints one line on standard output. 0: it was sent; 1: it was not; -1 with
 * *e: EX_USAGE (no such channel), EX_OSERR, EX_IOERR.
 */
int trial_run(const struct channels *channels, const char *name, struct err *e);

#endif
