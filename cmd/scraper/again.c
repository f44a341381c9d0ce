#include "again.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/blob.h"
#include "common/clk.h"
#include "common/journal.h"
#include "common/json.h"
#include "common/log.h"
#include "common/types_finding.h"
#include "common/types_observation.h"
#include "common/xmem.h"

#include "diff_work.h"
#include "watch.h"

/* What was told of one thing: an entry, an item, or a page. */
struct told {
	uint64_t thing, value;
	int64_t time_us;
	bool gone;
};

struct record {
	uint64_t offset;
	int64_t time_us;
};

struct again {
	const char *dir;
	struct journal *j;
	struct journal_head head;
	struct watch *w;
	struct loop *loop;
	struct extract_pool *pool;
	FILE *out;
	struct told *told;
	size_t n_told, told_cap;
	struct record *records;
	size_t n_records, records_cap;
	/* After the last body; of one arena in turn. */
	struct watch_state state;
	struct arena arenas[2], scratch;
	unsigned turn;
	/* Topic of one of several offers; absent: the item's. */
	struct str offer;
	/* Of the record at hand. */
	struct event record;
	struct observation read;
	struct arena *arena;
	size_t n_read, n_said;
};

/* ---- what was told ---- */

static uint64_t hash_texts(const struct str *texts, size_t n, size_t amounts)
{
	struct diff_hash h = { .sum = 0 };

	for (size_t i = 0; i < n; i++)
		if (i < amounts)
			diff_hash_amount(&h, texts[i]);
		else
			diff_hash_text(&h, texts[i]);
	return diff_hash_end(&h);
}

static uint64_t hash_lines(const struct shape_list *l)
{
	return hash_texts(l->v, l->n, 0);
}

/* False: it is none of this watch. */
static bool read_told(const struct again *g, struct str topic, struct str data,
		      struct arena *a, struct told *t_r)
{
	const struct event ev = { .topic = topic };

	*t_r = (struct told){ .gone = event_is(&ev, "listing.gone") };
	if (str_starts(topic, STR("listing."))) {
		struct type_listing l;

		if (shape_decode(&shape_listing, data, &l, a, NULL) ||
		    !str_eq(l.watch, g->w->def.id))
			return false;
		t_r->thing = str_hash_id(l.id);
		t_r->value = hash_texts(
			(struct str[]){ l.price, l.list_price, l.title,
					l.currency, l.availability, l.condition,
					l.updated },
			7, 2);
		return true;
	}
	if (event_is(&ev, "page.change")) {
		struct type_page_change c;

		if (shape_decode(&shape_page_change, data, &c, a, NULL))
			return false;
		t_r->value = hash_lines(&c.added) * 31 + hash_lines(&c.removed);
		return true;
	}
	if (event_is(&ev, "price.update") || event_is(&ev, "offer.update")) {
		struct type_price p;

		if (shape_decode(&shape_price, data, &p, a, NULL) ||
		    !str_eq(p.watch, g->w->def.id))
			return false;
		t_r->value = hash_texts((struct str[]){ p.price, p.currency,
							p.availability },
					3, 1);
		return true;
	}
	return false;
}

static int on_told(void *arg, const struct event *ev, struct err *e)
{
	struct again *g = arg;
	struct told t;

	(void)e;
	arena_reset(&g->scratch);
	if (!read_told(g, ev->topic, ev->data, &g->scratch, &t))
		return 0;
	if (event_is(ev, "offer.update") && !g->offer.p)
		g->offer = arena_str(&g->w->arena, ev->topic);
	t.time_us = ev->time_us;
	xgrow(&g->told, &g->told_cap, g->n_told, sizeof(t));
	g->told[g->n_told++] = t;
	return 0;
}

static int by_thing(const void *pa, const void *pb)
{
	const struct told *a = pa, *b = pb;

	if (a->thing != b->thing)
		return a->thing < b->thing ? -1 : 1;
	return a->time_us < b->time_us ? -1 : a->time_us > b->time_us;
}

