/*
 * The ways out in the ledger: their settings, what providers were paid, and
 * what was told of them.
 *
 * A request to a provider is counted in a transaction of its own, synced before
 * the request leaves. So a crash costs at most those that were counted and not
 * yet sent, as many as the provider takes at a time, and the budget is never
 * overrun. Counting ahead in blocks would save a sync of a millisecond on
 * requests that take seconds and cost money, and lose the block at each crash.
 */
#include "task.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/types_way.h"

enum {
	TELL_MS = 10 * 1000, /* how old a status may be */
	STEPS = 1000,	     /* of a budget that are told at once */
};

/* ---- what was paid ---- */

static int load_budget(struct scraper *s, const struct way *w, struct budget *b,
		       struct err *e)
{
	char key[ROW_KEY_MAX];
	struct str val;
	int rc = stage_get(s->stage, row_key(ROW_BUDGET, w->account, key), &val,
			   e);

	*b = (struct budget){ .total = 0 };
	if (rc > 0 && !budget_decode(val, b))
		return err_set(e, EX_DATAERR,
			       "budget of %.*s: its count in the ledger is "
			       "damaged",
			       STR_ARG(w->id));
	return rc < 0 ? -1 : 0;
}

static int save_budget(struct scraper *s, const struct way *w,
		       const struct budget *b, struct err *e)
{
	struct buf text = { 0 };
	char key[ROW_KEY_MAX];
	int rc;

	budget_encode(b, &text);
	rc = stage_put(s->stage, row_key(ROW_BUDGET, w->account, key),
		       buf_str(&text), e);
	buf_free(&text);
	return rc;
}

/* What the way itself remembers of its budget. */
static void note_budget(struct way *w, const struct budget *b, int64_t now_s)
{
	w->used = budget_used(b);
	w->resets_s = b->n ? b->v[b->now].end_s
			   : budget_period(&w->budget, now_s).end_s;
	w->spent = budget_left(&w->budget, b) < w->budget.cost;
}

static int count(struct scraper *s, struct way *w, bool *took_r, struct err *e)
{
	int64_t now_us = clk_wall_us(), before;
	int64_t step = w->budget.budget / STEPS + 1;
	struct budget b;

	if (stage_begin(s->stage, e) || load_budget(s, w, &b, e))
		return -1;
	before = budget_used(&b);
	*took_r = budget_take(&w->budget, &b, now_us / 1000000);
	note_budget(w, &b, now_us / 1000000);
	w->told = false;
	if (*took_r && save_budget(s, w, &b, e))
		return -1;
	if ((w->used / step != before / step || w->spent) &&
	    ways_tell(s, w, now_us, e))
		return -1;
	return stage_commit(s->stage, e);
}

bool ways_spend(void *arg, struct way *w)
{
	struct scraper *s = arg;
	bool took = false;
	struct err e;

	if (!s->conf->counts) {
		snprintf(w->broken, sizeof(w->broken),
			 "%.*s: its budget is not counted without --state",
			 STR_ARG(w->id));
		return false;
	}
	if (count(s, w, &took, &e)) {
		stage_fail(s->stage, &e);
		return false;
	}
	if (took)
		stats_add(stage_stats(s->stage), "provider_requests_total",
			  NULL, 1);
	if (!w->told && !loop_timer_running(s->telling))
		loop_timer_start(s->telling, TELL_MS);
	return took;
}

void ways_left(void *arg, bool provider, enum pool_end how, bool changed)
{
	struct scraper *s = arg;
	static const char *const ends[] = { [POOL_GOOD] = "good",
					    [POOL_NEUTRAL] = "cancelled",
					    [POOL_DOUBT] = "doubt",
					    [POOL_FAILED] = "failed" };

	stats_add(stage_stats(s->stage),
		  provider ? "provider_ends_total" : "proxy_ends_total",
		  ends[how], 1);
	if (changed || !loop_timer_running(s->telling))
		loop_timer_start(s->telling, changed ? 0 : TELL_MS);
}

/* ---- what is told ---- */

struct number {
	char text[24];
};

static struct str number(int64_t v, struct number *n)
{
	snprintf(n->text, sizeof(n->text), "%lld", (long long)v);
	return str_from(n->text);
}

