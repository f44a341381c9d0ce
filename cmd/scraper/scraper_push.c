/*
 * What others have captured: each observation.push stays in the ledger, from
 * the transaction that consumes it to the one that records what was read of it.
 * So it is read once, whenever the process ends in between. Those of one watch
 * are read in their order, one at a time, and never beside a fetch of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/blob.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/types_observation.h"
#include "common/xmem.h"

#include "fields.h"
#include "task.h"

enum { PUSH_MAX = 10000 }; /* that wait to be read */

#define KEY_PUSH STR("p/")
enum { KEY_SIZE = 40 };

struct push {
	char key[KEY_SIZE];
	char watch[STR_ID_MAX + 1];
	size_t bytes; /* of its event, in the ledger */
	bool active;  /* it is being read */
	struct push *next;
};

static void count(struct scraper *s, const char *how)
{
	stats_add(stage_stats(s->stage), "pushes_total", how, 1);
}

static void show(const struct scraper *s)
{
	struct stats *stats = stage_stats(s->stage);

	stats_set(stats, "pushes_waiting", NULL, (int64_t)s->n_pushes);
	stats_set(stats, "pushes_waiting_bytes", NULL, (int64_t)s->push_bytes);
}

static void add(struct scraper *s, struct str key, struct str watch,
		size_t bytes)
{
	struct push *p = xcalloc(1, sizeof(*p));

	str_copy(p->key, sizeof(p->key), key);
	str_copy(p->watch, sizeof(p->watch), watch);
	if (!s->pushes_last)
		s->pushes_last = &s->pushes;
	*s->pushes_last = p;
	s->pushes_last = &p->next;
	p->bytes = bytes;
	s->n_pushes++;
	s->push_bytes += bytes;
	show(s);
}

static void drop(struct scraper *s, struct push **at)
{
	struct push *p = *at;

	*at = p->next;
	if (s->pushes_last == &p->next)
		s->pushes_last = at;
	s->n_pushes--;
	s->push_bytes -= p->bytes;
	show(s);
	free(p);
}

void push_free(struct scraper *s)
{
	while (s->pushes)
		drop(s, &s->pushes);
	buf_free(&s->push_items);
	loop_work_free(&s->push_work);
}

void push_wake(struct scraper *s)
{
	if (s->n_pushes && s->push_work)
		loop_work_wake(s->push_work);
}

/* ---- in ---- */

/* One alone may be larger. */
static bool has_room(const struct scraper *s, size_t bytes)
{
	return s->n_pushes == 0 || (s->n_pushes < PUSH_MAX &&
				    s->push_bytes + bytes <= s->conf->push_max);
}

int push_event(struct scraper *s, const struct event *ev, struct err *e)
{
	char key[KEY_SIZE];
	struct buf line = { 0 };
	int rc;

	if (stage_is_silent(s->stage) || stage_is_filter(s->stage))
		return 0;
	event_print(ev, 0, &line);
	if (!has_room(s, line.len)) {
		log_warn("%.*s: not read: %zu others wait, of %zu bytes",
			 STR_ARG(ev->topic), s->n_pushes, s->push_bytes);
		count(s, "too-many");
		buf_free(&line);
		return 0;
	}
	/* Keys in the order of events; another epoch's may come in between. */
	snprintf(key, sizeof(key), "p/%08" PRIx32 ":%016" PRIx64, ev->epoch,
		 ev->offset);
	rc = stage_put(s->stage, str_from(key), buf_str(&line), e);
	if (rc == 0)
		add(s, str_from(key), event_subject(ev), line.len);
	buf_free(&line);
	if (rc)
		return -1;
	push_wake(s);
	return 0;
}

static int load_one(void *arg, struct str key, struct str val, struct err *e)
{
	struct arena a = { 0 };
	struct event ev;
	int rc = event_parse(val, 0, &a, &ev, e);

	if (!rc)
		add(arg, key, event_subject(&ev), val.len);
	arena_free(&a);
	return rc;
}

int push_load(struct scraper *s, struct err *e)
{
	return stage_each(s->stage, KEY_PUSH, load_one, s, e);
}

/* ---- reading ---- */

/* Items are read like an API's answer: the "extract" for that. */
static struct str items_config(struct scraper *s)
{
	struct buf *b = &s->push_items;

	if (b->len)
		return buf_str(b);
	buf_puts(b, "{\"items\":{\"pointer\":\"/items\"},\"fields\":{");
	for (enum field f = 0; f < FIELD_COUNT; f++)
		buf_addf(b, "%s\"%s\":{\"pointer\":\"/%s\"}", f ? "," : "",
			 field_name(f), field_name(f));
	buf_puts(b, "}}");
	return buf_str(b);
}

struct reading {
	struct scraper *s;
	struct push *p;
	struct task *t;
	struct arena a;
	struct event ev;
	struct type_push data;
	struct buf body;
};

/* The event as it was put into the ledger. */
static int read_event(struct reading *r, struct err *e)
{
	struct str val = { 0 };
	int rc = stage_begin(r->s->stage, e);

	if (rc == 0)
		rc = stage_get(r->s->stage, str_from(r->p->key), &val, e);
	if (rc > 0)
		val = arena_str(&r->a, val);
	if (rc < 0 || stage_commit(r->s->stage, e))
		return -1;
	return event_parse(val, 0, &r->a, &r->ev, e);
}

