#include "common/cron.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

enum field_id { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const char *const month_names[] = { "jan", "feb", "mar", "apr",
					   "may", "jun", "jul", "aug",
					   "sep", "oct", "nov", "dec" };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed",
					     "thu", "fri", "sat" };

static const struct field {
	const char *what;
	int min, max; /* of what may be written */
	int size;     /* number of different values */
	const char *const *names;
} fields[FIELDS] = {
	[MINUTE] = { "minute", 0, 59, 60, NULL },
	[HOUR] = { "hour", 0, 23, 24, NULL },
	[DAY] = { "day of month", 1, 31, 31, NULL },
	[MONTH] = { "month", 1, 12, 12, month_names },
	[WEEKDAY] = { "day of week", 0, 7, 7, weekday_names },
};

/* An item of a field: from, how many steps of which width. */
struct range {
	int low, span, step;
};

static bool take(struct str *s, char c)
{
	if (!str_eq_nocase(str_sub(*s, 0, 1), (struct str){ &c, 1 }))
		return false;
	*s = str_sub(*s, 1, s->len);
	return true;
}

static bool take_number(struct str *s, int max, int *n_r)
{
	uint64_t n;
	size_t i = 0;

	while (i < s->len && s->p[i] >= '0' && s->p[i] <= '9')
		i++;
	if (!str_u64(str_sub(*s, 0, i), &n) || n > (uint64_t)max)
		return false;
	*s = str_sub(*s, i, s->len);
	*n_r = (int)n;
	return true;
}

/* A number or a name of the field. */
static bool take_value(struct str *s, const struct field *f, int *v_r)
{
	if (take_number(s, f->max, v_r))
		return *v_r >= f->min;
	for (int i = 0; f->names && i < f->size; i++) {
		if (!str_eq_nocase(str_sub(*s, 0, 3), str_from(f->names[i])))
			continue;
		*s = str_sub(*s, 3, s->len);
		*v_r = f->min + i;
		return true;
	}
	return false;
}

/* "*", "N", "N-M", each with a step; a range may wrap, M of a day may be L. */
static bool take_range(struct str *s, const struct field *f, struct range *r)
{
	int high;
	bool single = false;

	*r = (struct range){ f->min, f->size - 1, 1 };
	if (!take(s, '*')) {
		if (!take_value(s, f, &r->low))
			return false;
		high = r->low;
		if (!take(s, '-'))
			single = true;
		else if (f == &fields[DAY] && take(s, 'L'))
			high = f->max;
		else if (!take_value(s, f, &high))
			return false;
		r->span = high - r->low + (high < r->low ? f->size : 0);
	}
	if (!take(s, '/'))
		return true;
	if (single)
		r->span = f->size - 1 - (r->low - f->min) % f->size;
	return take_number(s, f->size, &r->step) && r->step > 0;
}

/* The bits of a range, wrapped round the end of the field. */
static uint64_t range_bits(const struct range *r, const struct field *f)
{
	uint64_t bits = 0;

	for (int i = 0; i <= r->span; i += r->step)
		bits |= UINT64_C(1)
			<< ((r->low - f->min + i) % f->size + f->min);
	return bits;
}

static bool parse_plain(struct str s, const struct field *f, uint64_t *bits)
{
	struct range r;

	if (!take_range(&s, f, &r) || s.len)
		return false;
	*bits |= range_bits(&r, f);
	return true;
}

static bool parse_day(struct str s, struct cron *c)
{
	struct str item = s;
	uint64_t bits = 0;
	int n = 0;

	if (take(&s, 'L')) {
		if (take(&s, 'W')) {
			c->last_working = true;
			return s.len == 0;
		}
		if (take(&s, '-') && !take_number(&s, 30, &n))
			return false;
		c->from_end |= UINT32_C(1) << n;
		return s.len == 0;
	}
	if (take_value(&s, &fields[DAY], &n) && take(&s, 'W')) {
		c->near |= UINT32_C(1) << n;
		return s.len == 0;
	}
	if (!parse_plain(item, &fields[DAY], &bits))
		return false;
	c->days |= (uint32_t)bits;
	return true;
}

