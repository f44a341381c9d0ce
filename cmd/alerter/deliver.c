#include "deliver.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"

#include "alert.h"
#include "timeline.h"

struct str run_key(const struct run *r, const char *table, struct str rest)
{
	struct buf b = { 0 };
	struct str key;

	buf_puts(&b, table);
	buf_add_str(&b, rest);
	key = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	return key;
}

static void hash_text(uint64_t hash, char out[17])
{
	snprintf(out, 17, "%016llx", (unsigned long long)hash);
}

/* ---- rows ---- */

void item_find(const struct run *r, struct item *it)
{
	const struct rule *rule =
		percolator_get(r->al->percolator, it->t.search, it->alert.rule);

	it->policy = policy_or_none(rule ? rule->policy : NULL);
	/* A search is compiled for a while only. */
	if (rule && rule->policy && it->t.search) {
		struct policy *own = arena_alloc(&r->al->arena, sizeof(*own));

		*own = *rule->policy;
		it->policy = own;
	}
	it->user = users_get(&r->al->users, it->alert.user);
}

int item_load(const struct run *r, struct str id, struct item *it_r)
{
	struct arena *a = &r->al->arena;
	struct str key = run_key(r, TELLING_ALERT, id), text;
	int got = stage_get(r->s, key, &text, r->e);

	*it_r = (struct item){ .stored = true };
	if (got <= 0)
		return got;
	if (telling_decode(arena_str(a, text), a, &it_r->t, r->e) ||
	    shape_decode(&shape_alert, it_r->t.alert, &it_r->alert, a, r->e))
		return err_prefix(r->e, "%.*s", STR_ARG(key));
	item_find(r, it_r);
	return 1;
}

int item_save(const struct run *r, struct item *it)
{
	struct str key = run_key(r, TELLING_ALERT, it->t.id);

	it->stored = true;
	it->gone = false;
	buf_reset(&r->al->text);
	telling_encode(&it->t, &r->al->text);
	return stage_put(r->s, key, buf_str(&r->al->text), r->e);
}

int item_drop(const struct run *r, struct item *it)
{
	struct str key;

	it->gone = true;
	if (!it->stored)
		return 0;
	key = run_key(r, TELLING_ALERT, it->t.id);
	return stage_del(r->s, key, r->e) < 0 ? -1 : 0;
}

int queue_load(const struct run *r, struct str key, struct queue *q_r)
{
	struct arena *a = &r->al->arena;
	struct str text;
	int got = stage_get(r->s, key, &text, r->e);

	*q_r = (struct queue){ .alerts = { .present = true } };
	if (got > 0 && queue_decode(arena_str(a, text), a, q_r, r->e))
		return err_prefix(r->e, "%.*s", STR_ARG(key));
	q_r->key = key;
	return got;
}

static bool is_group(struct str key)
{
	return str_starts(key, STR(TELLING_QUEUE "g/"));
}

int queue_save(const struct run *r, const struct queue *q)
{
	struct str old;
	int got = is_group(q->key) ? stage_get(r->s, q->key, &old, r->e) : 1;

	if (got < 0)
		return -1;
	r->al->n_groups += got == 0;
	deadlines_set(&r->al->deadlines, q->key, telling_time(q->due));
	buf_reset(&r->al->text);
	queue_encode(q, &r->al->text);
	return stage_put(r->s, q->key, buf_str(&r->al->text), r->e);
}

int queue_drop(const struct run *r, const struct queue *q)
{
	int had = stage_del(r->s, q->key, r->e);

	if (had < 0)
		return -1;
	if (is_group(q->key) && had > 0)
		r->al->n_groups--;
	deadlines_set(&r->al->deadlines, q->key, CLK_NONE);
	return 0;
}

/* What is over, or waits elsewhere, is left in its queue until that is due. */
static bool is_waiting(const struct run *r, const struct queue *q,
		       struct str id)
{
	char kind = q->key.p[strlen(TELLING_QUEUE)];
	struct item it;
	int got = item_load(r, id, &it);

	if (got <= 0)
		return got < 0;
	if (kind == 'e')
		return it.t.due.p;
	return str_eq(kind == 'g' ? it.t.group : it.t.in, q->key);
}

static void queue_tidy(const struct run *r, struct queue *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->alerts.n; i++)
		if (is_waiting(r, q, q->alerts.v[i]))
			q->alerts.v[n++] = q->alerts.v[i];
	q->alerts.n = n;
}

