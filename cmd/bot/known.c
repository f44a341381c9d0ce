#include "known.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/decimal.h"
#include "common/json.h"
#include "common/types_alert.h"

static struct str key3(struct arena *a, const char *table, struct str one,
		       struct str two)
{
	struct buf b = { 0 };
	struct str key;

	buf_puts(&b, table);
	buf_add_str(&b, one);
	if (two.p) {
		buf_putc(&b, '/');
		buf_add_str(&b, two);
	}
	key = arena_str(a, buf_str(&b));
	buf_free(&b);
	return key;
}

static struct str key2(struct arena *a, const char *table, struct str id)
{
	return key3(a, table, id, (struct str){ 0 });
}

static int del(struct stage *s, struct str key, struct err *e)
{
	return stage_del(s, key, e) < 0 ? -1 : 0;
}

/* ---- learning ---- */

static bool is_deletion(const struct event *ev)
{
	return !ev->data.p || json_type_of(json_trim(ev->data)) == JSON_NULL;
}

static int keep_setting(struct stage *s, const char *table,
			const struct event *ev, struct arena *a, struct err *e)
{
	struct str key = key2(a, table, event_subject(ev));

	return is_deletion(ev) ? del(s, key, e)
			       : stage_put(s, key, ev->data, e);
}

/* {"time":…,"data":…}: a price and when it was. */
static int keep_price(struct stage *s, const struct event *ev, struct arena *a,
		      struct err *e)
{
	char time[CLK_TEXT_SIZE];
	struct type_price p;
	struct buf b = { 0 };
	int rc;

	if (shape_decode(&shape_price, ev->data, &p, a, e) || !p.source.p)
		return 0; /* not ours to judge */
	buf_addf(&b,
		 "{\"time\":\"%s\",\"data\":", clk_format(ev->time_us, time));
	buf_add_str(&b, ev->data);
	buf_putc(&b, '}');
	rc = stage_put(s, key3(a, "p/", event_subject(ev), p.source),
		       buf_str(&b), e);
	buf_free(&b);
	return rc;
}

struct gathering {
	struct arena *a;
	struct str key[KNOWN_ALERTS_A_TURN], val[KNOWN_ALERTS_A_TURN];
	int n;
};

static int gather(void *arg, struct str key, struct str val, struct err *e)
{
	struct gathering *g = arg;

	(void)e;
	g->key[g->n] = arena_str(g->a, key);
	g->val[g->n] = arena_str(g->a, val);
	return ++g->n == KNOWN_ALERTS_A_TURN;
}

/* Each new alert makes room by forgetting a few that are too old. */
static int forget_alerts(struct stage *s, int64_t before_us, struct arena *a,
			 struct err *e)
{
	struct gathering g = { .a = a };
	char limit[CLK_TEXT_SIZE];

	clk_format(before_us, limit);
	if (stage_each(s, STR("t/"), gather, &g, e) < 0)
		return -1;
	for (int i = 0; i < g.n; i++) {
		if (str_cmp(str_sub(g.key[i], 2, 2 + CLK_TEXT_LEN),
			    str_from(limit)) >= 0)
			break;
		if (del(s, g.key[i], e) || del(s, key2(a, "a/", g.val[i]), e))
			return -1;
	}
	return 0;
}

static int keep_alert(struct stage *s, const struct event *ev, struct arena *a,
		      struct err *e)
{
	char time[CLK_TEXT_SIZE];
	struct type_alert t;
	struct buf b = { 0 };
	int rc;