static int load_told(struct again *g, struct err *e)
{
	static const char *const of_list[] = { "listing.new", "listing.update",
					       "listing.gone" };
	static const char *const of_item[] = { "price.update", "offer.update" };
	static const char *const of_page[] = { "page.change" };
	const struct diff_watch *w = &g->w->diff;
	const char *const *types = w->page   ? of_page
				   : w->item ? of_item
					     : of_list;
	size_t n = w->page ? 1 : w->item ? 2 : 3;
	struct str subject = w->page   ? w->id
			     : w->item ? w->item->id
				       : w->source;
	struct buf topic = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		buf_reset(&topic);
		buf_addf(&topic, "%s/%.*s", types[i], STR_ARG(subject));
		rc = journal_history(g->j, buf_str(&topic), g->head.offset,
				     on_told, g, e);
	}
	buf_free(&topic);
	if (g->n_told)
		qsort(g->told, g->n_told, sizeof(*g->told), by_thing);
	return rc < 0 ? -1 : 0;
}

/*
 * The same, not later. A price or a page that was told to be otherwise since
 * then is told anew; an entry comes in what is said of it only.
 */
static bool is_told(const struct again *g, const struct told *t)
{
	const struct told *last = NULL;
	size_t lo = 0, hi = g->n_told;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_thing(&g->told[mid],
			     &(struct told){ .thing = t->thing,
					     .time_us = INT64_MIN }) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < g->n_told && g->told[lo].thing == t->thing &&
	       g->told[lo].time_us <= t->time_us;
	     lo++) {
		const struct told *have = &g->told[lo];

		if (have->gone == t->gone &&
		    (t->gone || have->value == t->value)) {
			if (!g->w->diff.item || have->time_us == t->time_us)
				return true;
			last = have;
		} else if (g->w->diff.item) {
			last = NULL;
		}
	}
	return last != NULL;
}

/* ---- one body ---- */

static void on_read(void *arg, const struct extracted *x)
{
	struct again *g = arg;

	observation_copy(&g->read, x->o, g->arena);
	loop_stop(g->loop);
}

/* False: it cannot be read. */
static bool read_body(struct again *g, struct str blob, struct str type,
		      struct str url)
{
	const struct type_watch *def = &g->w->def;
	struct wire_request req = {
		.kind = def->kind,
		.config = def->extract,
		.doc = { .content_type = type,
			 .url = url,
			 .currency = def->currency.p ? def->currency
						     : def->item.currency },
	};
	struct buf body = { 0 };
	struct err e;

	if (!blob.p ||
	    blob_get(g->dir, blob, &body, &(bool){ false }, &e) <= 0) {
		buf_free(&body);
		return false;
	}
	req.doc.body = body.len ? buf_str(&body) : STR("");
	extract_pool_run(g->pool, &req, on_read, g);
	loop_run(g->loop);
	loop_rearm(g->loop);
	buf_free(&body);
	return g->read.outcome == OUTCOME_FOUND &&
	       (g->read.n_items || g->read.text.p);
}

/* The pages after the first, as one list with it. */
static void read_further(struct again *g, const struct type_record *r,
			 struct paging *p)
{
	struct json_iter it = json_iter(r->further);
	struct str type = json_get_text(r->headers, "content-type", g->arena);

	while (p->end == PAGING_GOES_ON && json_next(&it)) {
		struct str body = { 0 };
		struct str url = json_get_text(it.value, "url", g->arena);

		json_get(it.value, "body", &body);
		if (!url.p ||
		    !read_body(g, json_get_text(body, "blob", g->arena), type,
			       url)) {
			paging_fail(p, OUTCOME_PARSE_FAIL, STR("not kept"));
			return;
		}
		paging_add(p, url, url, &g->read);
	}
	/* It named another page, which nobody had read. */
	if (p->end == PAGING_GOES_ON && p->next.p)
		p->all.span = OBSERVED_PART;
}

