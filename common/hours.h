#ifndef COMMON_HOURS_H
#define COMMON_HOURS_H

/*
 * hours - the hours of the week in which something may happen, in any zone.
 *
 *	Mon-Fri 08:00-20:00
 *	Sat,Sun
 *	22:00-06:00
 *
 * A window is days, times or both, each a list with commas: days by name, with
 * ranges that may wrap (Fri-Mon), absent: every day; times from … to, absent:
 * the whole day. Up to 24:00 is up to midnight; one that ends before it begins
 * goes over midnight and belongs to the day on which it begins. Several windows
 * are one set.
 *
 * It is open while the clock on the wall shows a time within a window, its end
 * not included. So where clocks go forward, a window that lies in the hour that
 * is skipped does not open on that day, and one that begins there opens where
 * the clock goes on; where they go back, what is shown twice is open twice.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/cron.h"
#include "common/err.h"
#include "common/str.h"
#include "common/tz.h"

enum {
	HOURS_WINDOWS_MAX = 32, /* of a watch */
	HOURS_SPANS_MAX = 128,	/* of one day or across one midnight, in all */
	HOURS_TEXT_MAX = 128,	/* bytes of one window */
};

struct hours_span {
	uint16_t from, to; /* minutes since Monday 00:00; [from, to) */
};

struct hours {
	struct hours_span v[HOURS_SPANS_MAX]; /* in order, apart */
	unsigned n;			      /* at least 1 */
};

/*
 * The windows v[0 … n). EX_CONFIG with the window and what is wrong with it;
 * none at all is wrong, too.
 */
int hours_parse(const struct str *v, size_t n, struct hours *h_r,
		struct err *e);

/*
 * The hours outside h, as good for all that hours are asked. False where there
 * are none, or HOURS_SPANS_MAX spans are too few for them.
 */
bool hours_invert(const struct hours *h, struct hours *h_r);

bool hours_are_open(const struct hours *h, const struct tz *z, int64_t at_us);

/* The first time from at_us on, itself included, at which it is open. */
int64_t hours_open(const struct hours *h, const struct tz *z, int64_t at_us);

/*
 * The first time of a schedule after after_us that lies in a window. CLK_NONE
 * where HOURS_CRON_TRIES times and more do not.
 */
enum { HOURS_CRON_TRIES = 1000 };
int64_t hours_cron(const struct hours *h, const struct cron *c,
		   const struct tz *z, int64_t after_us);

#endif
