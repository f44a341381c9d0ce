#ifndef COMMON_CLK_H
#define COMMON_CLK_H

/*
 * clk - the two clocks, and times as text.
 *
 * Wall time is UTC in microseconds since 1970 (int64_t, `_us`), for what is
 * written into events. Monotonic time is in milliseconds (`_ms`), for
 * deadlines inside one process. Decisions take the time as a value; only
 * edges call these two.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

enum {
	CLK_TEXT_LEN = 27,  /* "2026-11-20T21:00:00.123456Z" */
	CLK_TEXT_SIZE = 28, /* with its NUL */
};

#define CLK_NONE INT64_MIN /* "no time" where one is optional */

int64_t clk_wall_us(void);
int64_t clk_mono_ms(void);
int64_t clk_mono_us(void);

/*
 * Write us as RFC 3339 in UTC with six decimals and 'Z', years 0000 to 9999.
 * Remembers the last second it wrote (per thread), so that runs of near times
 * cost a few nanoseconds each. Returns out.
 */
const char *clk_format(int64_t us, char out[CLK_TEXT_SIZE]);

/*
 * Read an RFC 3339 date-time with any offset (or a bare date, meaning its
 * midnight in UTC); digits beyond microseconds are cut. False if s is not one.
 * Remembers the last second it read, as clk_format() does.
 */
bool clk_parse(struct str s, int64_t *us_r);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
int64_t clk_days(int year, int month, int day);
void clk_date(int64_t days, int *year_r, int *month_r, int *day_r);

#endif
