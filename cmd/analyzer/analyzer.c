#include "analyzer.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/types_finding.h"

#include "report.h"

/*
 * When it was: a clock that is ahead must not make all later prices look old,
 * so nothing happened after it was recorded.
 */
static int64_t time_of(const struct event *ev)
{
	if (ev->time_us == CLK_NONE ||
	    (ev->recorded_us != CLK_NONE && ev->recorded_us < ev->time_us))
		return ev->recorded_us;
	return ev->time_us;
}

static void make_key(struct buf *b, const struct type_price *p,
		     struct str source)
{
	buf_reset(b);
	buf_puts(b, "series/");
	buf_add_str(b, p->item.id);
	buf_putc(b, '/');
	buf_add_str(b, source);
}

/* The series of the key; empty where there is none, or of other money. */
static int load(struct analyzer *an, struct stage *s,
		const struct type_price *price, struct err *e)
{
	struct str bytes;
	int got = stage_get(s, buf_str(&an->key), &bytes, e);

	if (got < 0)
		return -1;
	if (got && !series_decode(bytes, &an->series))
		return err_set(e, EX_DATAERR, "%s: written by another version",
			       an->key.p);
	if (!got ||
	    (price->price.p && !str_is(price->currency, an->series.currency)))
		series_init(&an->series, price->currency);
	return 0;
}

static int save(struct analyzer *an, struct stage *s, struct err *e)
{
	buf_reset(&an->state);
	series_encode(&an->series, &an->state);
	return stage_put(s, buf_str(&an->key), buf_str(&an->state), e);
}

static int emit(struct analyzer *an, struct stage *s, const char *type,
		const struct type_price *price, const struct event *ev,
		struct err *e)
{
	const struct str no_ext = { 0 };
	struct buf topic = { 0 };
	int rc;

	buf_addf(&topic, "%s/%.*s", type, STR_ARG(price->item.id));
	rc = stage_emit(s, buf_str(&topic), time_of(ev), ev, no_ext,
			buf_str(&an->data), e);
	buf_free(&topic);
	return rc;
}

static int emit_anomalies(struct analyzer *an, struct stage *s,
			  const struct type_price *price, struct str source,
			  const struct decimal *before,
			  const struct anomaly *found, const struct event *ev,
			  struct err *e)
{
	const struct {
		bool is;
		const char *kind;
	} kinds[] = { { found->all_time_low, "all-time-low" },
		      { found->low, "low" },
		      { found->high, "high" },
		      { found->jump, "jump" } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].is)
			continue;
		buf_reset(&an->data);
		report_anomaly(price, source, kinds[i].kind, before, found,
			       &an->arena, &an->data);
		if (emit(an, s, "price.anomaly", price, ev, e))
			return -1;
	}
	return 0;
}

static int take_price(struct analyzer *an, struct stage *s,
		      const struct type_price *price, struct str source,
		      const struct event *ev, struct err *e)
{
	int64_t now_us = time_of(ev);
	struct decimal value, before;
	struct anomaly found;
	struct view view;
	bool had;

	if (!price->price.p) {
		series_add(&an->series, now_us, NULL);
		return save(an, s, e);
	}
	if (!decimal_parse(price->price, &value))
		return 0;
	view_init(&view, &an->series, now_us);
	anomaly_judge(&view, value, &found);
	had = series_price(&an->series) != NULL;
	if (had)
		before = *series_price(&an->series);
	series_add(&an->series, now_us, &value);
	view_init(&view, &an->series, now_us);
	buf_reset(&an->data);
	report_stats(price, source, &view, &found, &an->arena, &an->data);
	if (save(an, s, e) || emit(an, s, "price.stats", price, ev, e))
		return -1;
	return emit_anomalies(an, s, price, source, had ? &before : NULL,
			      &found, ev, e);
}

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct analyzer *an = self;
	struct type_price price;
	struct str source;
	struct err bad;
	int rc = 0;

	if (!event_is(ev, "price.update") || time_of(ev) == CLK_NONE)
		return 0;
	arena_reset(&an->arena);
	/*
	 * What the types refuse was refused where it came in. What was filled
	 * in later has its time in the middle of a series, which goes forward.
	 */
	if (shape_decode(&shape_price, ev->data, &price, &an->arena, &bad) ||
	    price.backfilled)
		return 0;
	source = price.source.p	 ? price.source
		 : price.watch.p ? price.watch
				 : STR("-");
	make_key(&an->key, &price, source);
	if (load(an, s, &price, e) || take_price(an, s, &price, source, ev, e))
		rc = -1;
	return rc;
}

const struct stage_handler analyzer_handler = {
	.tool = "analyzer",
	.pure = true,
	.event = on_event,
};

void analyzer_free(struct analyzer **anp)
{
	struct analyzer *an = *anp;

	if (!an)
		return;
	arena_free(&an->arena);
	buf_free(&an->key);
	buf_free(&an->state);
	buf_free(&an->data);
	free(an);
	*anp = NULL;
}
