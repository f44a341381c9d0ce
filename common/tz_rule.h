#ifndef COMMON_TZ_RULE_H
#define COMMON_TZ_RULE_H

/*
 * tz_rule - the POSIX TZ string that rules the years to come, such as
 * "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1 chapter 8, with the hours of -167 to
 * 167 that RFC 8536 adds).
 */
#include <stdbool.h>

#include "common/tz.h"

/* A day of the year and a local time on it. */
struct tz_date {
	enum { TZ_WEEKDAY, TZ_JULIAN, TZ_DAY } kind; /* Mm.w.d, Jn, n */
	int month, week, day;
	int time_s;
};

struct tz_rule {
	int std_s, dst_s; /* offsets from UTC */
	bool has_dst;
	struct tz_date start, end; /* of the time with dst_s */
};

bool tz_rule_parse(struct str s, struct tz_rule *rule_r);
struct tz_span tz_rule_span(const struct tz_rule *rule, int64_t utc_s);

#endif
