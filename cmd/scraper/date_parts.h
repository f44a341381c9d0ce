#ifndef SCRAPER_DATE_PARTS_H
#define SCRAPER_DATE_PARTS_H

/* date_parts - what date.c and date_iso.c read a date into, and words. */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

struct date_parts {
	int year, month, day; /* 0: not known */
	int hour, minute, second;
	int fraction_us;
	int zone_min; /* east of UTC */
	bool has_time, has_zone;
};

/* A date by ISO 8601 from its first character to its last. */
bool date_read_iso(struct str s, struct date_parts *d);

/* Whole seconds and a fraction, any digits; beyond microseconds they are cut. */
int date_fraction_us(struct str digits);

/* "hh", "hhmm", "hh:mm" (one digit of hours will do), without the sign. */
bool date_offset(struct str s, int *minutes_r);

/* A month's name or the beginning of one, three letters at least; else 0. */
int date_month(struct str word);

/* A zone's abbreviation. */
bool date_zone(struct str word, int *minutes_r);

#endif
