#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include <cairo.h>

#include "common/decimal.h"

#include "scale.h"

enum {
	EDGE = 12,	  /* pixels around all */
	LINE_HEIGHT = 18, /* of text */
	MARK_SPACE = 90,  /* between marks of time */
	TEXT_SIZE = 12,
	TITLE_SIZE = 15,
	NAME_MAX_BYTES = 80,
};

/* Told apart also by who does not see all colours (Okabe and Ito, 2008). */
static const double colours[SERIES_LINES_MAX][3] = {
	{ 0.00, 0.45, 0.70 }, { 0.84, 0.37, 0.00 }, { 0.00, 0.62, 0.45 },
	{ 0.80, 0.47, 0.65 }, { 0.34, 0.71, 0.91 }, { 0.90, 0.62, 0.00 },
	{ 0.00, 0.00, 0.00 }, { 0.60, 0.57, 0.10 },
};

struct drawing {
	cairo_t *cr;
	const struct picture *p;
	const struct series *s;
	struct scale x, y;
	double left, right, top, bottom; /* of the plot */
	double target;			 /* NaN: none */
};

static double place_x(const struct drawing *d, double s)
{
	return d->left +
	       (s - d->x.from) / (d->x.to - d->x.from) * (d->right - d->left);
}

static double place_y(const struct drawing *d, double v)
{
	return d->bottom -
	       (v - d->y.from) / (d->y.to - d->y.from) * (d->bottom - d->top);
}

static double text_width(struct drawing *d, const char *text)
{
	cairo_text_extents_t ext;

	cairo_text_extents(d->cr, text, &ext);
	return ext.x_advance;
}

/* align 0: begins at x, 1: ends there, 0.5: its middle. */
static void write_text(struct drawing *d, double x, double y, double align,
		       const char *text)
{
	cairo_move_to(d->cr, x - align * text_width(d, text), y);
	cairo_show_text(d->cr, text);
}

static void grey(struct drawing *d, double v)
{
	cairo_set_source_rgb(d->cr, v, v, v);
}

/* Text from outside, printable, and short enough for one line. */
static void copy_name(char out[NAME_MAX_BYTES + 1], struct str text)
{
	str_copy(out, NAME_MAX_BYTES + 1,
		 str_utf8_prefix(text, NAME_MAX_BYTES));
	str_make_printable(out);
}

/* ---- what is to be seen ---- */

static double to_double(struct str amount)
{
	char text[DECIMAL_TEXT_MAX];
	struct decimal dec;

	if (!amount.p || !decimal_parse(amount, &dec))
		return NAN;
	str_copy(text, sizeof(text), amount);
	return strtod(text, NULL);
}

/* The first point of a line that counts: the last one before the beginning. */
static size_t first_point(const struct series_line *l, int64_t from_us)
{
	size_t i = 0;

	while (i + 1 < l->n && l->v[i + 1].time_us <= from_us)
		i++;
	return i;
}

static void find_times(const struct drawing *d, int64_t *from_us,
		       int64_t *to_us)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < d->s->n; i++) {
		const struct series_line *l = &d->s->line[i];

		if (l->n == 0)
			continue;
		if (l->v[0].time_us < first)
			first = l->v[0].time_us;
		if (l->v[l->n - 1].time_us > last)
			last = l->v[l->n - 1].time_us;
	}
	*from_us = d->p->from_us != CLK_NONE ? d->p->from_us : first;
	*to_us = d->p->to_us != CLK_NONE ? d->p->to_us : last;
}

static void find_amounts(const struct drawing *d, int64_t from_us,
			 int64_t to_us, double *low, double *high)
{
	*low = *high = d->target;
	for (size_t i = 0; i < d->s->n; i++) {
		const struct series_line *l = &d->s->line[i];

		for (size_t k = first_point(l, from_us);
		     k < l->n && l->v[k].time_us <= to_us; k++) {
			*low = fmin(*low, l->v[k].price);
			*high = fmax(*high, l->v[k].price);
		}
	}
	if (isnan(*low))
		*low = *high = 0;
}

/* ---- drawing ---- */

static void draw_amounts(struct drawing *d)
{
	for (size_t i = 0; i < d->y.n; i++) {
		double y = floor(place_y(d, d->y.mark[i].at)) + 0.5;

		grey(d, 0.88);
		cairo_move_to(d->cr, d->left, y);
		cairo_line_to(d->cr, d->right, y);
		cairo_stroke(d->cr);
		grey(d, 0.35);
		write_text(d, d->left - 6, y + 4, 1, d->y.mark[i].text);
	}
}

static void draw_times(struct drawing *d)
{
	for (size_t i = 0; i < d->x.n; i++) {
		double x = floor(place_x(d, d->x.mark[i].at)) + 0.5;

		grey(d, 0.93);
		cairo_move_to(d->cr, x, d->top);
		cairo_line_to(d->cr, x, d->bottom);
		cairo_stroke(d->cr);
		grey(d, 0.35);
		write_text(d, x, d->bottom + LINE_HEIGHT - 2, 0.5,
			   d->x.mark[i].text);
	}
}

static void draw_target(struct drawing *d)
{
	const double dash[] = { 6, 4 };
	double y;

	if (isnan(d->target))
		return;
	y = floor(place_y(d, d->target)) + 0.5;
	cairo_save(d->cr);
	cairo_set_source_rgb(d->cr, 0.75, 0.1, 0.1);
	cairo_set_dash(d->cr, dash, 2, 0);
	cairo_move_to(d->cr, d->left, y);
	cairo_line_to(d->cr, d->right, y);
	cairo_stroke(d->cr);
	cairo_restore(d->cr);
	cairo_set_source_rgb(d->cr, 0.75, 0.1, 0.1);
	write_text(d, d->left + 4, y - 4, 0, "target");
}