static bool read_record(struct again *g, const struct type_record *r,
			struct observation *o_r)
{
	struct paging p;
	struct str url = r->final.p ? r->final : r->url;

	if (!read_body(g, r->body.blob,
		       json_get_text(r->headers, "content-type", g->arena),
		       url))
		return false;
	*o_r = g->read;
	if (g->w->paging.max < 2 || r->pushed)
		return true;
	paging_begin(&p, &g->w->paging, &(struct watch_state){ 0 }, g->arena);
	paging_add(&p, r->url, url, o_r);
	if (json_type_of(r->further) == JSON_ARRAY)
		read_further(g, r, &p);
	else if (p.end == PAGING_GOES_ON)
		p.all.span = OBSERVED_PART;
	*o_r = p.all;
	return true;
}

/* ---- what it says ---- */

static int say(struct again *g, const struct diff_event *ev,
	       const struct told *t, struct err *e)
{
	struct str topic = ev->topic, type, subject;
	char time[CLK_TEXT_SIZE];
	struct buf b = { 0 };
	int rc = 0;

	if (g->offer.p && str_starts(topic, STR("price.update/")))
		topic = g->offer;
	type = str_cut(topic, '/', &subject);
	buf_puts(&b, "{\"type\":");
	buf_json_str(&b, type);
	buf_puts(&b, ",\"subject\":");
	buf_json_str(&b, subject);
	buf_addf(&b,
		 ",\"time\":\"%s\",\"source\":\"weir/extract/%08" PRIx32
		 "\",\"id\":\"%" PRIu64 "-%016" PRIx64 "\",\"cause\":",
		 clk_format(t->time_us, time), g->head.epoch, g->record.offset,
		 t->thing ^ t->value ^ t->gone);
	buf_json_str(&b, event_cause(&g->record, &g->scratch));
	buf_addf(&b, ",\"data\":%.*s,\"backfilled\":true}}\n",
		 (int)ev->data.len - 1, ev->data.p);
	if (fwrite(b.p, 1, b.len, g->out) != b.len)
		rc = err_set(e, EX_IOERR, "output: %s", strerror(errno));
	g->n_said++;
	buf_free(&b);
	return rc;
}

static int say_all(struct again *g, const struct diff *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diff_event *ev = &d->events[i];
		struct told t;

		arena_reset(&g->scratch);
		if (!read_told(g, ev->topic, ev->data, &g->scratch, &t))
			continue;
		t.time_us = g->record.time_us;
		if (!is_told(g, &t) && say(g, ev, &t, e))
			return -1;
	}
	return 0;
}

static int on_record(void *arg, const struct event *ev, struct err *e)
{
	struct again *g = arg;
	struct observation o;
	struct watch_state after;
	struct type_record r;
	struct diff d;
	char why[CONTRACT_REASON_MAX];

	g->record = *ev;
	g->record.source = arena_str(g->arena, ev->source);
	g->record.idtext = arena_str(g->arena, ev->idtext);
	if (shape_decode(&shape_record, arena_str(g->arena, ev->data), &r,
			 g->arena, e) ||
	    !read_record(g, &r, &o) ||
	    watch_judge(g->w, &o, why) != OUTCOME_FOUND)
		return 0;
	g->n_read++;
	diff_found(&g->w->diff, &g->state, &o, ev->time_us, g->arena, &after,
		   &d);
	if (say_all(g, &d, e))
		return -1;
	/* The next one's arena is reused; what is known goes over there. */
	g->state = after;
	return 1;
}

/* What is known lives in the arena of the record before. */
static int keep_state(struct again *g, struct arena *to, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	arena_reset(to);
	watchstate_encode(&g->state, &b);
	rc = watchstate_decode(arena_str(to, buf_str(&b)), to, &g->state, e);
	buf_free(&b);
	return rc;
}

