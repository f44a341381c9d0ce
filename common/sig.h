#ifndef COMMON_SIG_H
#define COMMON_SIG_H

/*
 * sig - "please stop", as a flag.
 *
 * For tools that wait in one blocking call: SIGTERM and SIGINT set the flag
 * and interrupt the call. Tools with an event loop use loop_signals() instead.
 */
#include <stdbool.h>

void sig_init(bool ignore_sigpipe);
bool sig_stop(void);

/* SIGHUP interrupts, too, instead of ending the process. */
void sig_init_reload(void);
/* True if it came since the last call. */
bool sig_reload(void);

#endif