	if (shape_decode(&shape_alert, ev->data, &t, a, e) || !t.id.p)
		return 0;
	clk_format(ev->time_us, time);
	buf_puts(&b, "{\"topic\":");
	buf_json_str(&b, ev->topic);
	buf_puts(&b, ",\"user\":");
	buf_json_str(&b, t.user.p ? t.user : STR("default"));
	buf_puts(&b, ",\"message\":");
	buf_json_str(&b, str_utf8_prefix(t.message, 500));
	buf_putc(&b, '}');
	rc = stage_put(s, key2(a, "a/", t.id), buf_str(&b), e);
	buf_free(&b);
	if (!rc)
		rc = stage_put(s, key3(a, "t/", str_from(time), t.id), t.id, e);
	if (!rc)
		rc = forget_alerts(
			s, ev->time_us - KNOWN_ALERT_DAYS * 86400LL * 1000000,
			a, e);
	return rc;
}

int known_event(struct stage *s, const struct event *ev, struct arena *a,
		struct err *e)
{
	if (event_is(ev, "watch.set"))
		return keep_setting(s, "w/", ev, a, e);
	if (event_is(ev, "search.set"))
		return keep_setting(s, "s/", ev, a, e);
	if (event_is(ev, "price.update"))
		return keep_price(s, ev, a, e);
	if (event_is(ev, "alert.new"))
		return keep_alert(s, ev, a, e);
	if (event_is(ev, "watch.stale"))
		return stage_put(s, key2(a, "y/", event_subject(ev)), STR("1"),
				 e);
	if (event_is(ev, "watch.fresh"))
		return del(s, key2(a, "y/", event_subject(ev)), e);
	return 0;
}

/* ---- asking ---- */

/* A row's value, copied: 1, 0, -1. */
static int get(struct stage *s, struct str key, struct arena *a,
	       struct str *val_r, struct err *e)
{
	int got = stage_get(s, key, val_r, e);

	if (got > 0)
		*val_r = arena_str(a, *val_r);
	return got;
}

int known_watch(struct stage *s, struct str id, struct arena *a,
		struct type_watch *w_r, struct err *e)
{
	struct str data;
	int got = get(s, key2(a, "w/", id), a, &data, e);

	if (got <= 0)
		return got;
	/* Somebody else set what we do not understand: not ours to judge. */
	if (shape_decode(&shape_watch, data, w_r, a, e))
		return 0;
	w_r->id = arena_str(a, id);
	return watch_complete(w_r, a, e) ? 0 : 1;
}

int known_search(struct stage *s, struct str id, struct arena *a,
		 struct type_search *r, struct err *e)
{
	struct str data;
	int got = get(s, key2(a, "s/", id), a, &data, e);

	if (got <= 0)
		return got;
	if (shape_decode(&shape_search, data, r, a, e))
		return 0;
	r->id = arena_str(a, id);
	return 1;
}

struct search_walk {
	struct arena a;
	struct str after;
	known_search_fn *fn;
	void *arg;
};

static int take_search(void *arg, struct str key, struct str val, struct err *e)
{
	struct search_walk *w = arg;
	struct str id = str_sub(key, 2, key.len);
	struct type_search t;

	if (w->after.p && str_cmp(id, w->after) <= 0)
		return 0;
	arena_reset(&w->a);
	if (shape_decode(&shape_search, val, &t, &w->a, e))
		return 0;
	t.id = id;
	return w->fn(w->arg, &t, e);
}

int known_searches(struct stage *s, struct str after, known_search_fn *fn,
		   void *arg, struct err *e)
{
	struct search_walk w = { .after = after, .fn = fn, .arg = arg };
	int rc = stage_each(s, STR("s/"), take_search, &w, e);

	arena_free(&w.a);
	return rc < 0 ? -1 : 0;
}

struct walk {
	struct arena *a;
	struct str after, *id;
	size_t skip; /* of the key */
	int n, max;
};

static int take_id(void *arg, struct str key, struct str val, struct err *e)
{
	struct walk *w = arg;
	struct str id = str_sub(key, w->skip, key.len);

	(void)val;
	(void)e;
	if (w->after.p && str_cmp(id, w->after) <= 0)
		return 0;
	if (w->n == w->max)
		return 1;
	if (w->id)
		w->id[w->n] = arena_str(w->a, id);
	w->n++;
	return 0;
}

