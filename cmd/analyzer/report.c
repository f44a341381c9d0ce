#include "report.h"

#include <string.h>

#include "common/types_stats.h"

enum { SLOPE_SCALE = 4 };

#define HOUR_US INT64_C(3600000000)
#define DAY_US	(24 * HOUR_US)

static struct str text(struct decimal d, struct arena *a)
{
	char out[DECIMAL_TEXT_MAX];

	return arena_str(a, str_from(decimal_format(d, out)));
}

static struct str count_text(uint64_t n, struct arena *a)
{
	struct buf b = { 0 };
	struct str s;

	buf_u64(&b, n);
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void fill_window(struct type_window *out, const struct view *v,
			int64_t span_us, struct arena *a)
{
	struct window w;

	out->present = window_read(v, span_us, &w);
	if (!out->present)
		return;
	out->min = text(w.min, a);
	out->max = text(w.max, a);
	out->mean = text(w.mean, a);
	out->median = text(w.median, a);
	out->change = text(w.change, a);
	if (w.has_percent)
		out->change_percent = text(w.change_percent, a);
	out->n = count_text(w.n, a);
}

void report_stats(const struct type_price *price, struct str source,
		  const struct view *v, const struct anomaly *anomaly,
		  struct arena *a, struct buf *b)
{
	struct type_stats stats = { .item = price->item.id,
				    .source = source,
				    .price = price->price,
				    .currency = price->currency };
	struct trend trend;

	fill_window(&stats.h1, v, HOUR_US, a);
	fill_window(&stats.h24, v, DAY_US, a);
	fill_window(&stats.d7, v, 7 * DAY_US, a);
	fill_window(&stats.d30, v, 30 * DAY_US, a);
	fill_window(&stats.all, v, WINDOW_ALL, a);
	if (anomaly->has_z)
		stats.z = text(anomaly->z, a);
	if (trend_read(v, &trend) &&
	    decimal_round(trend.slope, SLOPE_SCALE, &trend.slope)) {
		stats.trend = str_from(trend.name);
		stats.slope = text(trend.slope, a);
	}
	shape_encode(&shape_stats, &stats, b);
}

static const char *const phrases[][2] = {
	{ "low", "is unusually low" },
	{ "high", "is unusually high" },
	{ "all-time-low", "is the lowest price so far" },
	{ "jump", "is a jump" },
};

/* ", up from 60": what is unusually low need not have fallen to it. */
static void add_course(struct buf *b, struct str price, struct str previous)
{
	struct decimal now, before;
	int order;

	if (!decimal_parse(price, &now) || !decimal_parse(previous, &before))
		return;
	order = decimal_cmp(now, before);
	if (order)
		buf_addf(b, ", %s from %.*s", order > 0 ? "up" : "down",
			 STR_ARG(previous));
}

static struct str sentence(const struct type_price *price, const char *kind,
			   struct str previous, struct arena *a)
{
	struct str name =
		price->item.name.p ? price->item.name : price->item.id;
	struct buf b = { .max = SHAPE_TEXT_MAX };
	struct str s;

	buf_add_str(&b, name);
	buf_puts(&b, ": ");
	buf_add_str(&b, price->price);
	if (price->currency.p) {
		buf_putc(&b, ' ');
		buf_add_str(&b, price->currency);
	}
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (strcmp(phrases[i][0], kind) == 0)
			buf_addf(&b, " %s", phrases[i][1]);
	add_course(&b, price->price, previous);
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

void report_anomaly(const struct type_price *price, struct str source,
		    const char *kind, const struct decimal *before,
		    const struct anomaly *anomaly, struct arena *a,
		    struct buf *b)
{
	struct type_anomaly out = { .kind = str_from(kind),
				    .item = price->item.id,
				    .source = source,
				    .price = price->price,
				    .currency = price->currency };

	if (before)
		out.previous = text(*before, a);
	if (anomaly->has_z) {
		out.median = text(anomaly->median, a);
		out.z = text(anomaly->z, a);
	}
	out.message = sentence(price, kind, out.previous, a);
	shape_encode(&shape_anomaly, &out, b);
}