static int read_all(struct again *g, struct err *e)
{
	for (size_t i = 0; i < g->n_records; i++) {
		int rc;

		if (keep_state(g, &g->arenas[g->turn ^= 1], e))
			return -1;
		g->arena = &g->arenas[g->turn];
		rc = journal_get(g->j, g->records[i].offset, on_record, g, e);
		if (rc < 0)
			return -1;
	}
	return fflush(g->out)
		       ? err_set(e, EX_IOERR, "output: %s", strerror(errno))
		       : 0;
}

/* ---- the whole ---- */

static int note_record(void *arg, const struct event *ev, struct err *e)
{
	struct again *g = arg;

	(void)e;
	xgrow(&g->records, &g->records_cap, g->n_records, sizeof(*g->records));
	g->records[g->n_records++] = (struct record){ ev->offset, ev->time_us };
	return 0;
}

static int by_time(const void *pa, const void *pb)
{
	const struct record *a = pa, *b = pb;

	if (a->time_us != b->time_us)
		return a->time_us < b->time_us ? -1 : 1;
	return a->offset < b->offset ? -1 : 1;
}

static int take_data(void *arg, const struct event *ev, struct err *e)
{
	struct buf *b = arg;

	(void)e;
	buf_add_str(b, ev->data);
	return 1;
}

static int load_watch(struct again *g, struct str id,
		      const struct watch_env *env, struct err *e)
{
	struct buf topic = { 0 }, data = { 0 };
	int rc;

	buf_addf(&topic, "watch.set/%.*s", STR_ARG(id));
	rc = journal_history(g->j, buf_str(&topic), g->head.offset, take_data,
			     &data, e);
	buf_free(&topic);
	if (rc >= 0 &&
	    (!data.len || json_type_of(buf_str(&data)) != JSON_OBJECT))
		rc = err_set(e, EX_NOINPUT, "%.*s: there is no such watch",
			     STR_ARG(id));
	if (rc >= 0) {
		g->w = watch_new(buf_str(&data), id, env, e);
		rc = !g->w ? -1
		     : g->w->extracts
			     ? 0
			     : err_set(e, EX_DATAERR,
				       "%.*s: has no bodies to be read",
				       STR_ARG(id));
	}
	buf_free(&data);
	return rc < 0 ? -1 : 0;
}

static int load(struct again *g, struct str id, const struct watch_env *env,
		struct err *e)
{
	struct buf topic = { 0 };
	int rc = journal_head(g->j, &g->head, e);

	if (rc || load_watch(g, id, env, e) || load_told(g, e))
		return -1;
	/* What had to be confirmed was, when it was told. */
	g->w->diff.confirm = (struct confirm){ .times = 0 };
	buf_addf(&topic, "observation.record/%.*s", STR_ARG(id));
	rc = journal_history(g->j, buf_str(&topic), g->head.offset, note_record,
			     g, e);
	buf_free(&topic);
	if (g->n_records)
		qsort(g->records, g->n_records, sizeof(*g->records), by_time);
	return rc < 0 ? -1 : 0;
}

int again_run(const char *dir, const char *secrets_dir, struct str id,
	      const struct extract_pool_conf *conf, FILE *out, struct err *e)
{
	struct tz_cache zones = { 0 };
	const struct watch_env env = { .secrets_dir = secrets_dir,
				       .zones = &zones };
	struct again g = { .dir = dir, .out = out };
	int rc = -1;

	g.j = journal_open(dir, e);
	g.loop = g.j ? loop_new(e) : NULL;
	if (g.loop) {
		g.pool = extract_pool_new(g.loop, NULL, conf);
		rc = load(&g, id, &env, e) || read_all(&g, e) ? -1 : 0;
		if (rc == 0)
			log_info("%.*s: %zu of %zu records read, %zu events "
				 "found",
				 STR_ARG(id), g.n_read, g.n_records, g.n_said);
		extract_pool_free(&g.pool);
	}
	loop_free(&g.loop);
	journal_close(&g.j);
	watch_free(&g.w);
	tz_cache_free(&zones);
	arena_free(&g.arenas[0]);
	arena_free(&g.arenas[1]);
	arena_free(&g.scratch);
	free(g.told);
	free(g.records);
	return rc;
}
