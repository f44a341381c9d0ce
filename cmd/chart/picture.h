#ifndef CHART_PICTURE_H
#define CHART_PICTURE_H

/*
 * picture - a series as a PNG: steps, since a price holds until the next one.
 *
 * Drawn by cairo, behind this file alone. Text is DejaVu Sans where fonts are.
 */
#include "common/buf.h"
#include "common/err.h"
#include "common/tz.h"

#include "series.h"

enum {
	PICTURE_SIDE_MIN = 120, /* pixels */
	PICTURE_SIDE_MAX = 4096,
};

struct picture {
	int width, height;	/* pixels, within the limits */
	int64_t from_us, to_us; /* CLK_NONE: as the series */
	struct str title;	/* absent: the item's name or id */
	struct str target;	/* a price; absent: the item's own */
	const struct tz *zone;
};

/*
 * Add the PNG's bytes. The series is finished and has a line. -1 with *e:
 * EX_SOFTWARE, what cairo says.
 */
int picture_png(const struct picture *p, const struct series *s, struct buf *b,
		struct err *e);

#endif