/* Why it cannot be read, in *why; 0: it can, and the body is there. */
static int read_body(struct reading *r, struct err *why)
{
	const struct type_push *d = &r->data;
	bool is_text;
	int rc;

	if (shape_decode(&shape_push, r->ev.data, &r->data, &r->a, why) ||
	    push_check(d, why))
		return -1;
	if (d->items.p) {
		buf_puts(&r->body, "{\"items\":");
		buf_add_str(&r->body, d->items);
		buf_putc(&r->body, '}');
	} else if (d->body.p) {
		buf_add_str(&r->body, d->body);
	} else {
		rc = r->s->conf->keep_dir
			     ? blob_get(r->s->conf->keep_dir, d->blob, &r->body,
					&is_text, why)
			     : 0;
		if (rc <= 0)
			return rc ? -1
				  : err_set(why, EX_NOINPUT,
					    "blob %.*s is not there",
					    STR_ARG(d->blob));
	}
	return 0;
}

/* When it was: not after it was recorded. */
static int64_t time_of(const struct reading *r)
{
	int64_t us;

	if (!r->data.captured.p || !clk_parse(r->data.captured, &us))
		us = r->ev.time_us;
	return us > r->ev.recorded_us && r->ev.recorded_us != CLK_NONE
		       ? r->ev.recorded_us
		       : us;
}

static int judge(struct reading *r, struct err *why)
{
	if (!r->t)
		return err_set(why, EX_DATAERR, "there is no such watch");
	if (!r->t->watch->extracts)
		return err_set(why, EX_DATAERR,
			       "a watch of kind %.*s reads "
			       "nothing",
			       STR_ARG(r->t->watch->def.kind));
	if (read_body(r, why))
		return -1;
	if (r->t->observed && time_of(r) < r->t->known_us)
		return err_set(why, EX_DATAERR,
			       "it is older than what is known");
	return 0;
}

static void take(struct reading *r)
{
	const struct type_push *d = &r->data;
	struct answer a = { .result = HTTP_OK,
			    .reason = "",
			    .status = 200,
			    .body = buf_str(&r->body),
			    .content_type = d->items.p ? STR("application/json")
						       : d->content_type };
	const struct taken in = {
		.a = &a,
		.url = d->url.p ? d->url : r->t->watch->def.url,
		.items = d->items.p ? items_config(r->s) : (struct str){ 0 },
		.key = str_from(r->p->key),
		.source = r->ev.source,
		.id = r->ev.id,
		.time_us = time_of(r),
	};
	uint64_t status;

	if (d->status.p && str_u64(d->status, &status))
		a.status = (int)status;
	if (!a.body.p)
		a.body = STR("");
	r->p->active = true;
	task_take(r->t, &in);
}

static int refuse(struct reading *r, const struct err *why, struct err *e)
{
	log_warn("observation.push/%s: not read: %s", r->p->watch, why->msg);
	count(r->s, "refused");
	if (stage_begin(r->s->stage, e) ||
	    stage_del(r->s->stage, str_from(r->p->key), e) < 0 ||
	    stage_commit(r->s->stage, e))
		return -1;
	return 0;
}

/* 1: it is gone; 0: it is being read; -1 with *e. */
static int read_one(struct scraper *s, struct push *p, struct task *t,
		    struct err *e)
{
	struct reading r = { .s = s, .p = p, .t = t };
	struct err why;
	int rc = read_event(&r, e);

	if (rc == 0 && judge(&r, &why))
		rc = refuse(&r, &why, e) ? -1 : 1;
	else if (rc == 0)
		take(&r);
	arena_free(&r.a);
	buf_free(&r.body);
	return rc;
}

/* Is it the first of its watch in this turn, and is that at rest? */
static bool takes_turn(const struct scraper *s, const struct push *p,
		       struct task *t)
{
	bool first = !t || t->push_turn != s->push_turn;

	if (t)
		t->push_turn = s->push_turn;
	return first && !p->active && !(t && task_is_busy(t));
}

bool push_read(void *arg)
{
	struct scraper *s = arg;
	struct push **at = &s->pushes;
	struct err e;

	if (!s->live)
		return false;
	s->push_turn++;
	while (*at) {
		struct task *t = task_find(s, str_from((*at)->watch));
		int rc = 0;

		if (takes_turn(s, *at, t))
			rc = read_one(s, *at, t, &e);
		if (rc < 0) {
			stage_fail(s->stage, &e);
			return false;
		}
		if (rc > 0) { /* the next of this watch has its turn */
			drop(s, at);
			if (t)
				t->push_turn = 0;
		} else {
			at = &(*at)->next;
		}
	}
	return false;
}

/* ---- out ---- */

int push_recorded(struct scraper *s, const struct result *r, struct err *e)
{
	return r->push.p && stage_del(s->stage, r->push, e) < 0 ? -1 : 0;
}

void push_ended(struct scraper *s, const struct result *r, bool recorded)
{
	struct push **at = &s->pushes;

	if (!r->push.p)
		return;
	while (*at && !str_is(r->push, (*at)->key))
		at = &(*at)->next;
	if (*at && recorded) {
		drop(s, at);
		count(s, outcome_name(r->outcome));
	} else if (*at) {
		(*at)->active = false;
	}
	push_wake(s);
}
