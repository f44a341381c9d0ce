/*
 * As in freshness.c the deadline in memory may be earlier than what the ledger
 * says: what comes moves only the latter.
 */
#include "nodata.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/types_alert.h"
#include "common/types_observation.h"
#include "common/types_rule.h"
#include "common/xmem.h"

#define CLOCK_KEY STR("clock")

bool nodata_is(const struct rule *r)
{
	return r->absent_us || r->fewer_over_us;
}

static struct str join(struct alerter *al, const char *head, struct str a,
		       struct str b)
{
	struct buf text = { 0 };
	struct str s;

	buf_puts(&text, head);
	buf_add_str(&text, a);
	if (b.p) {
		buf_putc(&text, '/');
		buf_add_str(&text, b);
	}
	s = arena_str(&al->arena, buf_str(&text));
	buf_free(&text);
	return s;
}

/* What is judged: not what an event says, but that something is not there. */
struct lack {
	const char *kind; /* "absent" … */
	const struct rule *r;
	struct str thing; /* its key */
	struct str item, title, why;
	bool is_so;
};

static int judge(struct alerter *al, struct stage *s, const struct event *ev,
		 const struct lack *l, int64_t time_us, int64_t recorded_us,
		 struct err *e)
{
	struct rule r = *l->r;
	const struct sighting seen = {
		.kind = SIGHTING_WATCH,
		.item = { .present = true, .id = l->item },
		.title = l->title,
		.key = l->thing,
		.why = l->why,
		.matter = { .stale = l->is_so },
	};
	const struct hearing h = { .stage = s,
				   .ev = ev,
				   .seen = &seen,
				   .time_us = time_us,
				   .recorded_us = recorded_us };

	r.lacks = l->kind;
	return judge_rule(al, &h, &r, e);
}

/* ---- absent ---- */

struct absence {
	int64_t seen_us;       /* CLK_NONE: from the next event on */
	struct str source, id; /* of the event that told of it */
};

static void encode(const struct absence *a, struct buf *b)
{
	char time[CLK_TEXT_SIZE];

	if (a->seen_us == CLK_NONE) {
		buf_puts(b, "{}");
		return;
	}
	buf_addf(b,
		 "{\"seen\":\"%s\",\"source\":", clk_format(a->seen_us, time));
	buf_json_str(b, a->source);
	buf_puts(b, ",\"id\":");
	buf_json_str(b, a->id);
	buf_putc(b, '}');
}

static int load_absence(struct alerter *al, struct stage *s, struct str key,
			struct absence *a, struct err *e)
{
	struct str val;
	int got = stage_get(s, key, &val, e);

	*a = (struct absence){ .seen_us = CLK_NONE };
	if (got <= 0)
		return got;
	val = arena_str(&al->arena, val);
	a->source = json_get_text(val, "source", &al->arena);
	a->id = json_get_text(val, "id", &al->arena);
	clk_parse(json_get_text(val, "seen", &al->arena), &a->seen_us);
	return 1;
}

static int save_absence(struct alerter *al, struct stage *s, struct str key,
			const struct absence *a, struct err *e)
{
	buf_reset(&al->text);
	encode(a, &al->text);
	return stage_put(s, key, buf_str(&al->text), e);
}

static struct absence absence_since(struct alerter *al, const struct event *ev)
{
	struct absence a = { .seen_us = ev->recorded_us, .source = ev->source };
	struct buf b = { 0 };

	event_add_id(ev, &b);
	a.id = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return a;
}

static int judge_absence(struct alerter *al, struct stage *s,
			 const struct event *ev, const struct rule *r,
			 bool is_so, int64_t time_us, int64_t recorded_us,
			 struct err *e)
{
	struct buf why = { 0 };
	struct lack l = { .kind = "absent",
			  .r = r,
			  .thing = join(al, "$rule/", r->id, (struct str){ 0 }),
			  .item = r->id,
			  .title = r->on.len ? r->on : STR("anything"),
			  .is_so = is_so };
	int rc;

	if (is_so) {
		buf_puts(&why, "nothing for ");
		buf_add_str(&why, r->absent);
	} else {
		buf_puts(&why, "something came");
	}
	l.why = buf_str(&why);
	rc = judge(al, s, ev, &l, time_us, recorded_us, e);
	buf_free(&why);
	return rc;
}

