#include "alerter.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/log.h"
#include "common/types_rule.h"
#include "common/types_watch.h"
#include "common/xmem.h"

#include "dispatch.h"
#include "freshness.h"
#include "nodata.h"
#include "telling.h"

static struct str key_of(struct alerter *al, const char *table, struct str id)
{
	buf_reset(&al->key);
	buf_puts(&al->key, table);
	buf_add_str(&al->key, id);
	return buf_str(&al->key);
}

static int drop_key(struct stage *s, struct str key, struct err *e)
{
	return stage_del(s, key, e) < 0 ? -1 : 0;
}

static bool is_deletion(const struct event *ev)
{
	return !ev->data.p || json_type_of(json_trim(ev->data)) == JSON_NULL;
}

/* ---- keys, gathered first, since a walk must not change what it walks ---- */

struct gathering {
	struct arena *a;
	struct str *v;
	size_t n, cap;
	bool is_search;
	struct str id; /* only states of this rule; absent: all keys */
};

static int gather(void *arg, struct str key, struct str val, struct err *e)
{
	struct gathering *g = arg;

	(void)val;
	(void)e;
	if (g->id.p && !state_is_of(key, g->is_search, g->id))
		return 0;
	xgrow(&g->v, &g->cap, g->n, sizeof(*g->v));
	g->v[g->n++] = arena_str(g->a, key);
	return 0;
}

static int drop_states(struct alerter *al, struct stage *s,
		       const struct event *ev, struct str prefix,
		       bool is_search, struct str id, const char *why,
		       struct err *e)
{
	struct gathering g = { .a = &al->arena,
			       .is_search = is_search,
			       .id = id };
	int rc = stage_each(s, prefix, gather, &g, e);

	for (size_t i = 0; !rc && i < g.n; i++)
		rc = judge_drop(al, s, ev, g.v[i], why, e);
	free(g.v);
	return rc;
}

/* ---- the last known values ---- */

static struct str copy_json(struct str s, struct arena *a)
{
	return s.p ? arena_str(a, s) : s;
}

static int load_known(struct alerter *al, struct stage *s, struct str key,
		      struct known *k, struct err *e)
{
	struct str bytes;
	int got = stage_get(s, key, &bytes, e);

	known_init(k);
	if (got <= 0)
		return got;
	bytes = copy_json(bytes, &al->arena);
	if (!known_decode(bytes, &al->arena, k))
		return err_set(e, EX_DATAERR,
			       "%.*s: written by another version",
			       STR_ARG(key));
	return 1;
}

static int save_known(struct alerter *al, struct stage *s, struct str key,
		      struct known *k, const struct sighting *seen,
		      const struct event *ev, struct err *e)
{
	k->data = ev->data;
	k->time_us = ev->time_us;
	k->recorded_us = ev->recorded_us;
	if (seen->matter.price.p)
		known_price(k, seen->matter.price, seen->matter.currency,
			    ev->time_us);
	if (seen->matter.availability.p)
		k->availability = seen->matter.availability;
	buf_reset(&al->text);
	known_encode(k, &al->text);
	return stage_put(s, key, buf_str(&al->text), e);
}

/* The target of a watch that was set holds against that of the event. */
static int find_target(struct alerter *al, struct stage *s,
		       struct sighting *seen, struct err *e)
{
	struct type_item item;
	struct str bytes;
	int got;

	if (!seen->watch.p)
		return 0;
	got = stage_get(s, key_of(al, "watch/", seen->watch), &bytes, e);
	if (got <= 0)
		return got;
	bytes = arena_str(&al->arena, bytes);
	if (shape_decode(&shape_item, bytes, &item, &al->arena, e))
		return err_prefix(e, "watch/%.*s", STR_ARG(seen->watch));
	if (!str_eq(item.id, seen->item.id))
		return 0;
	seen->item.target = item.target;
	seen->item.currency = item.currency;
	return 0;
}

