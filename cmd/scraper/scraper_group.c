/*
 * Items that several watches have: each shop's offer, and the best of them.
 *
 * A watch's state has what was last told of it. What was told of the item is
 * kept under "o/ITEM", as the data of its price.update, while there is more
 * than one watch; the price of one watch alone is its own.
 */
#include "task.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/clk.h"
#include "common/types_finding.h"
#include "common/types_watch.h"
#include "common/xmem.h"

#include "offers.h"

struct group {
	struct scraper *s;
	struct str item;
	struct arena arena;
	struct offer *v;
	struct task **tasks;	 /* of each offer */
	size_t n, members;	 /* members: with an offer or not */
	struct str currency;	 /* of the item, as a watch says it */
	struct type_price *told; /* of the item; NULL: nothing */
	bool recorded;		 /* told is in the ledger */
	bool first; /* the changed one was seen for the first time */
	const struct event *cause; /* of what is told, or NULL */
};

static struct task **slot_of(struct scraper *s, struct str item)
{
	return &s->items[str_hash(item) % SCRAPER_TASKS];
}

static bool has_item(const struct task *t, struct str item)
{
	return t->watch->enabled && str_eq(t->watch->def.item.id, item);
}

void group_join(struct task *t)
{
	struct task **slot;

	if (!t->watch->diff.item)
		return;
	slot = slot_of(t->scraper, t->watch->def.item.id);
	t->next_of_item = *slot;
	*slot = t;
}

void group_leave(struct task *t)
{
	struct task **slot;

	if (!t->watch->diff.item)
		return;
	slot = slot_of(t->scraper, t->watch->def.item.id);
	while (*slot != t)
		slot = &(*slot)->next_of_item;
	*slot = t->next_of_item;
}

bool group_is_shared(const struct task *t)
{
	struct str item = t->watch->def.item.id;

	if (!t->watch->diff.item || !t->watch->enabled)
		return false;
	for (struct task *o = *slot_of(t->scraper, item); o;
	     o = o->next_of_item)
		if (o != t && has_item(o, item))
			return true;
	return false;
}

/* ---- what is known ---- */

/* What was last told of the watch; false where it has no offer. */
static int load_offer(struct group *g, struct task *t, struct offer *o,
		      bool *has_r, struct err *e)
{
	struct watch_state st;
	struct type_price *p = &o->price;
	const struct type_watch *def = &t->watch->def;

	if (known_of(t, &g->arena, &st, e))
		return -1;
	*o = (struct offer){ .stale = t->stale };
	*has_r = st.based;
	if (!st.based)
		return 0;
	if (!st.offer.p || shape_decode(&shape_price, st.offer, p, &g->arena,
					NULL)) /* of an older version */
		*p = (struct type_price){
			.price = st.priceless ? (struct str){ 0 } : st.price,
			.currency = st.currency,
			.availability = st.availability,
			.link = str_starts(def->url, STR("http"))
					? def->url
					: (struct str){ 0 },
		};
	p->watch = def->id;
	p->source = def->source;
	p->item = def->item;
	return 0;
}

static int load_told(struct group *g, struct err *e)
{
	char key[ROW_KEY_MAX];
	struct str val;
	int rc = stage_get(g->s->stage, row_key(ROW_OFFER, g->item, key), &val,
			   e);

	if (rc <= 0)
		return rc;
	g->recorded = true;
	g->told = arena_alloc(&g->arena, sizeof(*g->told));
	if (shape_decode(&shape_price, arena_str(&g->arena, val), g->told,
			 &g->arena, NULL))
		g->told = NULL;
	return 0;
}

static int load_group(struct group *g, struct err *e)
{
	struct task *first = *slot_of(g->s, g->item);
	bool has;

	for (struct task *t = first; t; t = t->next_of_item)
		g->members += has_item(t, g->item);
	g->v = arena_alloc(&g->arena, g->members * sizeof(*g->v));
	g->tasks = arena_alloc(&g->arena, g->members * sizeof(*g->tasks));
	for (struct task *t = first; t; t = t->next_of_item) {
		if (!has_item(t, g->item))
			continue;
		if (t->watch->def.item.currency.p)
			g->currency = t->watch->def.item.currency;
		if (load_offer(g, t, &g->v[g->n], &has, e))
			return -1;
		g->tasks[g->n] = t;
		g->n += has;
	}
	return load_told(g, e);
}

/*
 * Of a group that has just come into being: what was told is the offer of the
 * one that was there before, or the best of them.
 */
static void assume_told(struct group *g, const struct task *changed)
{
	struct offer *before = arena_alloc(&g->arena, g->n * sizeof(*before));
	size_t n = 0;
	int best;

	for (size_t i = 0; i < g->n; i++)
		if (g->tasks[i] != changed)
			before[n++] = g->v[i];
	best = offers_best(before, n, g->currency, NULL);
	if (best >= 0)
		g->told = &before[best].price;
}

/* ---- what is told ---- */

static int put_told(struct group *g, struct str data, struct err *e)
{
	char text[ROW_KEY_MAX];
	struct str key = row_key(ROW_OFFER, g->item, text);

	if (data.p)
		return stage_put(g->s->stage, key, data, e);
	return stage_del(g->s->stage, key, e) < 0 ? -1 : 0;
}

