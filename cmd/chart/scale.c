#include "scale.h"

#include <math.h>
#include <stdio.h>

#include "common/clk.h"

enum { DAY_S = 86400 };

/* ---- amounts ---- */

/* The smallest of 1, 2, 5, 10 … times a power of ten that is at least x. */
static double round_step(double x, int *digits_r)
{
	int power = (int)floor(log10(x));
	double unit = pow(10, power), step;

	for (;; unit *= 10, power++) {
		for (int i = 0; i < 3; i++) {
			step = unit * (const int[]){ 1, 2, 5 }[i];
			if (step >= x * (1 - 1e-9)) {
				*digits_r = power < 0 ? -power : 0;
				return step;
			}
		}
	}
}

void scale_amounts(struct scale *s, double low, double high, unsigned want)
{
	double step, first;
	int digits;

	/* One price that never moved stands in the middle. */
	if (high - low < fabs(high) * 1e-9 || high <= low) {
		double pad = high == 0 ? 1 : fabs(high) * 0.05;

		low = high - pad;
		high += pad;
	}
	step = round_step((high - low) / want, &digits);
	first = floor(low / step + 1e-9);
	*s = (struct scale){ .from = first * step };
	for (; s->n < SCALE_MARKS_MAX; s->n++) {
		struct scale_mark *m = &s->mark[s->n];

		m->at = (first + (double)s->n) * step;
		snprintf(m->text, sizeof(m->text), "%.*f", digits, m->at);
		s->to = m->at;
		if (s->n > 0 && m->at >= high * (1 - 1e-12) &&
		    m->at >= high - step * 1e-9) {
			s->n++;
			break;
		}
	}
}

/* ---- times ---- */

static const struct step {
	int64_t s; /* seconds, or 0: */
	int months;
} steps[] = {
	{ 60, 0 },	  { 300, 0 },	    { 900, 0 },	      { 3600, 0 },
	{ 3 * 3600, 0 },  { 6 * 3600, 0 },  { 12 * 3600, 0 }, { DAY_S, 0 },
	{ 2 * DAY_S, 0 }, { 7 * DAY_S, 0 }, { 0, 1 },	      { 0, 2 },
	{ 0, 3 },	  { 0, 6 },	    { 0, 12 },	      { 0, 24 },
	{ 0, 60 },	  { 0, 120 },
};
enum { N_STEPS = sizeof(steps) / sizeof(steps[0]), MONTH_S = 30 * DAY_S };

static int64_t length(const struct step *st)
{
	return st->s ? st->s : (int64_t)st->months * MONTH_S;
}

static int64_t local_at(const struct tz *z, int64_t utc_s)
{
	return utc_s + tz_span_at(z, utc_s).offset_s;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The i-th mark from the one at or before local_s; in local seconds. */
static int64_t mark_at(const struct step *st, int64_t local_s, int64_t i)
{
	/* Weeks begin on Monday: 1970-01-05. */
	const int64_t origin = st->s == 7 * DAY_S ? 4 * DAY_S : 0;
	int year, month, day;
	int64_t m;

	if (st->s)
		return (floor_div(local_s - origin, st->s) + i) * st->s +
		       origin;
	clk_date(floor_div(local_s, DAY_S), &year, &month, &day);
	m = floor_div((int64_t)year * 12 + month - 1, st->months) + i;
	m *= st->months;
	return clk_days((int)floor_div(m, 12),
			(int)(m - floor_div(m, 12) * 12) + 1, 1) *
	       DAY_S;
}

static void write_time(struct scale_mark *m, const struct step *st,
		       int64_t local_s)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr",
					     "May", "Jun", "Jul", "Aug",
					     "Sep", "Oct", "Nov", "Dec" };
	int64_t days = floor_div(local_s, DAY_S), s = local_s - days * DAY_S;
	int year, month, day;

	clk_date(days, &year, &month, &day);
	if (s != 0)
		snprintf(m->text, sizeof(m->text), "%02d:%02d", (int)(s / 3600),
			 (int)(s / 60 % 60));
	else if (st->s)
		snprintf(m->text, sizeof(m->text), "%d %s", day,
			 names[month - 1]);
	else if (st->months < 12)
		snprintf(m->text, sizeof(m->text), "%s %d", names[month - 1],
			 year);
	else
		snprintf(m->text, sizeof(m->text), "%d", year);
}

void scale_times(struct scale *s, int64_t from_s, int64_t to_s, unsigned want,
		 const struct tz *z)
{
	const struct step *st = steps;
	int64_t local_s;

	if (to_s <= from_s) {
		from_s -= 1800;
		to_s = from_s + 3600;
	}
	if (want > SCALE_MARKS_MAX)
		want = SCALE_MARKS_MAX;
	while (st < steps + N_STEPS - 1 &&
	       (to_s - from_s) / length(st) >= (int64_t)want)
		st++;
	*s = (struct scale){ .from = (double)from_s, .to = (double)to_s };
	local_s = local_at(z, from_s);
	for (int64_t i = 0; s->n < SCALE_MARKS_MAX; i++) {
		int64_t local = mark_at(st, local_s, i);
		int64_t utc = tz_to_utc(z, local);

		if (utc > to_s)
			break;
		if (utc < from_s)
			continue;
		s->mark[s->n].at = (double)utc;
		write_time(&s->mark[s->n++], st, local);
	}
}
