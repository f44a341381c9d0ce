#include "anomaly.h"

#include <stddef.h>
#include <stdlib.h>

static decimal_coef magnitude(decimal_coef v)
{
	return v < 0 ? -v : v;
}

/* ---- the unusual ---- */

struct deviation {
	decimal_coef size;
	int64_t held_us;
};

static int compare_deviations(const void *pa, const void *pb)
{
	const struct deviation *a = pa, *b = pb;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return a->held_us < b->held_us ? -1 : a->held_us > b->held_us;
}

/* The median of |price - median|, weighted by time. */
static decimal_coef mad(const struct view *v, decimal_coef median)
{
	struct deviation dev[SERIES_MAX];
	int64_t total = 0, sum = 0;

	for (size_t k = 0; k < v->n; k++) {
		size_t i = v->order[k];

		dev[k].size = magnitude(v->price[i] - median);
		dev[k].held_us = view_held(v, i, ANOMALY_SPAN_US);
		total += dev[k].held_us;
	}
	qsort(dev, v->n, sizeof(dev[0]), compare_deviations);
	for (size_t k = 0; k < v->n; k++) {
		sum += dev[k].held_us;
		if (sum >= total - sum)
			return dev[k].size;
	}
	return 0;
}

static bool z_score(const struct view *v, struct decimal price,
		    struct anomaly *a)
{
	const struct decimal factor = { 6745, 4 };
	struct decimal distance, spread, floor,
		part = { ANOMALY_FLOOR_PER_MILLE, 3 };

	a->median.scale = spread.scale = v->scale;
	if (v->series->count < ANOMALY_COUNT_MIN ||
	    view_known(v, ANOMALY_SPAN_US) < ANOMALY_KNOWN_US ||
	    !view_median(v, ANOMALY_SPAN_US, &a->median.coef))
		return false;
	spread.coef = mad(v, a->median.coef);
	if (!decimal_mul(a->median, part, &floor))
		return false;
	floor.coef = magnitude(floor.coef);
	if (decimal_cmp(spread, floor) < 0)
		spread = floor;
	return decimal_sub(price, a->median, &distance) &&
	       decimal_mul(distance, factor, &distance) &&
	       decimal_div(distance, spread, 2, &a->z);
}

static bool is_jump(struct decimal before, struct decimal price)
{
	struct decimal step, limit;

	if (!decimal_sub(price, before, &step) ||
	    !decimal_mul(step, decimal_from_int(100), &step) ||
	    !decimal_mul(before, decimal_from_int(ANOMALY_JUMP_PERCENT),
			 &limit))
		return false;
	step.coef = magnitude(step.coef);
	limit.coef = magnitude(limit.coef);
	return decimal_sign(limit) && decimal_cmp(step, limit) >= 0;
}

void anomaly_judge(const struct view *v, struct decimal price,
		   struct anomaly *a)
{
	const struct decimal limit = decimal_from_int(ANOMALY_Z);
	const struct decimal minus = decimal_from_int(-ANOMALY_Z);
	const struct decimal *before = series_price(v->series);

	*a = (struct anomaly){ .low = false };
	a->has_z = v->usable && z_score(v, price, a);
	if (before && decimal_cmp(*before, price) == 0)
		return;
	a->low = a->has_z && decimal_cmp(a->z, minus) <= 0;
	a->high = a->has_z && decimal_cmp(a->z, limit) >= 0;
	a->all_time_low = v->series->count >= ANOMALY_LOW_MIN &&
			  decimal_cmp(price, v->series->low) < 0;
	a->jump = before && is_jump(*before, price);
}

/* ---- the trend ---- */

enum {
	TREND_PAIRS = TREND_SAMPLES * (TREND_SAMPLES - 1) / 2,
	TREND_DIGITS = 4, /* of the slope behind those of the prices */
	TREND_UNIT = 10000,
};

#define DAY_US	INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)

struct sample {
	int64_t at; /* number of the sample */
	decimal_coef price;
};

/* The price at count times, evenly spread from `from` to now. */
static size_t take_samples(const struct view *v, int64_t from, int64_t step,
			   struct sample *sample)
{
	const struct series *s = v->series;
	size_t n = 0, seg = 0;

	for (int64_t i = 0; i < TREND_SAMPLES; i++) {
		int64_t t = from + i * step;

		while (seg + 1 < s->n && s->seg[seg + 1].start_us <= t)
			seg++;
		if (s->seg[seg].start_us <= t && s->seg[seg].count)
			sample[n++] = (struct sample){ i, v->price[seg] };
	}
	return n;
}

/* The k-th smallest of v, which is put out of order (Hoare's FIND). */
static decimal_coef select_nth(decimal_coef *v, ptrdiff_t n, ptrdiff_t k)
{
	ptrdiff_t low = 0, high = n - 1;

	while (low < high) {
		decimal_coef pivot = v[k];
		ptrdiff_t i = low, j = high;

		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (pivot < v[j])
				j--;
			if (i <= j) {
				decimal_coef t = v[i];

				v[i++] = v[j];
				v[j--] = t;
			}
		}
		if (j < k)
			low = i;
		if (k < i)
			high = j;
	}
	return v[k];
}

/* The median slope of all pairs, a step of time, times TREND_UNIT. */
static bool median_slope(const struct sample *sample, size_t n,
			 decimal_coef *slope_r)
{
	decimal_coef slope[TREND_PAIRS];
	ptrdiff_t pairs = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			decimal_coef rise = sample[k].price - sample[i].price;

			if (__builtin_mul_overflow(rise, TREND_UNIT, &rise))
				return false;
			slope[pairs++] = rise / (sample[k].at - sample[i].at);
		}
	}
	if (pairs == 0)
		return false;
	*slope_r = select_nth(slope, pairs, pairs / 2);
	return true;
}

static const char *trend_name(decimal_coef slope, decimal_coef median)
{
	decimal_coef rise, limit;

	/* Over the whole time, in the unit of slopes. */
	if (__builtin_mul_overflow(slope, (TREND_SAMPLES - 1) * 1000, &rise) ||
	    __builtin_mul_overflow(magnitude(median),
				   TREND_PER_MILLE * TREND_UNIT, &limit))
		return "steady";
	if (magnitude(rise) < limit || rise == 0)
		return "steady";
	return rise > 0 ? "rising" : "falling";
}

bool trend_read(const struct view *v, struct trend *t)
{
	struct sample sample[TREND_SAMPLES];
	const struct series *s = v->series;
	int64_t from, step;
	decimal_coef slope, median;
	struct decimal rise;
	size_t n;

	if (!v->usable || s->count < 3 || s->n == 0)
		return false;
	from = s->seg[0].start_us;
	if (v->now_us - from > ANOMALY_SPAN_US)
		from = v->now_us - ANOMALY_SPAN_US;
	step = (v->now_us - from) / (TREND_SAMPLES - 1);
	if (v->now_us - from < HOUR_US)
		return false;
	n = take_samples(v, from, step, sample);
	if (!median_slope(sample, n, &slope) ||
	    !view_median(v, v->now_us - from, &median))
		return false;
	if (__builtin_mul_overflow(slope, (decimal_coef)DAY_US, &rise.coef))
		return false;
	rise.scale = 0;
	if (!decimal_div(rise, decimal_from_int(step), 0, &t->slope))
		return false;
	t->slope.scale = v->scale + TREND_DIGITS;
	if (t->slope.scale > DECIMAL_SCALE_MAX)
		return false;
	t->name = trend_name(slope, median);
	return true;
}