/* Nobody would know why it never fires. */
static void warn_of_currency(const struct rule *target,
			     const struct sighting *seen)
{
	const struct matter *m = &seen->matter;

	if (!m->price.p || !target->currency.p ||
	    str_eq(target->currency, m->currency))
		return;
	log_warn("watch %.*s: the target of %.*s is in %.*s, prices of %.*s "
		 "are in %.*s: they do not reach it",
		 STR_ARG(seen->watch.p ? seen->watch : STR("-")),
		 STR_ARG(seen->item.id), STR_ARG(target->currency),
		 STR_ARG(m->source),
		 STR_ARG(m->currency.p ? m->currency : STR("none")));
}

/*
 * Judge one rule by the value that is known under key ("price/ITEM/SOURCE"),
 * since ev has set it. watch: only a value that this watch has seen; r NULL:
 * the item's own target.
 */
static int judge_known(struct alerter *al, struct stage *s,
		       const struct event *ev, struct str key, struct str watch,
		       const struct rule *r, struct err *e)
{
	struct str item, rest = str_sub(key, strlen("price/"), key.len);
	struct buf topic = { 0 };
	struct event then = { .topic = { 0 } };
	struct sighting seen;
	struct known known;
	struct rule own;
	struct hearing h = {
		.stage = s, .ev = ev, .seen = &seen, .is_set = true
	};

	if (load_known(al, s, key, &known, e) < 0)
		return -1;
	item = str_cut(rest, '/', &rest);
	buf_puts(&topic, "price.update/");
	buf_add_str(&topic, item);
	then.topic = arena_str(&al->arena, buf_str(&topic));
	buf_free(&topic);
	then.data = known_data(&known, &al->arena);
	/* A setting from a file has no time of its own. */
	h.time_us = ev->time_us > known.time_us ? ev->time_us : known.time_us;
	h.recorded_us = ev->recorded_us > known.recorded_us ? ev->recorded_us
							    : known.recorded_us;
	then.time_us = h.time_us;
	if (!sighting_read(&then, &al->arena, &seen) ||
	    (watch.p && seen.watch.p && !str_eq(seen.watch, watch)))
		return 0;
	if (find_target(al, s, &seen, e))
		return -1;
	seen.matter.known = &known;
	seen.matter.price = known.price;
	seen.matter.currency = known.currency;
	seen.matter.availability = known.availability;
	if (!r && rule_from_item(&own, &seen.item)) {
		warn_of_currency(&own, &seen);
		r = &own;
	}
	if (!r || !rule_concerns(r, seen.matter.topic, seen.matter.source))
		return 0;
	return judge_rule(al, &h, r, e);
}

static int judge_all_known(struct alerter *al, struct stage *s,
			   const struct event *ev, struct str prefix,
			   struct str watch, const struct rule *r,
			   struct err *e)
{
	struct gathering g = { .a = &al->arena };
	int rc = stage_each(s, prefix, gather, &g, e);

	for (size_t i = 0; !rc && i < g.n; i++)
		rc = judge_known(al, s, ev, g.v[i], watch, r, e);
	free(g.v);
	return rc;
}

/* ---- settings ---- */

/* A setting that cannot be: an error in a file, passed over on the bus. */
static int refuse(const struct alerter *al, const struct event *ev,
		  const struct err *bad, struct err *e)
{
	if (al->feeding) {
		*e = *bad;
		return -1;
	}
	log_warn("%.*s: not taken: %s", STR_ARG(ev->topic), bad->msg);
	return 0;
}

static void count_search(struct alerter *al, const struct rule *r, int by)
{
	if (r && r->is_search)
		users_get(&al->users, r->user)->n_searches += (uint64_t)by;
}

/* A user may have so many saved searches; old is the one that r replaces. */
static bool may_search(struct alerter *al, struct stage *s,
		       const struct rule *old, const struct rule *r,
		       struct err *bad)
{
	const struct user *u = users_get(&al->users, r->user);

	if (!r->is_search || !u->max_searches ||
	    u->n_searches < u->max_searches ||
	    (old && str_eq(old->user, r->user)))
		return true;
	stats_add(stage_stats(s), "searches_refused_total", NULL, 1);
	err_set(bad, EX_DATAERR, "user %.*s has %llu searches, as many as set",
		STR_ARG(u->id), (unsigned long long)u->n_searches);
	return false;
}

