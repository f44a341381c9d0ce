#include "common/tz_rule.h"

#include "common/clk.h"

/* The year of a time must stay one that clk_date can give. */
static const int64_t YEAR_1_S = INT64_C(-62135596800);
static const int64_t YEAR_9999_S = INT64_C(253370764800);

static bool take(struct str *s, char c)
{
	if (s->len == 0 || s->p[0] != c)
		return false;
	*s = str_sub(*s, 1, s->len);
	return true;
}

static bool take_number(struct str *s, int max, int *n_r)
{
	size_t i = 0;
	int n = 0;

	while (i < s->len && i < 4 && s->p[i] >= '0' && s->p[i] <= '9')
		n = n * 10 + (s->p[i++] - '0');
	*s = str_sub(*s, i, s->len);
	*n_r = n;
	return i > 0 && n <= max;
}

/* "CET" or "<+03>": three characters at least, and of no further use. */
static bool take_name(struct str *s)
{
	size_t i = 0;

	if (take(s, '<')) {
		i = str_chr(*s, '>');
		if (i == (size_t)-1)
			return false;
		*s = str_sub(*s, i + 1, s->len);
		return i >= 3;
	}
	while (i < s->len && (s->p[i] | 32) >= 'a' && (s->p[i] | 32) <= 'z')
		i++;
	*s = str_sub(*s, i, s->len);
	return i >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct str *s, int *s_r)
{
	int h, m = 0, sec = 0;
	bool negative = take(s, '-');

	if (!negative)
		take(s, '+');
	if (!take_number(s, 167, &h))
		return false;
	if (take(s, ':') && !take_number(s, 59, &m))
		return false;
	if (take(s, ':') && !take_number(s, 59, &sec))
		return false;
	*s_r = (h * 3600 + m * 60 + sec) * (negative ? -1 : 1);
	return true;
}

static bool take_date(struct str *s, struct tz_date *d)
{
	bool ok;

	*d = (struct tz_date){ .time_s = 2 * 3600 };
	if (take(s, 'M')) {
		d->kind = TZ_WEEKDAY;
		ok = take_number(s, 12, &d->month) && d->month > 0 &&
		     take(s, '.') && take_number(s, 5, &d->week) &&
		     d->week > 0 && take(s, '.') && take_number(s, 6, &d->day);
	} else if (take(s, 'J')) {
		d->kind = TZ_JULIAN;
		ok = take_number(s, 365, &d->day) && d->day > 0;
	} else {
		d->kind = TZ_DAY;
		ok = take_number(s, 365, &d->day);
	}
	return ok && (!take(s, '/') || take_time(s, &d->time_s));
}

bool tz_rule_parse(struct str s, struct tz_rule *rule_r)
{
	struct tz_rule r = { 0 };

	if (!take_name(&s) || !take_time(&s, &r.std_s))
		return false;
	r.std_s = -r.std_s; /* POSIX counts westwards */
	if (s.len) {
		r.has_dst = true;
		r.dst_s = r.std_s + 3600;
		if (!take_name(&s))
			return false;
		if (s.len && s.p[0] != ',') {
			if (!take_time(&s, &r.dst_s))
				return false;
			r.dst_s = -r.dst_s;
		}
		if (!take(&s, ',') || !take_date(&s, &r.start) ||
		    !take(&s, ',') || !take_date(&s, &r.end))
			return false;
	}
	*rule_r = r;
	return s.len == 0;
}

/* Local seconds of a date in a year. */
static int64_t date_in(const struct tz_date *d, int year)
{
	int64_t jan1 = clk_days(year, 1, 1), day = jan1 + d->day;

	if (d->kind == TZ_JULIAN) {
		/* Jn never counts the 29th of February. */
		bool leap = clk_days(year, 3, 1) - jan1 == 60;

		day = jan1 + d->day - 1 + (leap && d->day >= 60);
	} else if (d->kind == TZ_WEEKDAY) {
		int64_t first = clk_days(year, d->month, 1);
		int64_t next = d->month < 12 ? clk_days(year, d->month + 1, 1)
					     : clk_days(year + 1, 1, 1);

		/* 1970-01-01 was a Thursday. */
		day = first + ((d->day - (first + 4)) % 7 + 7) % 7 +
		      (d->week - 1) * 7;
		if (day >= next)
			day -= 7;
	}
	return day * 86400 + d->time_s;
}

struct tz_span tz_rule_span(const struct tz_rule *rule, int64_t utc_s)
{
	struct tz_span sp = { INT64_MIN, INT64_MAX, rule->std_s, rule->std_s };
	int year, month, day;

	if (!rule->has_dst || utc_s < YEAR_1_S || utc_s > YEAR_9999_S)
		return sp;
	clk_date(utc_s / 86400, &year, &month, &day);
	for (int y = year - 1; y <= year + 1; y++) {
		int64_t on = date_in(&rule->start, y) - rule->std_s;
		int64_t off = date_in(&rule->end, y) - rule->dst_s;
		const struct {
			int64_t at_s;
			int offset_s, before_s;
		} changes[] = { { on, rule->dst_s, rule->std_s },
				{ off, rule->std_s, rule->dst_s } };

		for (size_t i = 0; i < 2; i++) {
			int64_t at = changes[i].at_s;

			if (at <= utc_s && at > sp.from_s) {
				sp.from_s = at;
				sp.offset_s = changes[i].offset_s;
				sp.before_s = changes[i].before_s;
			} else if (at > utc_s && at < sp.to_s) {
				sp.to_s = at;
			}
		}
	}
	return sp;
}
