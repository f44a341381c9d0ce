#ifndef CHART_SCALE_H
#define CHART_SCALE_H

/*
 * scale - where the marks of an axis are, and what stands beside them. Pure.
 */
#include <stdint.h>

#include "common/tz.h"

enum { SCALE_MARKS_MAX = 16, SCALE_TEXT_MAX = 32 };

struct scale_mark {
	double at; /* a value, or seconds since 1970 */
	char text[SCALE_TEXT_MAX];
};

struct scale {
	double from, to; /* what the axis reaches; from < to */
	struct scale_mark mark[SCALE_MARKS_MAX];
	size_t n;
};

/*
 * An axis of amounts that holds low … high, with at most `want` + 1 steps of 1,
 * 2 or 5 times a power of ten, written with as many digits as they need. want
 * is at most SCALE_MARKS_MAX - 2.
 */
void scale_amounts(struct scale *s, double low, double high, unsigned want);

/*
 * An axis of time from … to in seconds, exactly these, with at most `want`
 * marks at round times of the zone: minutes, hours, midnights, first days of
 * months or years.
 */
void scale_times(struct scale *s, int64_t from_s, int64_t to_s, unsigned want,
		 const struct tz *z);

#endif
