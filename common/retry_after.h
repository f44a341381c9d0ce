#ifndef COMMON_RETRY_AFTER_H
#define COMMON_RETRY_AFTER_H

/*
 * retry_after - what a server's Retry-After asks for (RFC 9110, 10.2.3).
 *
 * Whole seconds, or an HTTP-date (5.6.7) in its current or either obsolete
 * form. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

#define RETRY_AFTER_MAX_MS INT64_C(31622400000) /* a year; more is cut to it */

/* How long to wait; a time that has passed gives 0. False: neither form. */
bool retry_after_parse(struct str s, int64_t now_us, int64_t *ms_r);

/* An HTTP-date in microseconds since 1970. */
bool http_date_parse(struct str s, int64_t *us_r);

#endif