int nodata_heard(struct alerter *al, const struct hearing *h,
		 const struct rule *r, struct err *e)
{
	struct str key = join(al, "absent/", r->id, (struct str){ 0 });
	struct absence a = absence_since(al, h->ev);

	if (!r->absent_us)
		return 0; /* it counts what observations say */
	if (judge_absence(al, h->stage, h->ev, r, false, h->time_us,
			  h->recorded_us, e) ||
	    save_absence(al, h->stage, key, &a, e))
		return -1;
	/* The one that is there comes sooner. */
	if (!table_find(&al->deadlines.by_key, key))
		deadlines_set(&al->deadlines, key, a.seen_us + r->absent_us);
	return 0;
}

/* ---- nothing at all ---- */

static int judge_gap(struct alerter *al, struct stage *s,
		     const struct event *ev, struct str user, bool is_so,
		     int64_t time_us, int64_t recorded_us, struct err *e)
{
	const struct rule r = { .id = STR(RULE_GAP), .user = user };
	char since[CLK_TEXT_SIZE], until[CLK_TEXT_SIZE];
	struct buf why = { 0 };
	struct lack l = { .kind = "gap",
			  .r = &r,
			  .thing = join(al, "$gap/", user, (struct str){ 0 }),
			  .item = STR("weir"),
			  .title = STR("weir"),
			  .is_so = is_so };
	int rc;

	buf_addf(&why, "nothing at all was recorded %s %s",
		 is_so ? "since" : "from",
		 clk_format(al->last_us == CLK_NONE ? recorded_us : al->last_us,
			    since));
	if (!is_so)
		buf_addf(&why, " to %s", clk_format(recorded_us, until));
	l.why = buf_str(&why);
	rc = judge(al, s, ev, &l, time_us, recorded_us, e);
	buf_free(&why);
	return rc;
}

static int end_gap(struct alerter *al, struct stage *s, const struct event *ev,
		   struct str key, struct err *e)
{
	struct str id = str_sub(key, NODATA_ABSENT_KEY.len, key.len);
	const struct rule *r = percolator_get(al->percolator, false, id);
	struct absence a;

	if (!r || load_absence(al, s, key, &a, e) <= 0 || a.seen_us != CLK_NONE)
		return r ? 0 : stage_del(s, key, e) < 0;
	a = absence_since(al, ev);
	deadlines_set(&al->deadlines, key, a.seen_us + r->absent_us);
	return save_absence(al, s, key, &a, e) ||
			       judge_gap(al, s, ev, r->user, false, ev->time_us,
					 ev->recorded_us, e)
		       ? -1
		       : 0;
}

/* Those that count from the next event on: this is it. */
static int end_gaps(struct alerter *al, struct stage *s, const struct event *ev,
		    struct err *e)
{
	while (al->uncounted.n) {
		struct str key = arena_str(&al->arena, al->uncounted.v[0]->key);

		deadlines_set(&al->uncounted, key, CLK_NONE);
		if (end_gap(al, s, ev, key, e))
			return -1;
	}
	return 0;
}

int nodata_due(struct alerter *al, struct stage *s, struct str key,
	       int64_t now_us, struct err *e)
{
	struct str id = str_sub(key, NODATA_ABSENT_KEY.len, key.len);
	const struct rule *r = percolator_get(al->percolator, false, id);
	struct absence a;
	struct event last;
	int got = load_absence(al, s, key, &a, e);

	if (got < 0)
		return -1;
	deadlines_set(&al->deadlines, key, CLK_NONE);
	if (!got || !r || a.seen_us == CLK_NONE)
		return 0;
	if (a.seen_us + r->absent_us > now_us) {
		deadlines_set(&al->deadlines, key, a.seen_us + r->absent_us);
		return 0;
	}
	last = (struct event){ .source = a.source, .idtext = a.id };
	if (al->last_us == CLK_NONE ||
	    now_us - al->last_us < (int64_t)NODATA_GAP_MS * 1000)
		return judge_absence(al, s, &last, r, true, now_us, now_us, e);
	a.seen_us = CLK_NONE;
	deadlines_set(&al->uncounted, key, 0);
	return save_absence(al, s, key, &a, e) ||
			       judge_gap(al, s, &last, r->user, true, now_us,
					 now_us, e)
		       ? -1
		       : 0;
}