static int set_rule(struct alerter *al, struct stage *s, const struct event *ev,
		    bool is_search, struct err *e)
{
	const char *table = is_search ? "search/" : "rule/";
	const char *told = is_search ? TELLING_COUNT "s/" : TELLING_COUNT "r/";
	struct str id = event_subject(ev), all = STR("state/");
	const struct rule *old;
	struct rule *r;
	struct err bad;

	/* Setting what is set already is no news. */
	if (ev->data.p &&
	    str_eq(percolator_text(al->percolator, is_search, id), ev->data))
		return 0;
	old = percolator_get(al->percolator, is_search, id);
	if (is_deletion(ev)) {
		if (drop_states(al, s, ev, all, is_search, id, "removed", e) ||
		    (!is_search && nodata_remove(al, s, id, e)))
			return -1;
		count_search(al, old, -1);
		percolator_remove(al->percolator, is_search, id);
		return drop_key(s, key_of(al, told, id), e) ||
				       drop_key(s, key_of(al, table, id), e)
			       ? -1
			       : 0;
	}
	r = rule_new(is_search, id, ev->data, &bad);
	if (r && !may_search(al, s, old, r, &bad))
		rule_free(&r);
	if (!r)
		return refuse(al, ev, &bad, e);
	if (old && (drop_states(al, s, ev, all, is_search, id, "set anew", e) ||
		    (!is_search && nodata_remove(al, s, id, e)))) {
		rule_free(&r);
		return -1;
	}
	count_search(al, old, -1);
	count_search(al, r, 1);
	percolator_put(al->percolator, r);
	if (stage_put(s, key_of(al, table, id), ev->data, e))
		return -1;
	if (is_search) /* and r is the percolator's, to keep or to free */
		return 0;
	if (nodata_is(r))
		return nodata_set(al, s, ev, r, e);
	if (rule_is_momentary(r))
		return 0;
	return judge_all_known(al, s, ev, STR("price/"), (struct str){ 0 }, r,
			       e);
}

static int set_user(struct alerter *al, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct str id = event_subject(ev);
	struct err bad;

	if (is_deletion(ev)) {
		users_remove(&al->users, id);
		return drop_key(s, key_of(al, TELLING_COUNT "u/", id),
				e) || drop_key(s, key_of(al, "user/", id), e) ||
				       dispatch_user(al, s, id, ev, e)
			       ? -1
			       : 0;
	}
	if (users_put(&al->users, id, ev->data, &bad))
		return refuse(al, ev, &bad, e);
	return stage_put(s, key_of(al, "user/", id), ev->data, e) ||
			       dispatch_user(al, s, id, ev, e)
		       ? -1
		       : 0;
}

static int set_silence(struct alerter *al, struct stage *s,
		       const struct event *ev, struct err *e)
{
	struct str id = event_subject(ev);
	struct err bad;

	if (is_deletion(ev)) {
		silences_remove(&al->silences, id);
		if (drop_key(s, key_of(al, "silence/", id), e))
			return -1;
	} else {
		if (silences_put(&al->silences, id, ev->data, &bad))
			return refuse(al, ev, &bad, e);
		if (stage_put(s, key_of(al, "silence/", id), ev->data, e))
			return -1;
	}
	return judge_suppressed(al, s, ev, e);
}

static int read_watch(struct alerter *al, const struct event *ev,
		      struct type_watch *w_r, struct err *bad)
{
	if (shape_decode(&shape_watch, ev->data, w_r, &al->arena, bad))
		return -1;
	w_r->id = event_subject(ev);
	return watch_complete(w_r, &al->arena, bad);
}

/* The item of a watch as the ledger keeps it; absent where it has none. */
static struct str item_text(struct alerter *al, const struct type_watch *w)
{
	if (!w->item.present)
		return (struct str){ 0 };
	buf_reset(&al->text);
	shape_encode(&shape_item, &w->item, &al->text);
	return arena_str(&al->arena, buf_str(&al->text));
}

/*
 * The target of an item, as the ledger kept it of this watch, holds no more;
 * that of another watch does.
 */