static int tell(struct group *g, const char *type, const struct shape *shape,
		const struct type_price *p, int64_t time_us, struct str *data_r,
		struct err *e)
{
	struct diff_event ev =
		diff_event_of(type, g->item, shape, p, &g->arena);

	if (data_r)
		*data_r = ev.data;
	return stage_emit(g->s->stage, ev.topic, time_us, g->cause,
			  (struct str){ 0 }, ev.data, e);
}

static int tell_best(struct group *g, int best, const struct task *changed,
		     int64_t time_us, struct err *e)
{
	struct type_price p = g->v[best].price;
	struct str data;
	char count[24];

	p.baseline = g->first && g->tasks[best] == changed;
	if (g->told)
		p.previous = str_eq(g->told->currency, p.currency)
				     ? g->told->price
				     : (struct str){ 0 };
	if (g->n > 1) {
		snprintf(count, sizeof(count), "%zu", g->n);
		p.offers = str_from(count);
	}
	if (tell(g, "price.update", &shape_price, &p, time_us, &data, e))
		return -1;
	return g->members > 1 ? put_told(g, data, e) : 0;
}

/* What was assumed is what the next change is compared with. */
static int keep_assumed(struct group *g, struct err *e)
{
	struct diff_event ev;

	if (!g->told || g->recorded || g->members < 2)
		return 0;
	ev = diff_event_of("price.update", g->item, &shape_price, g->told,
			   &g->arena);
	return put_told(g, ev.data, e);
}

static int settle(struct group *g, const struct task *changed, int64_t time_us,
		  struct err *e)
{
	int best;

	if (load_group(g, e))
		return -1;
	if (g->members < 2 && !g->recorded)
		return 0;
	if (!g->told)
		assume_told(g, changed);
	if (keep_assumed(g, e))
		return -1;
	best = offers_best(g->v, g->n, g->currency, g->told);
	if (best >= 0 &&
	    !(g->told && offers_same(g->told, &g->v[best].price)) &&
	    tell_best(g, best, changed, time_us, e))
		return -1;
	if (g->members < 2)
		return put_told(g, (struct str){ 0 }, e);
	return 0;
}

int group_settle(struct scraper *s, struct str item, int64_t time_us,
		 struct err *e)
{
	struct group g = { .s = s, .item = item };
	int rc = settle(&g, NULL, time_us, e);

	arena_free(&g.arena);
	return rc;
}

static int tell_offer(struct group *g, struct task *t, int64_t time_us,
		      struct err *e)
{
	struct offer o;
	bool has;

	if (load_offer(g, t, &o, &has, e))
		return -1;
	if (!has)
		return 0;
	o.price.stale = t->stale;
	o.price.baseline = false;
	o.price.previous = (struct str){ 0 };
	return tell(g, "offer.update", &shape_offer, &o.price, time_us, NULL,
		    e);
}

void group_rename(struct result *r, struct diff *d)
{
	struct buf topic = { 0 };

	buf_addf(&topic, "offer.update/%.*s",
		 STR_ARG(r->task->watch->def.item.id));
	for (size_t i = 0; i < d->n; i++)
		d->events[i].topic = arena_str(&r->arena, buf_str(&topic));
	buf_free(&topic);
}

/* One offer stands otherwise than before: say so if asked, and what follows. */
static int stand(struct group *g, struct task *t, bool say, int64_t time_us,
		 struct err *e)
{
	int rc = 0;

	if (say)
		rc = tell_offer(g, t, time_us, e);
	if (rc == 0)
		rc = settle(g, t, time_us, e);
	arena_free(&g->arena);
	return rc;
}

int group_record(struct result *r, bool say, bool first,
		 const struct event *cause, struct err *e)
{
	struct task *t = r->task;
	struct group g = { .s = t->scraper,
			   .item = t->watch->def.item.id,
			   .first = first,
			   .cause = cause };

	return stand(&g, t, say, r->time_us, e);
}

/* ---- once a minute ---- */

static bool has_aged(const struct task *t, int64_t now_us)
{
	int64_t ms = GROUP_FRESH_MS;

	if (t->stale || now_us <= t->good_us)
		return false;
	if (t->watch->def.fresh.p)
		str_duration_ms(t->watch->def.fresh, &ms);
	return (now_us - t->good_us) / 1000 > ms && group_is_shared(t);
}

static int age(struct task *t, int64_t now_us, struct err *e)
{
	struct group g = { .s = t->scraper, .item = t->watch->def.item.id };

	t->stale = true;
	return known_stale(t, e) || stand(&g, t, true, now_us, e) ? -1 : 0;
}

int group_sweep(struct scraper *s, int64_t now_us, struct err *e)
{
	bool begun = false;

	/* Where a line was down for long, all of them at once. */
	for (size_t i = 0; i < SCRAPER_TASKS; i++)
		for (struct task *t = s->items[i]; t; t = t->next_of_item) {
			if (!has_aged(t, now_us))
				continue;
			if (!begun && stage_begin(s->stage, e))
				return -1;
			begun = true;
			if (age(t, now_us, e))
				return -1;
		}
	return begun ? stage_commit(s->stage, e) : 0;
}