/*
 * As steps. Where many points share a column of pixels, only their lowest,
 * highest and last are drawn: what is seen is the same.
 */
static void draw_line(struct drawing *d, size_t which)
{
	const struct series_line *l = &d->s->line[which];
	size_t i = first_point(l, (int64_t)(d->x.from * 1e6));
	double y, end = d->x.to;

	if (l->n == 0 || (double)l->v[i].time_us / 1e6 > end)
		return;
	cairo_set_source_rgb(d->cr, colours[which][0], colours[which][1],
			     colours[which][2]);
	cairo_set_line_width(d->cr, 2);
	y = place_y(d, l->v[i].price);
	cairo_move_to(d->cr,
		      fmax(d->left, place_x(d, (double)l->v[i].time_us / 1e6)),
		      y);
	for (i++; i < l->n && (double)l->v[i].time_us / 1e6 <= end;) {
		double x = place_x(d, (double)l->v[i].time_us / 1e6);
		double low = y, high = y;

		cairo_line_to(d->cr, x, y);
		for (; i < l->n &&
		       place_x(d, (double)l->v[i].time_us / 1e6) < floor(x) + 1;
		     i++) {
			y = place_y(d, l->v[i].price);
			low = fmin(low, y);
			high = fmax(high, y);
		}
		cairo_line_to(d->cr, x, low);
		cairo_line_to(d->cr, x, high);
		cairo_line_to(d->cr, x, y);
	}
	cairo_line_to(d->cr, d->right, y);
	cairo_stroke(d->cr);
}

/* "shop.example 79.90", in the line's colour, from the right to the left. */
static void draw_names(struct drawing *d)
{
	double x = d->right;

	for (size_t i = d->s->n; i-- > 0;) {
		const struct series_line *l = &d->s->line[i];
		char name[NAME_MAX_BYTES + 1],
			text[NAME_MAX_BYTES + DECIMAL_TEXT_MAX + 2];
		double width;

		copy_name(name, l->source);
		snprintf(text, sizeof(text), "%s %.*s", name, STR_ARG(l->last));
		width = text_width(d, text);
		if (x - width < d->left)
			break;
		cairo_set_source_rgb(d->cr, colours[i][0], colours[i][1],
				     colours[i][2]);
		write_text(d, x, d->top - 8, 1, text);
		x -= width + 14;
	}
}

static void draw_title(struct drawing *d)
{
	struct str title = d->p->title;
	char name[NAME_MAX_BYTES + 1], text[NAME_MAX_BYTES + 32];

	if (!title.p)
		title = d->s->title.p ? d->s->title : d->s->item;
	copy_name(name, title);
	snprintf(text, sizeof(text), "%s%s%.*s", name,
		 d->s->currency.p ? ", " : "", STR_ARG(d->s->currency));
	cairo_set_font_size(d->cr, TITLE_SIZE);
	grey(d, 0.1);
	write_text(d, EDGE, EDGE + TITLE_SIZE, 0, text);
	cairo_set_font_size(d->cr, TEXT_SIZE);
}

/* Where the plot is: beside the widest amount, below title and names. */
static void lay_out(struct drawing *d)
{
	int64_t from_us, to_us;
	double low, high, widest = 0;

	d->target = to_double(d->p->target.p ? d->p->target : d->s->target);
	find_times(d, &from_us, &to_us);
	find_amounts(d, from_us, to_us, &low, &high);
	d->top = EDGE + TITLE_SIZE + 2 * LINE_HEIGHT;
	d->bottom = d->p->height - EDGE - LINE_HEIGHT;
	d->right = d->p->width - EDGE - 6;
	scale_amounts(&d->y, low, high,
		      (unsigned)fmax(2, fmin(8, (d->bottom - d->top) / 40)));
	for (size_t i = 0; i < d->y.n; i++)
		widest = fmax(widest, text_width(d, d->y.mark[i].text));
	d->left = EDGE + widest + 8;
	scale_times(&d->x, from_us / 1000000, to_us / 1000000,
		    (unsigned)fmax(2, (d->right - d->left) / MARK_SPACE),
		    d->p->zone);
}

static void draw(struct drawing *d)
{
	cairo_set_source_rgb(d->cr, 1, 1, 1);
	cairo_paint(d->cr);
	cairo_select_font_face(d->cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
			       CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(d->cr, TEXT_SIZE);
	cairo_set_line_width(d->cr, 1);
	lay_out(d);
	draw_title(d);
	draw_amounts(d);
	draw_times(d);
	draw_target(d);
	for (size_t i = d->s->n; i-- > 0;)
		draw_line(d, i);
	draw_names(d);
}

static cairo_status_t write_bytes(void *closure, const unsigned char *p,
				  unsigned n)
{
	buf_add(closure, p, n);
	return CAIRO_STATUS_SUCCESS;
}

int picture_png(const struct picture *p, const struct series *s, struct buf *b,
		struct err *e)
{
	cairo_surface_t *surface = cairo_image_surface_create(
		CAIRO_FORMAT_RGB24, p->width, p->height);
	struct drawing d = { .cr = cairo_create(surface), .p = p, .s = s };
	cairo_status_t status;

	draw(&d);
	status = cairo_status(d.cr);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_write_to_png_stream(surface, write_bytes,
							   b);
	cairo_destroy(d.cr);
	cairo_surface_destroy(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return 0;
	return err_set(e, EX_SOFTWARE, "picture: %s",
		       cairo_status_to_string(status));
}