bool queue_add(const struct run *r, struct queue *q, struct str id)
{
	struct shape_list *l = &q->alerts;
	struct str *v;

	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], id))
			return true;
	if (l->n == TELLING_QUEUE_MAX)
		queue_tidy(r, q);
	if (l->n == TELLING_QUEUE_MAX) {
		q->more = telling_digits((uint64_t)shape_count(q->more, 0) + 1,
					 &r->al->arena);
		stats_add(stage_stats(r->s), "alerts_counted_total", NULL, 1);
		return false;
	}
	v = arena_alloc(&r->al->arena, (l->n + 1) * sizeof(*v));
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	v[l->n++] = id;
	l->v = v;
	return true;
}

void queue_hasten(const struct run *r, struct queue *q, int64_t due_us)
{
	int64_t old_us = telling_time(q->due);

	if (due_us != CLK_NONE && (old_us == CLK_NONE || due_us < old_us))
		q->due = telling_text_of(due_us, &r->al->arena);
}

/* ---- who is told, and over what ---- */

static struct shape_list channels_of(const struct item *it)
{
	return it->alert.notify.present ? it->alert.notify : it->user->notify;
}

struct str queue_key(const struct run *r, char kind, const struct item *it)
{
	struct shape_list notify = channels_of(it);
	struct buf b = { 0 };
	char hash[17];
	struct str key;

	for (size_t i = 0; i < notify.n; i++) {
		buf_add_str(&b, notify.v[i]);
		buf_putc(&b, ' ');
	}
	hash_text(str_hash_id(buf_str(&b)), hash);
	buf_reset(&b);
	buf_addf(&b, TELLING_QUEUE "%c/", kind);
	buf_add_str(&b, it->alert.user);
	buf_addf(&b, "/%s", hash);
	key = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	return key;
}

static struct str cause_of(const struct run *r, struct str cause)
{
	struct buf b = { 0 };
	struct str ext;

	if (!cause.p)
		return cause;
	buf_puts(&b, "{\"cause\":");
	buf_json_str(&b, cause);
	buf_putc(&b, '}');
	ext = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	return ext;
}

static int emit(const struct run *r, struct str user, const struct notice *what)
{
	buf_reset(&r->al->text);
	if (notice_make(what, &r->al->arena, &r->al->text, r->e))
		return -1;
	stats_add(stage_stats(r->s), "notifications_total", NULL, 1);
	return stage_emit(r->s, run_key(r, "user.notification/", user),
			  r->time_us, NULL, cause_of(r, what->v[0]->cause),
			  buf_str(&r->al->text), r->e);
}

/* It is so, but nobody is told; until_us may be CLK_NONE. */
static int suppress(const struct run *r, const struct item *it,
		    const char *reason, int64_t until_us)
{
	struct type_alert alert = it->alert;

	alert.reason = str_from(reason);
	alert.until = telling_text_of(until_us, &r->al->arena);
	buf_reset(&r->al->text);
	shape_encode(&shape_alert, &alert, &r->al->text);
	stats_add(stage_stats(r->s), "alerts_total", NULL, 1);
	return stage_emit(
		r->s, alert_topic("alert.suppressed", &alert, &r->al->arena),
		r->time_us, NULL, cause_of(r, it->t.cause),
		buf_str(&r->al->text), r->e);
}

/* ---- how many a day ---- */

static struct str count_key(const struct run *r, const struct item *it,
			    bool of_user)
{
	if (of_user)
		return run_key(r, TELLING_COUNT "u/", it->alert.user);
	return run_key(r,
		       it->t.search ? TELLING_COUNT "s/" : TELLING_COUNT "r/",
		       it->alert.rule);
}

static int load_count(const struct run *r, struct str key,
		      struct plan_count *count_r)
{
	struct str text;
	int got = stage_get(r->s, key, &text, r->e);

	*count_r = got > 0 ? count_decode(text) : (struct plan_count){ 0 };
	return got < 0 ? -1 : 0;
}

static int add_one(const struct run *r, const struct item *it, bool of_user)
{
	struct str key = count_key(r, it, of_user);
	struct plan_count count;

	if (load_count(r, key, &count))
		return -1;
	plan_add(&count, it->user, r->now_us);
	buf_reset(&r->al->text);
	count_encode(count, &r->al->text);
	return stage_put(r->s, key, buf_str(&r->al->text), r->e);
}