/* ---- fewer ---- */

struct span {
	int64_t from_us;
	uint64_t count; /* until the next one's time */
};

struct counts {
	struct span v[NODATA_SPANS_MAX + 1];
	size_t n;
};

static void encode_counts(const struct counts *c, struct buf *b)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < c->n; i++)
		buf_addf(b, "%s[\"%lld\",\"%llu\"]", i ? "," : "",
			 (long long)c->v[i].from_us,
			 (unsigned long long)c->v[i].count);
	buf_putc(b, ']');
}

static bool read_span(struct str pair, struct arena *a, struct span *v_r)
{
	struct json_iter it = json_iter(pair);
	struct str text;
	uint64_t us;

	if (!json_next(&it) || !json_text(it.value, a, &text) ||
	    !str_u64(text, &us) || us > INT64_MAX || !json_next(&it) ||
	    !json_text(it.value, a, &text))
		return false;
	v_r->from_us = (int64_t)us;
	return str_u64(text, &v_r->count);
}

static int load_counts(struct alerter *al, struct stage *s, struct str key,
		       struct counts *c, struct err *e)
{
	struct json_iter it;
	struct str val;
	int got = stage_get(s, key, &val, e);

	c->n = 0;
	if (got <= 0)
		return got;
	it = json_iter(arena_str(&al->arena, val));
	while (json_next(&it)) {
		if (c->n == NODATA_SPANS_MAX ||
		    !read_span(it.value, &al->arena, &c->v[c->n]))
			return err_set(e, EX_DATAERR,
				       "%.*s: written by another version",
				       STR_ARG(key));
		c->n++;
	}
	return 1;
}

static void drop_span(struct counts *c, size_t at)
{
	memmove(&c->v[at], &c->v[at + 1], (c->n - at - 1) * sizeof(c->v[0]));
	c->n--;
}

/* From now on it is count. What was over before from_us is forgotten. */
static void add_count(struct counts *c, uint64_t count, int64_t now_us,
		      int64_t from_us)
{
	size_t least = 1;

	while (c->n > 1 && c->v[1].from_us <= from_us)
		drop_span(c, 0);
	if (c->n && c->v[c->n - 1].count == count)
		return;
	c->v[c->n++] = (struct span){ now_us, count };
	if (c->n <= NODATA_SPANS_MAX)
		return;
	for (size_t i = 1; i + 1 < c->n; i++)
		if (c->v[i + 1].from_us - c->v[i].from_us <
		    c->v[least + 1].from_us - c->v[least].from_us)
			least = i;
	drop_span(c, least);
}

static int by_count(const void *a, const void *b)
{
	uint64_t x = ((const struct span *)a)->count;
	uint64_t y = ((const struct span *)b)->count;

	return x < y ? -1 : x > y;
}

/*
 * The count that it had or was below for half of the time from from_us to
 * now_us. False where not all of that time is known.
 */
static bool usual(const struct counts *c, int64_t from_us, int64_t now_us,
		  uint64_t *count_r)
{
	struct span part[NODATA_SPANS_MAX + 1]; /* from_us: how long */
	int64_t left = (now_us - from_us) / 2;

	if (c->n == 0 || c->v[0].from_us > from_us)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		int64_t begin =
			c->v[i].from_us < from_us ? from_us : c->v[i].from_us;
		int64_t end = i + 1 < c->n ? c->v[i + 1].from_us : now_us;

		part[i].from_us = end > begin ? end - begin : 0;
		part[i].count = c->v[i].count;
	}
	qsort(part, c->n, sizeof(part[0]), by_count);
	for (size_t i = 0; i < c->n; i++) {
		*count_r = part[i].count;
		left -= part[i].from_us;
		if (left <= 0)
			break;
	}
	return true;
}

/* count is fewer than so much of usual. */
static bool is_fewer(const struct rule *r, uint64_t count, uint64_t often)
{
	const struct decimal hundred = { 100, 0 };
	struct decimal left, most;

	return decimal_sub(hundred, r->fewer, &left) &&
	       decimal_mul(decimal_from_int((int64_t)often), left, &most) &&
	       decimal_cmp(decimal_from_int((int64_t)count * 100), most) <= 0;
}

