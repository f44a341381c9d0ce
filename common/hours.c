#include "common/hours.h"

#include <stdlib.h>
#include <sysexits.h>

enum {
	DAY = 24 * 60, /* minutes */
	WEEK = 7 * DAY,
	WEEK_S = WEEK * 60,
	EPOCH_S = 3 * 86400, /* 1970 began on the fourth day of a week */
	HOPS_MAX = 64,	     /* changes of the clocks before it opens */
};

static int bad(struct str window, const char *what, struct err *e)
{
	return err_set(e, EX_CONFIG, "'%.*s': %s",
		       STR_ARG(str_utf8_prefix(window, 40)), what);
}

/* ---- reading ---- */

static bool read_day(struct str s, unsigned *day_r)
{
	static const char *const names[] = { "monday",	 "tuesday", "wednesday",
					     "thursday", "friday",  "saturday",
					     "sunday" };

	for (unsigned i = 0; i < 7; i++) {
		struct str name = str_from(names[i]);

		if (str_eq_nocase(s, name) ||
		    str_eq_nocase(s, str_sub(name, 0, 3))) {
			*day_r = i;
			return true;
		}
	}
	return false;
}

/* "Mon-Fri,Sun" as bits; false: no days. */
static bool read_days(struct str s, unsigned *days_r)
{
	unsigned days = 0, from, to;

	do {
		struct str part = str_cut(s, ',', &s), end;

		part = str_cut(part, '-', &end);
		if (!read_day(part, &from) || (end.p && !read_day(end, &to)))
			return false;
		if (!end.p)
			to = from;
		for (days |= 1u << to; from != to; from = (from + 1) % 7)
			days |= 1u << from;
	} while (s.p);
	*days_r = days;
	return true;
}

/* "8:00" to "24:00". */
static bool read_time(struct str s, unsigned *minutes_r)
{
	struct str rest, hour = str_cut(s, ':', &rest);
	uint64_t h, m;

	if (hour.len > 2 || rest.len != 2 || !str_u64(hour, &h) ||
	    !str_u64(rest, &m) || m > 59 || h * 60 + m > DAY)
		return false;
	*minutes_r = (unsigned)(h * 60 + m);
	return true;
}

static bool add_span(struct hours *h, unsigned from, unsigned to)
{
	if (h->n == HOURS_SPANS_MAX)
		return false;
	h->v[h->n++] = (struct hours_span){ (uint16_t)from, (uint16_t)to };
	return true;
}

/* One window of one day; what goes beyond Sunday begins the week. */
static bool add_window(struct hours *h, unsigned day, unsigned from,
		       unsigned to)
{
	from += day * DAY;
	to += day * DAY;
	if (to <= WEEK)
		return add_span(h, from, to);
	return add_span(h, from, WEEK) && add_span(h, 0, to - WEEK);
}

static int add_times(struct hours *h, struct str window, unsigned days,
		     struct str times, struct err *e)
{
	unsigned from, to;

	do {
		struct str part = str_cut(times, ',', &times), end;

		part = str_cut(part, '-', &end);
		if (!end.p || !read_time(part, &from) || !read_time(end, &to) ||
		    from == DAY)
			return bad(window, "no times as in 08:00-20:00", e);
		if (from == to)
			return bad(window, "a time of no length", e);
		if (to < from)
			to += DAY;
		for (unsigned day = 0; day < 7; day++)
			if (days & 1u << day && !add_window(h, day, from, to))
				return bad(window, "too many windows", e);
	} while (times.p);
	return 0;
}

static int add_text(struct hours *h, struct str window, struct err *e)
{
	struct str rest = window, days = { 0 }, times = { 0 }, more;
	unsigned which = 0x7f;

	if (window.len > HOURS_TEXT_MAX)
		return bad(window, "too long", e);
	if (!str_token(&rest, " \t", &days))
		return bad(window, "neither days nor times", e);
	str_token(&rest, " \t", &times);
	if (str_token(&rest, " \t", &more))
		return bad(window, "more than days and times", e);
	if (!times.p && str_chr(days, ':') != (size_t)-1) {
		times = days;
	} else if (!read_days(days, &which)) {
		return bad(window, "no days as in Mon-Fri", e);
	}
	return add_times(h, window, which, times.p ? times : STR("00:00-24:00"),
			 e);
}

static int compare(const void *a, const void *b)
{
	const struct hours_span *x = a, *y = b;

	return (int)x->from - (int)y->from;
}

/* In order, and what overlaps or touches is one. */
static void merge(struct hours *h)
{
	unsigned n = 0;

	qsort(h->v, h->n, sizeof(h->v[0]), compare);
	for (unsigned i = 1; i < h->n; i++) {
		if (h->v[i].from > h->v[n].to)
			h->v[++n] = h->v[i];
		else if (h->v[i].to > h->v[n].to)
			h->v[n].to = h->v[i].to;
	}
	h->n = n + 1;
}

int hours_parse(const struct str *v, size_t n, struct hours *h_r, struct err *e)
{
	*h_r = (struct hours){ .n = 0 };
	if (n == 0)
		return err_set(e, EX_CONFIG, "no window");
	for (size_t i = 0; i < n; i++)
		if (add_text(h_r, v[i], e))
			return -1;
	merge(h_r);
	return 0;
}

bool hours_invert(const struct hours *h, struct hours *h_r)
{
	unsigned at = 0;

	*h_r = (struct hours){ .n = 0 };
	for (unsigned i = 0; i < h->n; i++) {
		if (h->v[i].from > at && !add_span(h_r, at, h->v[i].from))
			return false;
		at = h->v[i].to;
	}
	if (at < WEEK && !add_span(h_r, at, WEEK))
		return false;
	return h_r->n > 0;
}

/* ---- asking ---- */

static int64_t floor_s(int64_t us)
{
	return us / 1000000 - (us % 1000000 < 0);
}

/* Seconds until it opens by a clock that nobody touches. */
static int64_t until_open(const struct hours *h, int64_t local_s)
{
	int64_t at = (local_s + EPOCH_S) % WEEK_S;

	if (at < 0)
		at += WEEK_S;
	for (unsigned i = 0; i < h->n; i++)
		if (at < h->v[i].to * 60)
			return at < h->v[i].from * 60 ? h->v[i].from * 60 - at
						      : 0;
	return WEEK_S - at + h->v[0].from * 60;
}

bool hours_are_open(const struct hours *h, const struct tz *z, int64_t at_us)
{
	int64_t s = floor_s(at_us);

	return until_open(h, s + tz_span_at(z, s).offset_s) == 0;
}

int64_t hours_open(const struct hours *h, const struct tz *z, int64_t at_us)
{
	int64_t s = floor_s(at_us);

	for (int i = 0; i < HOPS_MAX; i++) {
		struct tz_span sp = tz_span_at(z, s);
		int64_t wait = until_open(h, s + sp.offset_s);

		if (s + wait < sp.to_s) {
			s += wait;
			return s * 1000000 > at_us ? s * 1000000 : at_us;
		}
		s = sp.to_s;
	}
	return CLK_NONE; /* no zone moves its clocks so often */
}

int64_t hours_cron(const struct hours *h, const struct cron *c,
		   const struct tz *z, int64_t after_us)
{
	for (int i = 0; i < HOURS_CRON_TRIES; i++) {
		int64_t at = cron_next(c, z, after_us), open;

		if (at == CLK_NONE)
			return CLK_NONE;
		open = hours_open(h, z, at);
		if (open == at || open == CLK_NONE)
			return open;
		after_us = open - 1;
	}
	return CLK_NONE;
}