static int ask_of(const struct run *r, const struct item *it,
		  struct plan_ask *ask_r)
{
	*ask_r = (struct plan_ask){ .user = it->user,
				    .urgent = it->policy->urgent,
				    .digest = it->policy->digest,
				    .rule_max = it->policy->max_per_day };
	if (it->user->max_per_day &&
	    load_count(r, count_key(r, it, true), &ask_r->of_user))
		return -1;
	return it->policy->max_per_day
		       ? load_count(r, count_key(r, it, false), &ask_r->of_rule)
		       : 0;
}

static bool is_counted(struct item *const *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (v[k]->t.search == v[i]->t.search &&
		    str_eq(v[k]->alert.rule, v[i]->alert.rule))
			return true;
	return false;
}

/* Each of the rules and the user were told of once more. */
static int count(const struct run *r, struct item *const *v, size_t n)
{
	if (v[0]->user->max_per_day && add_one(r, v[0], true))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (v[i]->policy->max_per_day && !is_counted(v, i) &&
		    add_one(r, v[i], false))
			return -1;
	return 0;
}

static const char *const priorities[] = { "low", NULL, "high", "urgent" };

static unsigned rank(struct str priority)
{
	for (unsigned i = 0; i < 4; i++)
		if (priorities[i] && str_is(priority, priorities[i]))
			return i;
	return 1;
}

/* The most urgent of them. */
static struct str priority_of(struct item *const *v, size_t n)
{
	struct str most = v[0]->policy->priority;

	for (size_t i = 1; i < n; i++)
		if (rank(v[i]->policy->priority) > rank(most))
			most = v[i]->policy->priority;
	return most;
}

/* ---- escalation ---- */

/* What is only in a digest is not so urgent, unless its rule says otherwise. */
static size_t steps_of(const struct item *it, const struct step **step_r)
{
	*step_r = it->policy->escalates ? it->policy->step : it->user->step;
	if (it->policy->escalates)
		return it->policy->n_steps;
	return it->policy->digest ? 0 : it->user->n_steps;
}

static size_t taken(const struct item *it)
{
	return (size_t)shape_count(it->t.steps, 0);
}

/* Alerts of one user that take the same step, of the same rule or the user's. */
static struct str step_key(const struct run *r, const struct item *it)
{
	struct buf b = { 0 };
	char hash[17];
	struct str key;

	if (it->policy->escalates) {
		buf_addf(&b, "%d ", it->t.search);
		buf_add_str(&b, it->alert.rule);
	}
	buf_addf(&b, " %zu", taken(it));
	hash_text(str_hash_id(buf_str(&b)), hash);
	buf_reset(&b);
	buf_puts(&b, TELLING_QUEUE "e/");
	buf_add_str(&b, it->alert.user);
	buf_addf(&b, "/%s", hash);
	key = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	return key;
}

int item_step_at(const struct run *r, struct item *it, int64_t due_us)
{
	struct queue q;

	it->t.due = (struct str){ 0 };
	if (due_us == CLK_NONE)
		return 0;
	if (queue_load(r, step_key(r, it), &q) < 0)
		return -1;
	if (!queue_add(r, &q, it->t.id))
		return 0;
	it->t.due = telling_text_of(due_us, &r->al->arena);
	queue_hasten(r, &q, due_us);
	return queue_save(r, &q);
}

int item_next_step(const struct run *r, struct item *it)
{
	const struct step *step;
	size_t n = steps_of(it, &step);
	struct plan p = plan_step(step, n, taken(it), telling_time(it->t.at));

	if (it->t.acked || !it->t.at.p)
		p.at_us = CLK_NONE;
	return item_step_at(r, it, p.at_us);
}

bool item_waits(const struct item *it)
{
	/* Told among others: there is no notification of its own. */
	bool among = it->t.told.p && !str_eq(it->t.told, it->t.id);

	return it->t.group.p || it->t.due.p || it->t.in.p ||
	       (it->t.lasting &&
		(among || (it->t.steps.p && it->policy->resolved)));
}

static struct str step_id(const struct run *r, struct str id, size_t step)
{
	struct buf b = { 0 };

	buf_add_str(&b, id);
	buf_addf(&b, ".%zu", step);
	id = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	return id;
}

