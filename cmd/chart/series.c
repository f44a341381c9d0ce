#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "common/decimal.h"
#include "common/types_finding.h"
#include "common/xmem.h"

void series_init(struct series *s, struct str item, struct str currency)
{
	*s = (struct series){ .newest_us = CLK_NONE };
	if (item.p)
		s->item = arena_str(&s->arena, item);
	if (currency.p)
		s->currency = arena_str(&s->arena, currency);
}

static struct series_line *line_of(struct series *s, struct str source,
				   struct str currency)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->line[i].source, source) &&
		    str_eq(s->line[i].currency, currency))
			return &s->line[i];
	if (s->n == SERIES_READ_MAX)
		return NULL;
	s->line[s->n] = (struct series_line){
		.source = arena_str(&s->arena, source),
		.currency = arena_str(&s->arena, currency),
		.last_us = CLK_NONE,
	};
	return &s->line[s->n++];
}

/* Keep what the newest event says; what stays the same costs no memory. */
static void keep(struct series *s, struct str *kept, struct str text)
{
	if (text.p && !str_eq(*kept, text))
		*kept = arena_str(&s->arena, text);
}

static void describe(struct series *s, const struct type_price *p,
		     int64_t time_us)
{
	if (s->newest_us != CLK_NONE && time_us < s->newest_us)
		return;
	s->newest_us = time_us;
	keep(s, &s->title, p->item.name.p ? p->item.name : p->title);
	keep(s, &s->target, p->item.target);
}

static void add_point(struct series *s, const struct type_price *p,
		      int64_t time_us)
{
	struct series_line *l = line_of(s, p->source, p->currency);
	char text[DECIMAL_TEXT_MAX];

	if (!l || l->n == SERIES_POINTS_MAX) {
		s->n_beyond++;
		return;
	}
	str_copy(text, sizeof(text), p->price);
	xgrow(&l->v, &l->cap, l->n, sizeof(*l->v));
	l->v[l->n++] = (struct series_point){ time_us, strtod(text, NULL) };
	if (l->last_us == CLK_NONE || time_us >= l->last_us) {
		keep(s, &l->last, p->price);
		l->last_us = time_us;
	}
}

int series_add(struct series *s, const struct event *ev, struct err *e)
{
	struct str subject = event_subject(ev);
	struct arena a = { 0 };
	struct type_price p;
	struct decimal d;
	int rc = 0;

	if (!event_is(ev, "price.update") || ev->time_us == CLK_NONE)
		return 0;
	if (!s->item.p)
		s->item = arena_str(&s->arena, subject);
	if (!str_eq(s->item, subject))
		return 0;
	if (shape_decode(&shape_price, ev->data, &p, &a, e)) {
		rc = -1;
	} else {
		describe(s, &p, ev->time_us);
		if (p.price.p && decimal_parse(p.price, &d))
			add_point(s, &p, ev->time_us);
	}
	arena_free(&a);
	return rc;
}

static int compare(const void *pa, const void *pb)
{
	const struct series_point *a = pa, *b = pb;

	return (a->time_us > b->time_us) - (a->time_us < b->time_us);
}

static void choose_currency(struct series *s)
{
	const struct series_line *newest = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (!newest || s->line[i].last_us > newest->last_us)
			newest = &s->line[i];
	if (newest)
		s->currency = newest->currency;
}

void series_finish(struct series *s)
{
	size_t n = 0;

	if (!s->currency.p)
		choose_currency(s);
	for (size_t i = 0; i < s->n; i++) {
		struct series_line *l = &s->line[i];
		bool is_foreign = !str_eq(l->currency, s->currency);

		if (is_foreign || n == SERIES_LINES_MAX) {
			*(is_foreign ? &s->n_foreign : &s->n_beyond) += l->n;
			free(l->v);
			continue;
		}
		qsort(l->v, l->n, sizeof(*l->v), compare);
		s->line[n++] = *l;
	}
	s->n = n;
}

void series_free(struct series *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->line[i].v);
	arena_free(&s->arena);
	*s = (struct series){ .newest_us = CLK_NONE };
}