static int drop_target(struct alerter *al, struct stage *s,
		       const struct event *ev, struct str text, const char *why,
		       struct err *e)
{
	struct gathering g = { .a = &al->arena };
	struct buf prefix = { 0 };
	struct type_item item;
	struct known known;
	int rc;

	if (shape_decode(&shape_item, text, &item, &al->arena, e))
		return err_prefix(e, "watch/%.*s", STR_ARG(event_subject(ev)));
	buf_addf(&prefix, "price/%.*s/", STR_ARG(item.id));
	rc = stage_each(s, buf_str(&prefix), gather, &g, e);
	for (size_t i = 0; !rc && i < g.n; i++) {
		struct str watch;

		rc = load_known(al, s, g.v[i], &known, e) < 0;
		watch = json_get_text(known.data, "watch", &al->arena);
		if (rc || (watch.p && !str_eq(watch, event_subject(ev))))
			continue;
		buf_reset(&prefix);
		buf_puts(&prefix, "state/");
		buf_add_str(&prefix,
			    str_sub(g.v[i], strlen("price/"), g.v[i].len));
		buf_putc(&prefix, '/');
		rc = drop_states(al, s, ev, buf_str(&prefix), false,
				 STR(RULE_TARGET), why, e);
	}
	buf_free(&prefix);
	free(g.v);
	return rc ? -1 : 0;
}

static int set_watch(struct alerter *al, struct stage *s,
		     const struct event *ev, struct err *e)
{
	struct str id = event_subject(ev), old = { 0 }, text = { 0 };
	bool gone = is_deletion(ev);
	struct type_watch w;
	struct buf prefix = { 0 };
	struct err bad;
	int got, rc;

	if (!gone && read_watch(al, ev, &w, &bad))
		return refuse(al, ev, &bad, e);
	if (freshness_set(al, s, ev, gone ? NULL : &w, e))
		return -1;
	if (!gone)
		text = item_text(al, &w);
	got = stage_get(s, key_of(al, "watch/", id), &old, e);
	if (got < 0)
		return -1;
	if (got && text.p && str_eq(old, text))
		return 0;
	if (got && drop_target(al, s, ev, arena_str(&al->arena, old),
			       gone ? "removed" : "set anew", e))
		return -1;
	if (!text.p)
		return drop_key(s, key_of(al, "watch/", id), e);
	if (stage_put(s, key_of(al, "watch/", id), text, e) ||
	    drop_target(al, s, ev, text, "set anew", e))
		return -1;
	buf_addf(&prefix, "price/%.*s/", STR_ARG(w.item.id));
	rc = judge_all_known(al, s, ev, buf_str(&prefix), id, NULL, e);
	buf_free(&prefix);
	return rc;
}

/* ---- facts ---- */

/* A rule that was so of this may no longer be found by what it says now. */
static int find_also(void *arg, struct str key, struct str val, struct err *e)
{
	struct alerter *al = arg;
	bool is_search;
	struct str id = state_rule(key, &is_search);

	(void)val;
	(void)e;
	percolator_find_also(al->percolator, is_search, id);
	return 0;
}

static int judge_all_rules(struct alerter *al, const struct hearing *h,
			   struct err *e)
{
	const struct matter *m = &h->seen->matter;
	struct buf prefix = { 0 };
	int rc;

	percolator_find(al->percolator, m);
	buf_addf(&prefix, "state/%.*s/", STR_ARG(h->seen->key));
	rc = stage_each(h->stage, buf_str(&prefix), find_also, al, e);
	buf_free(&prefix);
	for (size_t i = 0; !rc && i < percolator_n_found(al->percolator); i++) {
		const struct rule *r = percolator_found(al->percolator, i);

		if (!rule_concerns(r, m->topic, m->source))
			continue;
		if (!nodata_is(r))
			rc = judge_rule(al, h, r, e);
		else if (rule_judge(r, m, false) == VERDICT_YES)
			rc = nodata_heard(al, h, r, e);
	}
	return rc;
}

static int take_price(struct alerter *al, struct hearing *h,
		      struct sighting *seen, struct err *e)
{
	struct str key = arena_str(&al->arena, key_of(al, "price/", seen->key));
	struct known known;
	struct rule own;
	bool has_target, is_same;

