#include "window.h"

#include <stdlib.h>

enum {
	MONEY_SCALE = 2, /* digits of means, where the price has no more */
	PERCENT_SCALE = 2,
};

struct ranked {
	decimal_coef price;
	uint16_t at;
};

static int compare_ranked(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->price != b->price)
		return a->price < b->price ? -1 : 1;
	return (int)a->at - (int)b->at;
}

void view_init(struct view *v, const struct series *s, int64_t now_us)
{
	struct ranked ranked[SERIES_MAX];

	v->series = s;
	v->now_us = now_us;
	v->scale = MONEY_SCALE;
	v->n = 0;
	v->usable = true;
	for (size_t i = 0; i < s->n; i++)
		if (s->seg[i].count && s->seg[i].price.scale > v->scale)
			v->scale = s->seg[i].price.scale;
	for (size_t i = 0; i < s->n; i++) {
		struct decimal d;

		if (!s->seg[i].count)
			continue;
		if (!decimal_round(s->seg[i].price, v->scale, &d)) {
			v->usable = false;
			return;
		}
		v->price[i] = d.coef;
		ranked[v->n++] = (struct ranked){ d.coef, (uint16_t)i };
	}
	qsort(ranked, v->n, sizeof(ranked[0]), compare_ranked);
	for (size_t i = 0; i < v->n; i++)
		v->order[i] = ranked[i].at;
}

static int64_t start_of(const struct view *v, int64_t span_us)
{
	int64_t from;

	if (__builtin_sub_overflow(v->now_us, span_us, &from))
		return INT64_MIN;
	return from;
}

int64_t view_held(const struct view *v, size_t i, int64_t span_us)
{
	int64_t from = start_of(v, span_us);
	int64_t start = v->series->seg[i].start_us;
	int64_t end = series_end(v->series, i, v->now_us);

	if (start < from)
		start = from;
	return end > start ? end - start : 0;
}

int64_t view_known(const struct view *v, int64_t span_us)
{
	int64_t sum = 0;

	for (size_t k = 0; k < v->n; k++)
		sum += view_held(v, v->order[k], span_us);
	return sum;
}

bool view_median(const struct view *v, int64_t span_us, decimal_coef *r)
{
	int64_t total = view_known(v, span_us), sum = 0;

	for (size_t k = 0; total > 0 && k < v->n; k++) {
		sum += view_held(v, v->order[k], span_us);
		if (sum >= total - sum) {
			*r = v->price[v->order[k]];
			return true;
		}
	}
	return false;
}

/*
 * The mean with so many digits; the price that holds now where none has held
 * for any time.
 */
static bool mean(const struct view *v, int64_t span_us, struct decimal now,
		 unsigned digits, struct decimal *r)
{
	int64_t total = view_known(v, span_us);
	struct decimal sum = { 0, v->scale };

	if (total == 0)
		return decimal_round(now, digits, r);
	for (size_t k = 0; k < v->n; k++) {
		size_t i = v->order[k];
		decimal_coef part;

		if (__builtin_mul_overflow(v->price[i],
					   view_held(v, i, span_us), &part) ||
		    __builtin_add_overflow(sum.coef, part, &sum.coef))
			return false;
	}
	return decimal_div(sum, decimal_from_int(total), digits, r);
}

static bool median(const struct view *v, int64_t span_us, struct decimal now,
		   unsigned digits, struct decimal *r)
{
	struct decimal d = { .scale = v->scale };

	if (!view_median(v, span_us, &d.coef))
		d = now;
	return decimal_round(d, digits, r);
}

/* Extremes, count, and the price at the start. */
static void survey(const struct view *v, int64_t span_us, struct window *w,
		   struct decimal *start_r)
{
	const struct series *s = v->series;
	int64_t from = start_of(v, span_us);
	bool any = false;

	w->n = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct segment *g = &s->seg[i];

		/* What ended at the very start is not in it. */
		if (!g->count ||
		    (i + 1 < s->n && series_end(s, i, v->now_us) <= from))
			continue;
		if (!any)
			*start_r = g->price;
		if (!any || decimal_cmp(g->min, w->min) < 0)
			w->min = g->min;
		if (!any || decimal_cmp(g->max, w->max) > 0)
			w->max = g->max;
		if (g->start_us > from)
			w->n += g->count;
		any = true;
	}
	if (span_us == WINDOW_ALL) {
		*start_r = s->first;
		w->n = s->count;
	}
}

bool window_read(const struct view *v, int64_t span_us, struct window *w)
{
	const struct decimal *now = series_price(v->series);
	struct decimal start, hundred;
	unsigned digits = MONEY_SCALE;

	if (!now || !v->usable)
		return false;
	if (now->scale > digits)
		digits = now->scale;
	survey(v, span_us, w, &start);
	if (!mean(v, span_us, *now, digits, &w->mean) ||
	    !median(v, span_us, *now, digits, &w->median) ||
	    !decimal_sub(*now, start, &w->change) ||
	    !decimal_round(w->change, digits, &w->change))
		return false;
	w->has_percent =
		decimal_sign(start) != 0 &&
		decimal_mul(w->change, decimal_from_int(100), &hundred) &&
		decimal_div(hundred, start, PERCENT_SCALE, &w->change_percent);
	return true;
}