int known_ids(struct stage *s, const char *table, struct str after,
	      struct arena *a, struct str *id, int max, struct err *e)
{
	struct walk w = {
		.a = a, .after = after, .id = id, .skip = 2, .max = max
	};

	return stage_each(s, str_from(table), take_id, &w, e) < 0 ? -1 : w.n;
}

int known_count(struct stage *s, const char *table, struct err *e)
{
	const struct str all = { 0 };

	return known_ids(s, table, all, NULL, NULL, INT32_MAX, e);
}

struct prices {
	struct arena *a;
	struct known_price *out;
	int n;
};

static int take_price(void *arg, struct str key, struct str val, struct err *e)
{
	struct prices *ps = arg;
	struct known_price *p = &ps->out[ps->n];
	struct str time, data;

	(void)key;
	val = arena_str(ps->a, val);
	time = json_get_text(val, "time", ps->a);
	if (!json_get(val, "data", &data) || !clk_parse(time, &p->time_us))
		return err_set(e, EX_DATAERR, "ledger: a damaged price");
	if (shape_decode(&shape_price, data, &p->p, ps->a, e))
		return -1;
	return ++ps->n == KNOWN_PRICES_MAX;
}

/* Without a price last; by currency; by price. */
static int compare(const void *pa, const void *pb)
{
	const struct known_price *a = pa, *b = pb;
	struct decimal x, y;
	bool has_x = decimal_parse(a->p.price, &x);
	bool has_y = decimal_parse(b->p.price, &y);
	int c;

	if (has_x != has_y)
		return has_y - has_x;
	c = str_cmp(a->p.currency, b->p.currency);
	if (c == 0 && has_x)
		c = decimal_cmp(x, y);
	return c ? c : str_cmp(a->p.source, b->p.source);
}

int known_prices(struct stage *s, struct str item, struct arena *a,
		 struct known_price out[KNOWN_PRICES_MAX], struct err *e)
{
	struct prices ps = { .a = a, .out = out };
	struct str prefix = key3(a, "p/", item, STR(""));

	if (stage_each(s, prefix, take_price, &ps, e) < 0)
		return -1;
	qsort(out, (size_t)ps.n, sizeof(*out), compare);
	return ps.n;
}

int known_alert(struct stage *s, struct str id, struct arena *a,
		struct known_alert *r, struct err *e)
{
	struct str val;
	int got = str_is_id(id) ? get(s, key2(a, "a/", id), a, &val, e) : 0;

	if (got <= 0)
		return got;
	r->topic = json_get_text(val, "topic", a);
	r->user = json_get_text(val, "user", a);
	r->message = json_get_text(val, "message", a);
	return r->topic.p ? 1
			  : err_set(e, EX_DATAERR, "ledger: a damaged alert");
}

struct newest {
	struct stage *s;
	struct arena row; /* there may be very many */
	struct str user;
	char id[STR_ID_MAX + 1];
};

/* Rows are in the order of time: the last one that is of the user. */
static int take_newest(void *arg, struct str key, struct str val, struct err *e)
{
	struct newest *n = arg;
	struct known_alert alert;
	struct str id;
	int got;

	(void)key;
	arena_reset(&n->row);
	id = arena_str(&n->row, val);
	got = known_alert(n->s, id, &n->row, &alert, e);
	if (got > 0 && str_eq(alert.user, n->user))
		str_copy(n->id, sizeof(n->id), id);
	return got < 0 ? -1 : 0;
}

int known_newest(struct stage *s, struct str user, struct arena *a,
		 struct str *id_r, struct err *e)
{
	struct newest n = { .s = s, .user = user };
	int rc = stage_each(s, STR("t/"), take_newest, &n, e);

	arena_free(&n.row);
	*id_r = arena_str(a, str_from(n.id));
	return rc < 0 ? -1 : *n.id != '\0';
}