	if (load_known(al, h->stage, key, &known, e) < 0 ||
	    find_target(al, h->stage, seen, e))
		return -1;
	h->first = !known.availability.p;
	is_same =
		known.price.p && str_eq(known.currency, seen->matter.currency);
	if (is_same)
		seen->matter.previous = known.price;
	seen->matter.known = &known;
	has_target = rule_from_item(&own, &seen->item);
	if (has_target && !is_same)
		warn_of_currency(&own, seen);
	if (has_target && judge_rule(al, h, &own, e))
		return -1;
	if (judge_all_rules(al, h, e))
		return -1;
	return save_known(al, h->stage, key, &known, seen, h->ev, e);
}

/* Forget what was so; a cooldown holds for one that comes back, too. */
static int take_gone(struct alerter *al, const struct hearing *h, struct err *e)
{
	struct gathering g = { .a = &al->arena };
	struct buf prefix = { 0 };
	int rc;

	buf_addf(&prefix, "state/%.*s/", STR_ARG(h->seen->key));
	rc = stage_each(h->stage, buf_str(&prefix), gather, &g, e);
	for (size_t i = 0; !rc && i < g.n; i++)
		rc = judge_gone(al, h, g.v[i], e);
	buf_free(&prefix);
	free(g.v);
	return rc;
}

static int take_fact(struct alerter *al, struct stage *s,
		     const struct event *ev, struct err *e)
{
	struct sighting seen;
	struct hearing h = { .stage = s,
			     .ev = ev,
			     .seen = &seen,
			     .time_us = ev->time_us,
			     .recorded_us = ev->recorded_us };
	struct freshness_end end = { .well = true, .items = -1 };

	if (!sighting_read(ev, &al->arena, &seen))
		return 0;
	if (seen.kind == SIGHTING_PRICE)
		end.price = seen.matter.price;
	if (seen.watch.p && freshness_fetched(al, s, ev, seen.watch, &end, e))
		return -1;
	if (seen.kind == SIGHTING_PRICE)
		return take_price(al, &h, &seen, e);
	return seen.kind == SIGHTING_GONE ? take_gone(al, &h, e)
					  : judge_all_rules(al, &h, e);
}

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct alerter *al = self;

	arena_reset(&al->arena);
	if (!al->feeding && nodata_observed(al, s, ev, e))
		return -1;
	if (event_is(ev, "watch.set"))
		return set_watch(al, s, ev, e);
	if (event_is(ev, "rule.set"))
		return set_rule(al, s, ev, false, e);
	if (event_is(ev, "search.set"))
		return set_rule(al, s, ev, true, e);
	if (event_is(ev, "user.set"))
		return set_user(al, s, ev, e);
	if (event_is(ev, "silence.set"))
		return set_silence(al, s, ev, e);
	if (event_is(ev, "alert.ack"))
		return judge_ack(al, s, ev, e);
	if (stage_is_silent(s) && str_starts(ev->topic, STR("alert.")))
		return judge_learn(al, s, ev, e);
	if (freshness_observed(al, s, ev, e))
		return -1;
	return take_fact(al, s, ev, e);
}

/* ---- start and deadlines ---- */

struct loading {
	struct alerter *al;
	bool is_search;
	struct deadlines old; /* states of a version before */
};

static struct str id_in(struct str key)
{
	return str_sub(key, str_chr(key, '/') + 1, key.len);
}

static int load_rule(void *arg, struct str key, struct str val, struct err *e)
{
	struct loading *l = arg;
	struct rule *r = rule_new(l->is_search, id_in(key), val, e);

	/* Taken by an older version, which knew less of what cannot be. */
	if (!r) {
		log_warn("%.*s: not taken: %s", STR_ARG(key), e->msg);
		return 0;
	}
	count_search(l->al, r, 1);
	percolator_put(l->al->percolator, r);
	return 0;
}

static int load_user(void *arg, struct str key, struct str val, struct err *e)
{
	struct loading *l = arg;

	if (users_put(&l->al->users, id_in(key), val, e))
		log_warn("%.*s: not taken: %s", STR_ARG(key), e->msg);
	return 0;
}