static int count_for(struct alerter *al, struct stage *s,
		     const struct event *ev, const struct rule *r,
		     struct str watch, uint64_t count, struct err *e)
{
	struct str key = join(al, "fewer/", r->id, watch);
	int64_t from_us = ev->recorded_us - r->fewer_over_us;
	struct buf why = { 0 };
	struct counts c;
	struct lack l = { .kind = "fewer",
			  .r = r,
			  .thing =
				  join(al, "$items/", watch, (struct str){ 0 }),
			  .item = watch,
			  .title = watch };
	uint64_t often = 0;
	int rc = 0;

	if (load_counts(al, s, key, &c, e) < 0)
		return -1;
	if (usual(&c, from_us, ev->recorded_us, &often)) {
		l.is_so = often && is_fewer(r, count, often);
		buf_addf(&why, "%llu items, usually %llu",
			 (unsigned long long)count, (unsigned long long)often);
		l.why = buf_str(&why);
		rc = judge(al, s, ev, &l, ev->time_us, ev->recorded_us, e);
		buf_free(&why);
	}
	add_count(&c, count, ev->recorded_us, from_us);
	buf_reset(&al->text);
	encode_counts(&c, &al->text);
	return rc ? -1 : stage_put(s, key, buf_str(&al->text), e);
}

/* Fetches that went well say how many there are; the others know nothing. */
static bool read_count(struct alerter *al, const struct event *ev,
		       struct str *watch_r, struct str *source_r,
		       uint64_t *count_r)
{
	struct type_observation o;
	struct type_record t;
	struct str items, outcome;

	if (event_is(ev, "observation.change") &&
	    !shape_decode(&shape_observation, ev->data, &o, &al->arena, NULL)) {
		*watch_r = o.watch;
		*source_r = o.source;
		items = o.items;
		outcome = o.outcome;
	} else if (event_is(ev, "observation.record") &&
		   !shape_decode(&shape_record, ev->data, &t, &al->arena,
				 NULL)) {
		*watch_r = t.watch;
		*source_r = t.source;
		items = t.items;
		outcome = t.outcome;
	} else {
		return false;
	}
	if (str_is(outcome, "empty"))
		items = STR("0");
	else if (!str_is(outcome, "changed") && !str_is(outcome, "unchanged") &&
		 !str_is(outcome, "implausible"))
		return false;
	return watch_r->p && str_u64(items, count_r) &&
	       *count_r <= NODATA_ITEMS_MAX;
}

static int count_items(struct alerter *al, struct stage *s,
		       const struct event *ev, struct err *e)
{
	struct str watch, source;
	size_t n = al->counting.n;
	struct str *ids;
	uint64_t count;

	if (n == 0 || !read_count(al, ev, &watch, &source, &count))
		return 0;
	ids = arena_alloc(&al->arena, n * sizeof(*ids));
	deadlines_keys(&al->counting, &al->arena, ids);
	for (size_t i = 0; i < n; i++) {
		const struct rule *r =
			percolator_get(al->percolator, false, ids[i]);

		if (r && rule_concerns(r, ev->topic, source) &&
		    count_for(al, s, ev, r, watch, count, e))
			return -1;
	}
	return 0;
}

/* ---- channels ---- */

static int judge_channel(struct alerter *al, struct stage *s,
			 const struct event *ev, struct err *e)
{
	const struct rule r = { .id = STR(RULE_CHANNEL),
				.user = STR(RULE_USER) };
	struct str name = event_subject(ev);
	struct type_channel t;
	struct lack l = { .kind = "channel",
			  .r = &r,
			  .thing = join(al, "$channel/", name,
					(struct str){ 0 }),
			  .item = name,
			  .title = name,
			  .is_so = event_is(ev, "channel.down") };

	if (!str_is_id(name) ||
	    shape_decode(&shape_channel, ev->data, &t, &al->arena, NULL))
		return 0;
	l.why = !l.is_so     ? STR("delivers again")
		: t.reason.p ? t.reason
			     : STR("does not deliver");
	return judge(al, s, ev, &l, ev->time_us, ev->recorded_us, e);
}