static int provider_status(struct scraper *s, struct way *w, int64_t time_us,
			   struct buf *json, struct err *e)
{
	int64_t now_ms = loop_now_ms(s->loop), left;
	char resets[CLK_TEXT_SIZE], reason[EGRESS_REASON_MAX] = "";
	struct number n[3];
	struct budget b;
	struct type_provider_status t = { .provider = w->id };

	if (load_budget(s, w, &b, e))
		return -1;
	budget_roll(&w->budget, &b, time_us / 1000000);
	note_budget(w, &b, time_us / 1000000);
	left = budget_left(&w->budget, &b);
	if (w->broken[0])
		str_copy(reason, sizeof(reason), str_from(w->broken));
	else if (w->spent)
		egress_say_spent(w, reason);
	else if (!way_well(w, now_ms))
		str_copy(reason, sizeof(reason), str_from(w->failure));
	t.budget = number(w->budget.budget, &n[0]);
	t.used = number(w->used, &n[1]);
	t.left = number(left, &n[2]);
	t.resets = str_from(clk_format(w->resets_s * 1000000, resets));
	t.healthy = !reason[0];
	if (reason[0])
		t.reason = str_from(reason);
	shape_encode(&shape_provider_status, &t, json);
	return 0;
}

static void pool_status(struct scraper *s, struct way *w, struct buf *json)
{
	size_t well = w->broken[0] ? 0 : way_well(w, loop_now_ms(s->loop));
	struct number n[4];
	struct type_proxy_status t = {
		.pool = w->id,
		.proxies = number((int64_t)w->n, &n[0]),
		.healthy = number((int64_t)well, &n[1]),
		.requests = number((int64_t)w->requests, &n[2]),
		.failures = number((int64_t)w->failures, &n[3]),
	};

	if (well < w->n)
		t.reason = str_from(w->broken[0] ? w->broken : w->failure);
	shape_encode(&shape_proxy_status, &t, json);
}

/* Nothing is said twice: what was said last is in the ledger. */
static int tell(struct scraper *s, struct str topic, struct str data,
		int64_t time_us, struct err *e)
{
	char key[ROW_KEY_MAX];
	struct str was;
	int rc = stage_get(s->stage, row_key(ROW_TOLD, topic, key), &was, e);

	if (rc < 0 || (rc > 0 && str_eq(was, data)))
		return rc < 0 ? -1 : 0;
	if (stage_emit(s->stage, topic, time_us, NULL, (struct str){ 0 }, data,
		       e))
		return -1;
	return stage_put(s->stage, row_key(ROW_TOLD, topic, key), data, e);
}

int ways_tell(struct scraper *s, struct way *w, int64_t time_us, struct err *e)
{
	const char *type =
		w->is_provider ? "provider.status/" : "proxy.status/";
	struct buf json = { 0 };
	char topic[ROW_KEY_MAX];
	int rc = 0;

	if (stage_is_silent(s->stage) || s->conf->test)
		return 0;
	if (w->is_provider)
		rc = provider_status(s, w, time_us, &json, e);
	else
		pool_status(s, w, &json);
	if (rc == 0)
		rc = tell(s, row_key(type, w->id, topic), buf_str(&json),
			  time_us, e);
	buf_free(&json);
	w->told = rc == 0;
	w->told_well = way_well(w, loop_now_ms(s->loop));
	return rc;
}

int ways_tell_all(struct scraper *s, struct err *e)
{
	int64_t now_us = clk_wall_us();

	for (struct way *w = egress_first(s->egress); w; w = w->next)
		if (ways_tell(s, w, now_us, e))
			return -1;
	return 0;
}

/* What is not as it was told, now and then; those that rest will be well. */
void ways_tick(void *arg)
{
	struct scraper *s = arg;
	int64_t now_us = clk_wall_us(), now_ms = loop_now_ms(s->loop);
	bool rests = false;
	struct err e;

	if (stage_begin(s->stage, &e))
		goto fail;
	for (struct way *w = egress_first(s->egress); w; w = w->next) {
		size_t well = way_well(w, now_ms);

		rests |= well < w->n;
		if ((!w->told || well != w->told_well) &&
		    ways_tell(s, w, now_us, &e))
			goto fail;
	}
	if (stage_commit(s->stage, &e))
		goto fail;
	if (rests)
		loop_timer_start(s->telling, TELL_MS);
	return;
fail:
	stage_fail(s->stage, &e);
}

