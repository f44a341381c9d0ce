#ifndef COMMON_CRON_H
#define COMMON_CRON_H

/*
 * cron - schedules as crontab(5) writes them, in any time zone.
 *
 *	minute hour day-of-month month day-of-week
 *
 * A field is a list ("1,15") of numbers, names (jan, mon), ranges that may
 * wrap (fri-mon, nov-mar), "*", and any of them with a step: "N/S" goes from N
 * to the end. In the day fields "?" is "*"; day-of-month also takes L (the
 * last day), L-3, 15W (the working day nearest to the 15th, in its month) and
 * LW; day-of-week takes fri#2 (the second Friday) and friL or Lfri (the last
 * one); 0 and 7 are Sunday. When both day fields are given, either matches.
 * @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually stand
 * for what their names say.
 *
 * Where clocks go forward, a time that is skipped runs as much later as they
 * were moved: 02:30 at 03:30, 02:00 right after the gap (the rule of RFC 5545;
 * so two skipped times stay two). Where they go back, a time that occurs twice
 * runs once, at its first occurrence, unless the hour field covers every
 * hour: such a schedule follows real hours.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/clk.h"
#include "common/err.h"
#include "common/str.h"
#include "common/tz.h"

/* Sets of bits; only cron.c looks into them. */
struct cron {
	uint64_t minutes;
	uint32_t hours, months;
	uint32_t days;	   /* 1 … 31 */
	uint32_t near;	   /* days with W */
	uint32_t from_end; /* bit N: N days before the last day of the month */
	bool last_working; /* LW */
	uint32_t weekdays; /* 0 … 6, Sunday is 0 */
	uint32_t last;	   /* weekdays with L */
	uint8_t nth[7];	   /* for each weekday, bits 1 … 5 */
	bool any_day, any_weekday;
};

/*
 * Compile s. EX_CONFIG; the message names the field and what is wrong, or says
 * that the schedule never comes (30 February).
 */
int cron_parse(struct str s, struct cron *c_r, struct err *e);

/*
 * The first time strictly after after_us, in microseconds since 1970.
 * CLK_NONE where there is none for 41 years.
 */
int64_t cron_next(const struct cron *c, const struct tz *z, int64_t after_us);

#endif
