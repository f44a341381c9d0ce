#ifndef COMMON_TZ_H
#define COMMON_TZ_H

/*
 * tz - what the clocks on the wall say in a time zone.
 *
 * Reads the system's own zone files (TZif version 2 and later, RFC 8536, with
 * the POSIX TZ rule in their footer for the years after the last entry).
 * Never touches TZ or libc's idea of local time. Times are seconds since 1970
 * in UTC; "local" seconds are the same count made from the date and time that
 * the wall clock shows.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct tz;

/* Zones that were read once. A zeroed struct is empty; its zones die with it. */
struct tz_cache {
	struct tz *head;
};

/*
 * The zone of that name ("Europe/Paris"), read at its first use. "", "UTC" and
 * "Z" need no file. NULL with *e: EX_CONFIG where there is no such zone or its
 * file is not understood.
 */
const struct tz *tz_get(struct tz_cache *cache, struct str name, struct err *e);
void tz_cache_free(struct tz_cache *cache);

/* Are there zone files on this machine at all? */
bool tz_has_files(void);

/* The bytes of a zone file. NULL with *e (EX_DATAERR); else tz_free(). */
struct tz *tz_parse(struct str bytes, struct err *e);
void tz_free(struct tz **zp);

/* A time during which the offset from UTC is one and the same. */
struct tz_span {
	int64_t from_s, to_s; /* [from, to); INT64_MIN, INT64_MAX: no bound */
	int offset_s;	      /* local = UTC + offset */
	int before_s;	      /* the offset until from_s */
};
struct tz_span tz_span_at(const struct tz *z, int64_t utc_s);

/*
 * UTC of a local time. One that occurs twice is the earlier; one that is
 * skipped is read with the offset before the gap (as in RFC 5545).
 */
int64_t tz_to_utc(const struct tz *z, int64_t local_s);

#endif
