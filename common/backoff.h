#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

/*
 * backoff - how long to leave alone what fails. Pure; jitter is the caller's.
 */
#include <stdint.h>

/*
 * base_ms after the first failure (and after none), twice as long after each
 * further one, at most max_ms.
 */
int64_t backoff_ms(int64_t base_ms, unsigned failures, int64_t max_ms);

#endif