/* ---- settings ---- */

static int set(struct scraper *s, bool provider, struct str id, struct str json,
	       struct err *e)
{
	const struct egress_env env = { .secrets_dir = s->conf->secrets_dir,
					.zones = &s->zones };

	return provider ? egress_set_provider(s->egress, id, json, &env, e)
			: egress_set_pool(s->egress, id, json, &env, e);
}

/* The door has checked it: what is refused here is an older version's. */
static int set_way(struct scraper *s, const struct event *ev, bool provider,
		   struct err *e)
{
	struct str id = event_subject(ev), json = ev->data;
	char key[ROW_KEY_MAX];
	struct way *w;
	struct err why;

	if (json_type_of(json) == JSON_NULL)
		json = (struct str){ 0 };
	row_key(provider ? ROW_PROVIDER : ROW_POOL, id, key);
	if (set(s, provider, id, json, &why)) {
		if (stage_is_filter(s->stage)) {
			*e = why;
			return -1;
		}
		log_warn("%s: %s", key, why.msg);
	}
	if (!json.p)
		return stage_del(s->stage, str_from(key), e) < 0 ? -1 : 0;
	w = egress_find(s->egress, id, provider);
	if (w && w->broken[0] && !stage_is_silent(s->stage))
		log_warn("%s", w->broken);
	if (stage_put(s->stage, str_from(key), json, e))
		return -1;
	return w && s->live ? ways_tell(s, w, ev->time_us, e) : 0;
}

int ways_event(struct scraper *s, const struct event *ev, struct err *e)
{
	if (!str_is_id(event_subject(ev)))
		return 0;
	if (event_is(ev, "proxy.set"))
		return set_way(s, ev, false, e);
	if (event_is(ev, "provider.set"))
		return set_way(s, ev, true, e);
	return 0;
}

static int load(struct scraper *s, bool provider, struct str id, struct str val)
{
	struct err why;
	struct way *w;

	if (set(s, provider, id, val, &why))
		log_warn("%.*s: %s", STR_ARG(id), why.msg);
	w = egress_find(s->egress, id, provider);
	if (w && w->broken[0])
		log_warn("%s", w->broken);
	return 0;
}

static int load_pool(void *arg, struct str key, struct str val, struct err *e)
{
	(void)e;
	return load(arg, false, str_sub(key, sizeof(ROW_POOL) - 1, key.len),
		    val);
}

static int load_provider(void *arg, struct str key, struct str val,
			 struct err *e)
{
	(void)e;
	return load(arg, true, str_sub(key, sizeof(ROW_PROVIDER) - 1, key.len),
		    val);
}

int ways_load(struct scraper *s, struct err *e)
{
	return stage_each(s->stage, STR(ROW_POOL), load_pool, s, e) ||
			       stage_each(s->stage, STR(ROW_PROVIDER),
					  load_provider, s, e)
		       ? -1
		       : 0;
}

int ways_open(struct scraper *s, struct err *e)
{
	const struct scraper_conf *conf = s->conf;

	if (!conf->file)
		return ways_load(s, e);
	if (conf->proxies &&
	    stage_feed_file(s->stage, conf->proxies, "proxy.set", e))
		return -1;
	return conf->providers ? stage_feed_file(s->stage, conf->providers,
						 "provider.set", e)
			       : 0;
}

/* ---- --via ---- */

int ways_parse(const char *text, struct str via[WAY_MAX], size_t *n_r,
	       struct err *e)
{
	struct shape_list l = { .v = via, .present = true };
	struct str rest = str_from(text), id;

	while (str_token(&rest, ",", &id)) {
		if (l.n == WAY_MAX)
			return err_set(e, EX_USAGE, "via: more than %d ways",
				       WAY_MAX);
		via[l.n++] = id;
	}
	*n_r = l.n;
	if (!via_check(&l, e))
		return 0;
	e->code = EX_USAGE;
	return -1;
}