/* What step number tells: v[0 … n), all of one user. id: of several. */
static int emit_step(const struct run *r, struct item *const *v, size_t n,
		     const struct step *step, size_t number, struct str id)
{
	const struct telling **told =
		arena_alloc(&r->al->arena, n * sizeof(*told));
	struct str user = step->user.p ? step->user : v[0]->alert.user;
	struct notice what = { .kind = NOTICE_LATER,
			       .v = told,
			       .n = n,
			       .priority = priority_of(v, n),
			       .notify = step->notify,
			       .escalation = (unsigned)number,
			       .now_us = r->now_us };

	what.id = step_id(r, n == 1 ? v[0]->t.id : id, number);
	if (!what.notify.present)
		what.notify = step->user.p
				      ? users_get(&r->al->users, user)->notify
				      : channels_of(v[0]);
	for (size_t i = 0; i < n; i++) {
		told[i] = &v[i]->t;
		timeline_told(r->al->timeline, v[i]->t.id, r->now_us, &what,
			      user);
	}
	return emit(r, user, &what);
}

static int park(const struct run *r, struct item *it);

static bool is_inhibited(const struct run *r, const struct item *it)
{
	struct str topic;

	if (r->al->inhibitors.n == 0)
		return false;
	topic = alert_topic("alert.new", &it->alert, &r->al->arena);
	return inhibitors_find(&r->al->inhibitors, it->t.id, topic, it->t.alert)
		.p;
}

/* 1: this alert takes its next step now. */
static int may_step(const struct run *r, struct item *it)
{
	const struct step *step;
	size_t n = steps_of(it, &step), done = taken(it);
	const struct user *to;
	struct plan p;

	if (it->t.acked || it->t.over || done >= n) {
		it->t.due = (struct str){ 0 };
		return item_waits(it) ? item_save(r, it) : item_drop(r, it);
	}
	if (is_inhibited(r, it))
		return park(r, it);
	to = step[done].user.p ? users_get(&r->al->users, step[done].user)
			       : it->user;
	p = plan_take_step(to, it->policy->urgent, r->now_us);
	if (p.why == PLAN_NOW)
		return 1;
	timeline_waits(r->al->timeline, it->t.id, r->now_us, p, to);
	return item_step_at(r, it, p.at_us) || item_save(r, it) ? -1 : 0;
}

int deliver_step(const struct run *r, struct batch *b)
{
	struct item **v =
		arena_alloc(&r->al->arena, (b->n + 1) * sizeof(struct item *));
	const struct step *step;
	size_t n = 0, done;

	for (size_t i = 0; i < b->n; i++) {
		int rc = may_step(r, &b->v[i]);

		if (rc < 0)
			return -1;
		if (rc)
			v[n++] = &b->v[i];
	}
	if (n == 0)
		return 0;
	done = taken(v[0]);
	steps_of(v[0], &step);
	if (emit_step(r, v, n, &step[done], done + 1, b->id))
		return -1;
	for (size_t i = 0; i < n; i++) {
		v[i]->t.steps = telling_digits(done + 1, &r->al->arena);
		if (item_next_step(r, v[i]) ||
		    (item_waits(v[i]) ? item_save(r, v[i])
				      : item_drop(r, v[i])))
			return -1;
	}
	return 0;
}

int deliver_end(const struct run *r, struct item *it)
{
	const struct step *step;
	size_t n = steps_of(it, &step);

	for (size_t i = 0; i < taken(it) && i < n; i++)
		if (emit_step(r, &it, 1, &step[i], i + 1, it->t.id))
			return -1;
	return 0;
}

/* ---- not now ---- */

static int wait_in(const struct run *r, struct item *it, char kind,
		   int64_t due_us)
{
	struct queue q;

	if (queue_load(r, queue_key(r, kind, it), &q) < 0)
		return -1;
	it->t.in = q.key;
	it->t.due = (struct str){ 0 };
	if (queue_add(r, &q, it->t.id) ? item_save(r, it) : item_drop(r, it))
		return -1;
	queue_hasten(r, &q, due_us);
	return queue_save(r, &q);
}

/* Until what inhibits it is over. */
static int park(const struct run *r, struct item *it)
{
	timeline_inhibited(r->al->timeline, it->t.id, r->now_us);
	if (!it->t.told.p && !it->t.said &&
	    suppress(r, it, "inhibited", CLK_NONE))
		return -1;
	it->t.said = true;
	/* What only happens is over by then. */
	return it->t.lasting ? wait_in(r, it, 'i', CLK_NONE) : item_drop(r, it);
}

