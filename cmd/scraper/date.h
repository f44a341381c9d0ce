#ifndef SCRAPER_DATE_H
#define SCRAPER_DATE_H

/*
 * date - times as feeds, pages and APIs write them.
 *
 * ISO 8601 with its basic, week, ordinal and shortened forms (RFC 3339 and
 * W3CDTF among them); RFC 822, 1123, 2822, 850 and asctime, however sloppily;
 * numeric dates (12/31/2026 is American, 31.12.2026 and 31/12/2026 are not),
 * month names in some twenty languages, seconds or milliseconds since 1970.
 * Two-digit years are RFC 2822's: 00 to 49 are 2000 to 2049. What has no zone
 * is UTC, what has no month, day or time is at the first instant of it.
 * Relative times ("3 hours ago") are none. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

enum { DATE_TEXT_MAX = 128 }; /* bytes; longer is no date */

/* Microseconds since 1970 in UTC, years 1 to 9999. False if s is no date. */
bool date_parse(struct str s, int64_t *us_r);

#endif
