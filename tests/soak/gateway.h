#ifndef SOAK_GATEWAY_H
#define SOAK_GATEWAY_H

/* gateway - the program that is tried, and what befalls it. */
#include <stdbool.h>
#include <stdint.h>

/*
 * Start a command, which takes --port, and wait until it is ready; its log goes
 * to the end of a file. False, told: it did not start. Later ones are started
 * with the port that it has then.
 */
bool gateway_begin(const char *command, const char *log);

int gateway_pid(void);
unsigned gateway_lives(void); /* programs that ended without a word */
bool gateway_is_ready(void);

/* These are for one that is ready. */
void gateway_kill(void); /* without a word, and start another */
void gateway_upgrade(void);
void gateway_reload(void);

/* It still runs. */
bool gateway_lasts(void);

/* Ask it to end; true if it does, and says 0. */
bool gateway_end(void);

#endif