static int load_silence(void *arg, struct str key, struct str val,
			struct err *e)
{
	struct loading *l = arg;

	return silences_put(&l->al->silences, id_in(key), val, e);
}

static int load_state(void *arg, struct str key, struct str val, struct err *e)
{
	struct loading *l = arg;
	struct state st;

	(void)e;
	arena_reset(&l->al->arena);
	if (!state_decode(val, &l->al->arena, &st))
		return 0;
	judge_watch(l->al, key, &st);
	if (st.is_old)
		deadlines_set(&l->old, key, 0);
	return 0;
}

static int renew(struct alerter *al, struct stage *s, struct deadlines *old,
		 struct err *e)
{
	int rc = 0;

	while (!rc && old->n) {
		arena_reset(&al->arena);
		rc = judge_renew(al, s, old->v[0]->key, e);
		deadlines_set(old, old->v[0]->key, CLK_NONE);
	}
	deadlines_free(old);
	return rc;
}

static int load_freshness(void *arg, struct str key, struct str val,
			  struct err *e)
{
	struct alerter *al = arg;

	(void)e;
	arena_reset(&al->arena);
	deadlines_set(&al->deadlines, key, freshness_deadline(val, &al->arena));
	return 0;
}

static int feed(struct stage *s, const char *path, const char *type,
		struct err *e)
{
	return path ? stage_feed_file(s, path, type, e) : 0;
}

static int on_open(void *self, struct stage *s, struct err *e)
{
	struct alerter *al = self;
	struct loading rules = { .al = al };
	struct loading searches = { .al = al, .is_search = true };
	int rc;

	if (stage_each(s, STR("rule/"), load_rule, &rules, e) ||
	    stage_each(s, STR("search/"), load_rule, &searches, e) ||
	    stage_each(s, STR("user/"), load_user, &rules, e) ||
	    stage_each(s, STR("silence/"), load_silence, &rules, e) ||
	    stage_each(s, STR("state/"), load_state, &rules, e) ||
	    stage_each(s, FRESHNESS_KEY, load_freshness, al, e) ||
	    dispatch_open(al, s, e) || renew(al, s, &rules.old, e) ||
	    nodata_load(al, s, e))
		return -1;
	al->feeding = true;
	rc = feed(s, al->watches, "watch.set", e) ||
			     feed(s, al->rules, "rule.set", e) ||
			     feed(s, al->searches, "search.set", e)
		     ? -1
		     : 0;
	al->feeding = false;
	return rc;
}

static int64_t on_deadline(void *self)
{
	const struct alerter *al = self;

	return al->deadlines.n ? al->deadlines.v[0]->due_us : CLK_NONE;
}

static int on_fire(void *self, struct stage *s, int64_t now_us, struct err *e)
{
	struct alerter *al = self;

	arena_reset(&al->arena);
	return judge_due(al, s, now_us, e);
}

/* With what was kept for it: that may be what it failed on. */
static int on_give_up(void *self, struct stage *s, int64_t now_us,
		      struct err *e)
{
	struct alerter *al = self;
	struct str key = al->deadlines.v[0]->key;

	(void)now_us;
	if (stage_del(s, key, e) < 0)
		return -1;
	deadlines_set(&al->suppressed, key, CLK_NONE);
	deadlines_set(&al->deadlines, key, CLK_NONE);
	return 0;
}

const struct stage_handler alerter_handler = {
	.tool = "alerter",
	.pure = true,
	.open = on_open,
	.event = on_event,
	.deadline = on_deadline,
	.fire = on_fire,
	.give_up = on_give_up,
};

void alerter_init(struct alerter *al)
{
	al->percolator = percolator_new();
}

void alerter_fini(struct alerter *al)
{
	percolator_free(&al->percolator);
	silences_free(&al->silences);
	users_free(&al->users);
	inhibitors_free(&al->inhibitors);
	deadlines_free(&al->deadlines);
	deadlines_free(&al->suppressed);
	deadlines_free(&al->uncounted);
	deadlines_free(&al->counting);
	arena_free(&al->arena);
	buf_free(&al->key);
	buf_free(&al->text);
}
