#include "date_parts.h"

#include "common/clk.h"

static size_t count_digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static bool take_char(struct str *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = str_sub(*s, 1, s->len);
	return true;
}

/* n digits, or up to n where there are fewer and one at least. */
static bool take_number(struct str *s, size_t n, int *v_r)
{
	size_t have = count_digits(*s);

	if (have == 0)
		return false;
	if (have < n)
		n = have;
	*v_r = 0;
	for (size_t i = 0; i < n; i++)
		*v_r = *v_r * 10 + (s->p[i] - '0');
	*s = str_sub(*s, n, s->len);
	return true;
}

int date_fraction_us(struct str digits)
{
	int us = 0;

	for (size_t i = 0; i < 6; i++)
		us = us * 10 + (i < digits.len ? digits.p[i] - '0' : 0);
	return us;
}

bool date_offset(struct str s, int *minutes_r)
{
	size_t digits = count_digits(s);
	int hours, minutes = 0;

	if (digits == 0 || digits > 4 ||
	    !take_number(&s, digits == 3 || digits == 1 ? 1 : 2, &hours))
		return false;
	take_char(&s, ':');
	if (s.len > 0 && (s.len != 2 || !take_number(&s, 2, &minutes)))
		return false;
	*minutes_r = hours * 60 + minutes;
	return s.len == 0 && hours <= 15 && minutes < 60;
}

static void from_days(struct date_parts *d, int64_t days)
{
	clk_date(days, &d->year, &d->month, &d->day);
}

/* Behind "W": ww[-d]. Week 1 is the one with January 4, days start on Monday. */
static bool read_week(struct str *s, struct date_parts *d)
{
	int64_t fourth = clk_days(d->year, 1, 4);
	int week, day = 1;

	if (!take_number(s, 2, &week) || week < 1 || week > 53)
		return false;
	if (s->len > 1 && s->p[0] == '-' && count_digits(*s) == 0)
		take_char(s, '-');
	if (count_digits(*s) == 1 &&
	    (!take_number(s, 1, &day) || day < 1 || day > 7))
		return false;
	/* 1970-01-01 was a Thursday: day 3 from Monday. */
	from_days(d, fourth - ((fourth + 3) % 7 + 7) % 7 + (week - 1) * 7 +
			     day - 1);
	return true;
}

static bool read_ordinal(struct str *s, struct date_parts *d)
{
	bool leap = clk_days(d->year + 1, 1, 1) - clk_days(d->year, 1, 1) > 365;
	int day;

	if (!take_number(s, 3, &day) || day < 1 || day > 365 + leap)
		return false;
	from_days(d, clk_days(d->year, 1, 1) + day - 1);
	return true;
}

/* "2026", and what follows in one of the four ways to go on. */
static bool read_date(struct str *s, struct date_parts *d)
{
	size_t digits = count_digits(*s);
	char separator;

	if (digits != 4 && digits != 7 && digits != 8 && digits != 14)
		return false;
	take_number(s, 4, &d->year);
	if (digits == 7)
		return read_ordinal(s, d);
	if (digits > 7)
		return take_number(s, 2, &d->month) &&
		       take_number(s, 2, &d->day) && d->month && d->day;
	if (take_char(s, 'W'))
		return read_week(s, d);
	if (s->len < 2 || (s->p[0] != '-' && s->p[0] != '/' && s->p[0] != '.'))
		return true;
	separator = s->p[0];
	take_char(s, separator);
	if (take_char(s, 'W'))
		return read_week(s, d);
	if (count_digits(*s) == 3)
		return read_ordinal(s, d);
	if (count_digits(*s) > 2 || !take_number(s, 2, &d->month) || !d->month)
		return false;
	if (!take_char(s, separator))
		return true;
	return count_digits(*s) <= 2 && take_number(s, 2, &d->day) && d->day;
}

/* hh[[:]mm[[:]ss[.fraction]]] */
static bool read_time(struct str *s, struct date_parts *d)
{
	bool colon;

	d->has_time = true;
	if (!take_number(s, 2, &d->hour))
		return false;
	colon = take_char(s, ':');
	if (!take_number(s, 2, &d->minute))
		return !colon;
	if ((colon || count_digits(*s) == 0) && !take_char(s, ':'))
		return true;
	if (!take_number(s, 2, &d->second))
		return false;
	if (take_char(s, '.') || take_char(s, ',')) {
		size_t n = count_digits(*s);

		d->fraction_us = date_fraction_us(str_sub(*s, 0, n));
		*s = str_sub(*s, n, s->len);
	}
	return true;
}

static bool read_zone(struct str s, struct date_parts *d)
{
	bool west;

	s = str_trim(s);
	if (s.len == 0)
		return true;
	d->has_zone = true;
	west = s.p[0] == '-';
	if (take_char(&s, '-') || take_char(&s, '+')) {
		if (!date_offset(s, &d->zone_min))
			return false;
		if (west)
			d->zone_min = -d->zone_min;
		return true;
	}
	return date_zone(s, &d->zone_min);
}

bool date_read_iso(struct str s, struct date_parts *d)
{
	bool compact = count_digits(s) == 14;

	if (!read_date(&s, d))
		return false;
	if (s.len == 0)
		return true;
	if (!compact) {
		if (s.p[0] != 'T' && s.p[0] != 't' && s.p[0] != ' ' &&
		    s.p[0] != '_')
			return false;
		s = str_trim(str_sub(s, 1, s.len));
	}
	return count_digits(s) > 0 && read_time(&s, d) && read_zone(s, d);
}
