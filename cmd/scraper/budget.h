#ifndef SCRAPER_BUDGET_H
#define SCRAPER_BUDGET_H

/*
 * budget - what may be spent in a month, and what was. Pure: time is passed in
 * (seconds since 1970, UTC).
 *
 * A period begins at midnight, in the time zone, of one day of the month; in a
 * month that has no such day, of its last. What is taken is counted at once, so
 * that who stores the count before he spends never spends more than the budget.
 *
 * What is kept is the total ever taken, and what it was when each of the last
 * periods began. The clock may lie: where it is set back over the end of a
 * period, all that was taken since the earlier one began counts for it, and
 * where it goes forward again, all since the later one began. Whichever of the
 * two times was wrong, neither period gets more than its budget. A change of
 * the day or of the zone lets the period that runs go on to the first end by
 * the new rule; it never counts anew at once.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"
#include "common/tz.h"

enum { BUDGET_PERIODS = 3 }; /* remembered */

struct budget_rules {
	int64_t budget, cost; /* of a period, and of one request */
	int day;	      /* 1 to 31 */
	const struct tz *tz;
};

struct budget_period {
	int64_t start_s, end_s;
	int64_t base; /* the total when it began */
};

/* Zeroed: nothing was ever taken. */
struct budget {
	int64_t total;
	struct budget_period v[BUDGET_PERIODS]; /* by time */
	size_t n;
	size_t now; /* the one that holds the time of the last roll */
};

/* The period that holds now_s, by the rules alone. */
struct budget_period budget_period(const struct budget_rules *r, int64_t now_s);

/* Bring the period up to date. */
void budget_roll(const struct budget_rules *r, struct budget *b, int64_t now_s);

/* What was taken in this period. */
int64_t budget_used(const struct budget *b);

/* What is left now: never below 0, also where the budget was lowered. */
int64_t budget_left(const struct budget_rules *r, const struct budget *b);

/* Roll, then take the cost of one request. False: not so much is left. */
bool budget_take(const struct budget_rules *r, struct budget *b, int64_t now_s);

/* As text, and back; false for text that is none: then *b is untouched. */
void budget_encode(const struct budget *b, struct buf *out);
bool budget_decode(struct str text, struct budget *b);

#endif