static int postpone(const struct run *r, struct item *it, struct plan p)
{
	bool limit = p.why == PLAN_RULE_LIMIT || p.why == PLAN_USER_LIMIT;

	timeline_waits(r->al->timeline, it->t.id, r->now_us, p, it->user);
	if (limit && !it->t.told.p && !it->t.said &&
	    suppress(r, it, "daily-limit", p.at_us))
		return -1;
	if (limit && !it->t.lasting)
		return item_drop(r, it);
	it->t.said |= limit;
	return wait_in(r, it, p.why == PLAN_DIGEST ? 'd' : 'l', p.at_us);
}

/* ---- now ---- */

/* It was told: what is to be remembered of it? */
static int settle(const struct run *r, struct item *it, struct str told)
{
	if (it->t.fresh && !it->t.told.p)
		it->t.at = telling_text_of(r->now_us, &r->al->arena);
	if (it->t.fresh)
		it->t.told = told;
	it->t.fresh = it->t.said = false;
	it->t.in = (struct str){ 0 };
	if (it->t.over)
		return item_drop(r, it);
	if (!it->t.due.p && item_next_step(r, it))
		return -1;
	return item_waits(it) ? item_save(r, it) : item_drop(r, it);
}

/* The limit that this notification is the last of, or 0. */
static int find_limit(const struct run *r, struct item *const *v, size_t n,
		      uint64_t *max_r)
{
	struct plan_ask ask;

	*max_r = 0;
	for (size_t i = 0; i < n; i++) {
		if (ask_of(r, v[i], &ask))
			return -1;
		if (plan_is_last(&ask, r->now_us, max_r))
			return 0;
	}
	*max_r = 0;
	return 0;
}

static void name(struct batch *b, struct item *const *v, size_t n,
		 struct notice *what)
{
	const struct telling *first = &v[0]->t;
	bool alone = n == 1 && !b->more && b->kind != NOTICE_DIGEST;

	what->id = alone ? first->id : b->id;
	if (b->kind == NOTICE_GROUP)
		what->update = b->update;
	else if (alone && str_eq(first->told, first->id))
		what->update = first->id;
	/* What is in a group that was told is new to it. */
	for (size_t i = 0; i < n && what->update.p; i++)
		if (v[i]->t.fresh && !v[i]->t.told.p)
			what->update = (struct str){ 0 };
	if (what->update.p)
		what->id = what->update;
}

/* With what is told, what of it is not fresh but still so. */
static int tell(const struct run *r, struct batch *b, struct item **v, size_t n)
{
	struct arena *a = &r->al->arena;
	const struct telling **told = arena_alloc(a, (n + 1) * sizeof(*told));
	struct notice what = { .kind = b->kind,
			       .v = told,
			       .n = n,
			       .more = b->more,
			       .priority = priority_of(v, n),
			       .now_us = r->now_us };
	const struct item *first = v[0];

	for (size_t i = 0; i < n; i++)
		told[i] = &v[i]->t;
	what.notify = channels_of(first);
	name(b, v, n, &what);
	if (b->kind != NOTICE_DIGEST &&
	    (find_limit(r, v, n, &what.last_of) || count(r, v, n)))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (v[i]->t.fresh)
			timeline_told(r->al->timeline, v[i]->t.id, r->now_us,
				      &what, first->alert.user);
	if (emit(r, first->alert.user, &what))
		return -1;
	b->told = what.id;
	for (size_t i = 0; i < n; i++)
		if (settle(r, v[i], what.id))
			return -1;
	return 0;
}

/* 1: it may be told now. */
static int pass(const struct run *r, const struct batch *b, struct item *it)
{
	struct plan_ask ask;
	struct plan p;

	if (!it->t.over && is_inhibited(r, it))
		return park(r, it);
	if (b->kind == NOTICE_DIGEST)
		return 1;
	if (ask_of(r, it, &ask))
		return -1;
	p = plan_user(&ask, r->now_us);
	return p.why == PLAN_NOW ? 1 : postpone(r, it, p);
}

int deliver(const struct run *r, struct batch *b)
{
	struct item **v =
		arena_alloc(&r->al->arena, (b->n + 1) * sizeof(struct item *));
	size_t n = 0, fresh = 0;

	b->told = (struct str){ 0 };
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = &b->v[i];
		int rc = it->t.fresh ? pass(r, b, it) : 1;

		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		fresh += it->t.fresh;
		v[n++] = it;
	}
	return fresh ? tell(r, b, v, n) : 0;
}