static bool parse_weekday(struct str s, struct cron *c)
{
	const struct field *f = &fields[WEEKDAY];
	struct range r = { 6, 0, 1 };
	uint64_t bits;
	int n;

	if (take(&s, 'L')) { /* alone it is the last day of the week */
		if (s.len == 0)
			c->weekdays |= 1 << 6;
		else if (!take_value(&s, f, &n))
			return false;
		else
			c->last |= UINT32_C(1) << n % 7;
		return s.len == 0;
	}
	if (!take_range(&s, f, &r))
		return false;
	bits = range_bits(&r, f);
	if (take(&s, '#')) {
		if (!take_number(&s, 5, &n) || n == 0)
			return false;
		for (int d = 0; d < 7; d++)
			if (bits >> d & 1)
				c->nth[d] |= (uint8_t)(1 << n);
	} else if (take(&s, 'L')) {
		c->last |= (uint32_t)bits;
	} else {
		c->weekdays |= (uint32_t)bits;
	}
	return s.len == 0;
}

static bool parse_item(struct str item, enum field_id id, struct cron *c,
		       uint64_t *bits)
{
	if (id == DAY)
		return parse_day(item, c);
	if (id == WEEKDAY)
		return parse_weekday(item, c);
	return parse_plain(item, &fields[id], bits);
}

static int parse_field(struct str s, enum field_id id, struct cron *c,
		       uint64_t *bits, struct err *e)
{
	struct str rest = s;

	if (str_is(s, "?") && (id == DAY || id == WEEKDAY))
		s = rest = STR("*");
	if (str_is(s, "*") && id == DAY)
		c->any_day = true;
	if (str_is(s, "*") && id == WEEKDAY)
		c->any_weekday = true;
	do {
		struct str item = str_cut(rest, ',', &rest);

		if (!parse_item(item, id, c, bits))
			return err_set(e, EX_CONFIG,
				       "%s: '%.*s' is not understood "
				       "(%d to %d)",
				       fields[id].what,
				       STR_ARG(str_utf8_prefix(item, 64)),
				       fields[id].min, fields[id].max);
	} while (rest.p);
	return 0;
}

static struct str expand_macro(struct str s)
{
	static const struct {
		const char *name, *fields;
	} macros[] = {
		{ "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },
		{ "@weekly", "0 0 * * 0" },   { "@midnight", "0 0 * * *" },
		{ "@monthly", "0 0 1 * *" },  { "@yearly", "0 0 1 1 *" },
		{ "@annually", "0 0 1 1 *" },
	};

	for (size_t i = 0; i < ARRAY_LEN(macros); i++)
		if (str_eq_nocase(s, str_from(macros[i].name)))
			return str_from(macros[i].fields);
	return s;
}

/* A 29 February on a given weekday comes within 40 years. */
#define YEARS_S (INT64_C(41) * 366 * 86400)

struct date {
	int year, month, day;
	int weekday;
	int last; /* day of its month */
};

static struct date date_of(int64_t days)
{
	struct date d;