/* ---- events and settings ---- */

int nodata_observed(struct alerter *al, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct buf b = { 0 };
	int rc = 0;

	if (al->uncounted.n && end_gaps(al, s, ev, e))
		return -1;
	if (al->absent) {
		buf_addf(&b, "%lld", (long long)ev->recorded_us);
		rc = stage_put(s, CLOCK_KEY, buf_str(&b), e);
		buf_free(&b);
	}
	al->last_us = ev->recorded_us;
	if (!rc && (event_is(ev, "channel.down") || event_is(ev, "channel.up")))
		rc = judge_channel(al, s, ev, e);
	return rc ? -1 : count_items(al, s, ev, e);
}

struct gathering {
	struct arena *a;
	struct str *v;
	size_t n, cap;
};

static int gather(void *arg, struct str key, struct str val, struct err *e)
{
	struct gathering *g = arg;

	(void)val;
	(void)e;
	xgrow(&g->v, &g->cap, g->n, sizeof(*g->v));
	g->v[g->n++] = arena_str(g->a, key);
	return 0;
}

int nodata_remove(struct alerter *al, struct stage *s, struct str id,
		  struct err *e)
{
	struct str key = join(al, "absent/", id, (struct str){ 0 });
	struct gathering g = { .a = &al->arena };
	int rc = stage_del(s, key, e);

	if (rc > 0)
		al->absent--;
	deadlines_set(&al->deadlines, key, CLK_NONE);
	deadlines_set(&al->uncounted, key, CLK_NONE);
	deadlines_set(&al->counting, id, CLK_NONE);
	rc = rc < 0 ||
	     stage_each(s, join(al, "fewer/", id, STR("")), gather, &g, e);
	for (size_t i = 0; !rc && i < g.n; i++)
		rc = stage_del(s, g.v[i], e) < 0;
	free(g.v);
	return rc ? -1 : 0;
}

int nodata_set(struct alerter *al, struct stage *s, const struct event *ev,
	       const struct rule *r, struct err *e)
{
	struct str key = join(al, "absent/", r->id, (struct str){ 0 });
	struct absence a = { .seen_us = CLK_NONE };

	if (r->fewer_over_us)
		deadlines_set(&al->counting, r->id, 0);
	if (!r->absent_us)
		return 0;
	al->absent++;
	if (al->feeding) {
		deadlines_set(&al->uncounted, key, 0);
	} else {
		a = absence_since(al, ev);
		deadlines_set(&al->deadlines, key, a.seen_us + r->absent_us);
	}
	return save_absence(al, s, key, &a, e);
}

/* ---- start ---- */

static int load_one(void *arg, struct str key, struct str val, struct err *e)
{
	struct alerter *al = arg;
	struct str id = str_sub(key, NODATA_ABSENT_KEY.len, key.len);
	const struct rule *r = percolator_get(al->percolator, false, id);
	int64_t seen_us;

	(void)e;
	arena_reset(&al->arena);
	if (!r)
		return 0;
	al->absent++;
	if (clk_parse(json_get_text(val, "seen", &al->arena), &seen_us))
		deadlines_set(&al->deadlines, key, seen_us + r->absent_us);
	else
		deadlines_set(&al->uncounted, key, 0);
	return 0;
}

static int load_counting(void *arg, struct str key, struct str val,
			 struct err *e)
{
	struct alerter *al = arg;
	struct str id = str_sub(key, str_chr(key, '/') + 1, key.len);
	const struct rule *r = percolator_get(al->percolator, false, id);

	(void)val;
	(void)e;
	if (r && r->fewer_over_us)
		deadlines_set(&al->counting, id, 0);
	return 0;
}

int nodata_load(struct alerter *al, struct stage *s, struct err *e)
{
	struct str val;
	uint64_t us;
	int got = stage_get(s, CLOCK_KEY, &val, e);

	if (got < 0)
		return -1;
	al->last_us = CLK_NONE;
	if (got && str_u64(val, &us))
		al->last_us = (int64_t)us;
	return stage_each(s, NODATA_ABSENT_KEY, load_one, al, e) ||
			       stage_each(s, STR("rule/"), load_counting, al, e)
		       ? -1
		       : 0;
}
