#include "common/types_stats.h"

#include "common/types_rows.h"

static const struct shape_field window_rows[] = {
	{ ROW(type_window, min, DECIMAL, 0, "The lowest price.") },
	{ ROW(type_window, max, DECIMAL, 0, "The highest price.") },
	{ ROW(type_window, mean, DECIMAL, 0,
	      "Mean, each price weighted by how long it held.") },
	{ ROW(type_window, median, DECIMAL, 0, "Median, weighted likewise.") },
	{ ROW(type_window, change, DECIMAL, 0,
	      "The price less that at the window's start.") },
	{ ROW(type_window, change_percent, DECIMAL, 0,
	      "The same in per cent of the latter.") },
	{ ROW(type_window, n, NUMBER, 0, "Prices seen in it.") },
};
static const struct shape shape_window =
	SHAPE(type_window, window_rows, OPEN, "Window.");

static const char *const trend_names[] = { "rising", "falling", "steady",
					   NULL };

/* A window whose name is no name of C. */
#define WINDOW(m, json, d)                                \
	{                                                 \
		.name = (json), .kind = SHAPE_SUB,        \
		.offset = offsetof(struct type_stats, m), \
		.sub = &shape_window, .doc = (d)          \
	}

static const struct shape_field stats_rows[] = {
	{ ROW(type_stats, item, ID, REQ, "Whose prices they are.") },
	{ ROW(type_stats, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_stats, price, DECIMAL, 0, "The newest price.") },
	{ ROW(type_stats, currency, CURRENCY, 0, "Of all of them.") },
	WINDOW(h1, "1h", "The last hour."),
	WINDOW(h24, "24h", "The last 24 hours."),
	WINDOW(d7, "7d", "The last 7 days."),
	WINDOW(d30, "30d", "The last 30 days."),
	WINDOW(all, "all", "Since the first price."),
	{ ROW(type_stats, z, DECIMAL, 0,
	      "Robust z-score of the newest price.") },
	{ NAMED(type_stats, trend, 0, trend_names, "Where prices go.") },
	{ ROW(type_stats, slope, DECIMAL, 0, "Change of the price per day.") },
};
const struct shape shape_stats =
	SHAPE(type_stats, stats_rows, OPEN,
	      "Statistics of an item's prices at one source.");

static const char *const anomaly_names[] = { "low", "high", "all-time-low",
					     "jump", NULL };

static const struct shape_field anomaly_rows[] = {
	{ NAMED(type_anomaly, kind, REQ, anomaly_names,
		"What is unusual about it.") },
	{ ROW(type_anomaly, item, ID, REQ, "Whose price it is.") },
	{ ROW(type_anomaly, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_anomaly, price, DECIMAL, 0, "The unusual price.") },
	{ ROW(type_anomaly, currency, CURRENCY, 0, "ISO 4217.") },
	{ ROW(type_anomaly, previous, DECIMAL, 0, "The price before.") },
	{ ROW(type_anomaly, median, DECIMAL, 0, "What is usual.") },
	{ ROW(type_anomaly, z, DECIMAL, 0, "Robust z-score of the price.") },
	{ ROW(type_anomaly, message, TEXT, 0, "The same as a sentence.") },
};
const struct shape shape_anomaly =
	SHAPE(type_anomaly, anomaly_rows, OPEN, "A price is unusual.");