	clk_date(days, &d.year, &d.month, &d.day);
	d.weekday = (int)(((days + 4) % 7 + 7) % 7);
	d.last = d.month == 12 ? 31
			       : (int)(clk_days(d.year, d.month + 1, 1) -
				       clk_days(d.year, d.month, 1));
	return d;
}

/* Is d the working day nearest to day n of its month? */
static bool is_nearest(const struct date *d, int n)
{
	int weekday = (d->weekday + (n - d->day) % 7 + 7) % 7;

	if (n > d->last)
		return false;
	if (weekday == 6)
		n += n > 1 ? -1 : 2;
	else if (weekday == 0)
		n += n < d->last ? 1 : -2;
	return d->day == n;
}

static bool is_last_working(const struct date *d)
{
	int left = d->last - d->day;

	return d->weekday >= 1 && d->weekday <= 5 &&
	       (left == 0 || (d->weekday == 5 && left <= 2));
}

static bool matches_day(const struct cron *c, const struct date *d)
{
	bool day = (c->days >> d->day & 1) ||
		   (c->from_end >> (d->last - d->day) & 1) ||
		   (c->last_working && is_last_working(d));
	bool weekday = (c->weekdays >> d->weekday & 1) ||
		       (c->nth[d->weekday] >> ((d->day - 1) / 7 + 1) & 1) ||
		       ((c->last >> d->weekday & 1) && d->day + 7 > d->last);

	for (int n = 1; n <= 31 && !day; n++)
		day = (c->near >> n & 1) && is_nearest(d, n);
	if (c->any_day || c->any_weekday)
		return day && weekday;
	return day || weekday;
}

/* The first time of day, in minutes and not before `from`; -1: none. */
static int next_minute(const struct cron *c, int from)
{
	for (int m = from; m < 1440; m++) {
		if (!(c->hours >> m / 60 & 1))
			m += 59 - m % 60;
		else if (c->minutes >> m % 60 & 1)
			return m;
	}
	return -1;
}

/* The first local time in [low, high) that matches, in seconds. */
static int64_t next_local(const struct cron *c, int64_t low, int64_t high)
{
	int64_t minute = low / 60 + (low % 60 > 0);
	int64_t day = minute / 1440;
	int from = (int)(minute % 1440);

	if (from < 0) {
		from += 1440;
		day--;
	}
	for (; day * 86400 < high; day++, from = 0) {
		struct date d = date_of(day);
		int m;

		if (!(c->months >> d.month & 1)) {
			day += d.last - d.day;
			continue;
		}
		m = matches_day(c, &d) ? next_minute(c, from) : -1;
		if (m >= 0)
			return day * 86400 + m * 60 < high
				       ? day * 86400 + m * 60
				       : CLK_NONE;
	}
	return CLK_NONE;
}

int cron_parse(struct str s, struct cron *c_r, struct err *e)
{
	struct str rest = expand_macro(str_trim(s)), field;
	struct cron c = { 0 };
	uint64_t bits[FIELDS] = { 0 };
	size_t n = 0;

	for (; str_token(&rest, " \t", &field); n++)
		if (n < FIELDS &&
		    parse_field(field, (enum field_id)n, &c, &bits[n], e))
			return -1;
	if (n != FIELDS)
		return err_set(e, EX_CONFIG,
			       "'%.*s' has not the five fields minute, hour, "
			       "day of month, month, day of week",
			       STR_ARG(str_utf8_prefix(s, 64)));
	c.minutes = bits[MINUTE];
	c.hours = (uint32_t)bits[HOUR];
	c.months = (uint32_t)bits[MONTH];
	if (next_local(&c, 0, YEARS_S) == CLK_NONE)
		return err_set(e, EX_CONFIG, "'%.*s' never comes",
			       STR_ARG(str_utf8_prefix(s, 64)));
	*c_r = c;
	return 0;
}

/* The first time in [from, to), all of it within the span. */
static int64_t next_in_span(const struct cron *c, const struct tz_span *sp,
			    int64_t from, int64_t to)
{
	const uint32_t every_hour = (UINT32_C(1) << 24) - 1;
	int64_t low = from + sp->offset_s, best, skipped;

	/* The clock was put back: what it shows again has had its run. */
	if (sp->before_s > sp->offset_s && c->hours != every_hour &&
	    low < sp->from_s + sp->before_s)
		low = sp->from_s + sp->before_s;
	best = next_local(c, low, to + sp->offset_s);
	if (best != CLK_NONE)
		best -= sp->offset_s;
	if (sp->before_s >= sp->offset_s)
		return best;
	/* It was put forward: what it never showed, counted in old time. */
	skipped = next_local(c, from + sp->before_s, sp->from_s + sp->offset_s);
	if (skipped == CLK_NONE)
		return best;
	skipped -= sp->before_s;
	return best == CLK_NONE || skipped < best ? skipped : best;
}

int64_t cron_next(const struct cron *c, const struct tz *z, int64_t after_us)
{
	int64_t from = after_us / 1000000 + (after_us >= 0), end, next;

	if (after_us < 0 && after_us % 1000000 == 0)
		from++;
	end = from + YEARS_S;
	while (from < end) {
		struct tz_span sp = tz_span_at(z, from);
		int64_t to = sp.to_s < end ? sp.to_s : end;

		next = next_in_span(c, &sp, from, to);
		if (next != CLK_NONE)
			return next * 1000000;
		from = to;
	}
	return CLK_NONE;
}
