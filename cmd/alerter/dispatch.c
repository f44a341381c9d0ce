#include "dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/xmem.h"

#include "alert.h"
#include "deliver.h"
#include "timeline.h"

/* A group that waits for nothing is looked at: all of it may be over. */
static const int64_t LOOK_US = (int64_t)60 * 60 * 1000000;

/* ---- queues ---- */

static struct plan plan_of(const struct item *it, const struct queue *q,
			   bool holds)
{
	const struct plan_gathering now = { .news = q->news,
					    .since_us = telling_time(q->since),
					    .holds = holds,
					    .told_us = telling_time(q->at) };

	return plan_group(&it->policy->group, &now);
}

/* The alerts of a queue that still wait in it. */
static int load_items(const struct run *r, const struct queue *q, bool group,
		      struct batch *b)
{
	b->v = arena_alloc(&r->al->arena,
			   (q->alerts.n + 1) * sizeof(struct item));
	for (size_t i = 0; i < q->alerts.n; i++) {
		struct item *it = &b->v[b->n];
		int got = item_load(r, q->alerts.v[i], it);

		if (got < 0)
			return -1;
		if (got && str_eq(group ? it->t.group : it->t.in, q->key))
			b->n++;
	}
	return 0;
}

static struct str id_of(const struct run *r, struct str key)
{
	struct buf b = { 0 };
	char hash[17];

	buf_add_str(&b, key);
	buf_addf(&b, " %lld", (long long)r->now_us);
	snprintf(hash, sizeof(hash), "%016llx",
		 (unsigned long long)str_hash_id(buf_str(&b)));
	buf_free(&b);
	return arena_str(&r->al->arena, str_from(hash));
}

/* Acknowledged is what needs no more words, until it is over. */
static bool holds(const struct item *it)
{
	return !it->gone && !it->t.over && !it->t.acked && it->t.lasting;
}

/* What only happened is not told again; it may have a step to come. */
static int leave_group(const struct run *r, struct item *it)
{
	it->t.group = (struct str){ 0 };
	return item_waits(it) ? item_save(r, it) : item_drop(r, it);
}

/* Who is left in the group, and when it is told next. */
static int keep_group(const struct run *r, struct queue *q, struct batch *b)
{
	bool any = false;
	size_t n = 0;
	struct plan p;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = &b->v[i];

		if (it->gone)
			continue;
		if (!it->t.lasting && !it->t.fresh) {
			if (leave_group(r, it))
				return -1;
			continue;
		}
		any |= holds(it);
		q->alerts.v[n++] = it->t.id;
	}
	q->alerts.n = n;
	p = plan_of(&b->v[0], q, any);
	if (p.why == PLAN_NEVER && n == 0 &&
	    (p.at_us == CLK_NONE || p.at_us <= r->now_us))
		return queue_drop(r, q);
	if (p.why == PLAN_NEVER && n > 0)
		p.at_us = r->now_us + LOOK_US;
	q->due = telling_text_of(p.at_us, &r->al->arena);
	return queue_save(r, q);
}

/* It may be due only to be looked at. */
static bool is_to_repeat(const struct run *r, const struct queue *q,
			 const struct batch *b)
{
	bool any = false;
	struct plan p;

	for (size_t i = 0; i < b->n; i++)
		any |= holds(&b->v[i]);
	p = plan_of(&b->v[0], q, any);
	return p.why == PLAN_REPEAT && p.at_us <= r->now_us;
}

static int flush_group(const struct run *r, struct queue *q)
{
	struct batch b = { .kind = NOTICE_GROUP,
			   .more = (uint64_t)shape_count(q->more, 0),
			   .update = q->told,
			   .id = id_of(r, q->key) };
	size_t n = 0;

	if (load_items(r, q, true, &b))
		return -1;
	if (b.n == 0)
		return queue_drop(r, q);
	if (!q->news && !is_to_repeat(r, q, &b))
		return keep_group(r, q, &b);
	/* Nothing is new, and so it is time to say it all again. */
	if (!q->news)
		b.update = (struct str){ 0 };
	for (size_t i = 0; i < b.n && !q->news; i++)
		b.v[i].t.fresh |= holds(&b.v[i]) && !b.v[i].t.in.p;
	for (size_t i = 0; i < b.n; i++)
		n += b.v[i].t.fresh || holds(&b.v[i]);
	/* What is acknowledged is not said beside what is not. */
	if (n < b.n) {
		struct batch all = b;

		b.v = arena_alloc(&r->al->arena, (n + 1) * sizeof(*b.v));
		b.n = 0;
		for (size_t i = 0; i < all.n; i++)
			if (all.v[i].t.fresh || holds(&all.v[i]))
				b.v[b.n++] = all.v[i];
		if (deliver(r, &b))
			return -1;
		for (size_t i = 0, k = 0; i < all.n && k < b.n; i++)
			if (str_eq(all.v[i].t.id, b.v[k].t.id))
				all.v[i] = b.v[k++];
		all.told = b.told;
		b = all;
	} else if (deliver(r, &b)) {
		return -1;
	}
	q->news = false;
	q->more = (struct str){ 0 };
	q->at = telling_text_of(r->now_us, &r->al->arena);
	if (b.told.p)
		q->told = b.told;
	return keep_group(r, q, &b);
}

/* What waits for a user: one notification for each list of channels. */
static int flush_queue(const struct run *r, struct queue *q, char kind)
{
	struct batch b = { .kind = kind == 'd' ? NOTICE_DIGEST : NOTICE_LATER,
			   .more = (uint64_t)shape_count(q->more, 0),
			   .id = id_of(r, q->key) };
	size_t n = 0;
	int got;

	if (load_items(r, q, false, &b) || queue_drop(r, q))
		return -1;
	for (size_t i = 0; i < b.n; i++) {
		struct item *it = &b.v[i];

		it->t.in = (struct str){ 0 };
		if (it->t.over && !it->t.told.p) {
			if (item_drop(r, it))
				return -1;
		} else if (it->t.told.p && !it->t.fresh) {
			/* A step that what inhibited it has delayed. */
			if (item_step_at(r, it, r->now_us) || item_save(r, it))
				return -1;
		} else {
			b.v[n++] = *it;
		}
	}
	b.n = n;
	if (deliver(r, &b))
		return -1;
	if (b.told.p || !b.more)
		return 0;
	/* Nothing could be told, nor that there is more. */
	got = queue_load(r, q->key, q);
	if (got <= 0)
		return got;
	q->more = telling_digits(b.more + (uint64_t)shape_count(q->more, 0),
				 &r->al->arena);
	return queue_save(r, q);
}

/* Who is told next; those whose time is not yet stay. */
static int flush_steps(const struct run *r, struct queue *q)
{
	struct batch b = { .id = id_of(r, q->key) };
	size_t n = 0;

	b.v = arena_alloc(&r->al->arena,
			  (q->alerts.n + 1) * sizeof(struct item));
	q->due = (struct str){ 0 };
	for (size_t i = 0; i < q->alerts.n; i++) {
		struct item *it = &b.v[b.n];
		int got = item_load(r, q->alerts.v[i], it);
		int64_t due_us = telling_time(it->t.due);

		if (got < 0)
			return -1;
		if (got == 0 || due_us == CLK_NONE)
			continue;
		if (due_us <= r->now_us) {
			b.n++;
			continue;
		}
		queue_hasten(r, q, due_us);
		q->alerts.v[n++] = it->t.id;
	}
	q->alerts.n = n;
	if (n ? queue_save(r, q) : queue_drop(r, q))
		return -1;
	return deliver_step(r, &b);
}

static int flush(const struct run *r, struct str key)
{
	char kind = key.p[strlen(TELLING_QUEUE)];
	struct queue q;
	int got = queue_load(r, key, &q);

	if (got < 0)
		return -1;
	if (got == 0) {
		deadlines_set(&r->al->deadlines, key, CLK_NONE);
		return 0;
	}
	switch (kind) {
	case 'g': return flush_group(r, &q);
	case 'e': return flush_steps(r, &q);
	default: return flush_queue(r, &q, kind);
	}
}

/* ---- keys, gathered first, since a walk must not change what it walks ---- */

struct keys {
	struct arena *a;
	struct str *v;
	size_t n, cap;
};

static int gather(void *arg, struct str key, struct str val, struct err *e)
{
	struct keys *keys = arg;

	(void)val;
	(void)e;
	xgrow(&keys->v, &keys->cap, keys->n, sizeof(*keys->v));
	keys->v[keys->n++] = arena_str(keys->a, key);
	return 0;
}

/* All queues of that prefix are due at this time. */
static int set_due(const struct run *r, struct str prefix, int64_t due_us)
{
	struct keys keys = { .a = &r->al->arena };
	int rc = stage_each(r->s, prefix, gather, &keys, r->e);

	for (size_t i = 0; !rc && i < keys.n; i++) {
		struct queue q;

		rc = queue_load(r, keys.v[i], &q) < 0;
		q.due = telling_text_of(due_us, &r->al->arena);
		rc = rc || queue_save(r, &q) ? -1 : 0;
	}
	free(keys.v);
	return rc;
}

/* ---- inhibition ---- */

static int begin_inhibiting(const struct run *r, const struct item *it)
{
	struct str key = run_key(r, TELLING_END, it->t.id);
	struct err bad;

	buf_reset(&r->al->text);
	inhibitor_encode(it->policy, it->t.alert, &r->al->text);
	if (inhibitors_put(&r->al->inhibitors, it->t.id, buf_str(&r->al->text),
			   &bad)) {
		log_warn("alert %.*s inhibits nothing: %s", STR_ARG(it->t.id),
			 bad.msg);
		stats_add(stage_stats(r->s), "inhibitors_refused_total", NULL,
			  1);
		return 0;
	}
	return stage_put(r->s, key, buf_str(&r->al->text), r->e);
}

/*
 * What it inhibited is told once all is seen that this event changes: it may
 * be over with it.
 */
static int end_inhibiting(const struct run *r, struct str id)
{
	if (!inhibitors_remove(&r->al->inhibitors, id))
		return 0;
	if (stage_del(r->s, run_key(r, TELLING_END, id), r->e) < 0)
		return -1;
	return set_due(r, STR(TELLING_QUEUE "i/"), r->now_us);
}

/* ---- groups ---- */

static struct str group_key(const struct run *r, const struct item *it)
{
	const struct shape_list *by = &it->policy->by;
	struct buf b = { 0 };
	char hash[17];
	struct str key, value;

	buf_add_str(&b, it->alert.rule);
	for (size_t i = 0; i < by->n; i++) {
		buf_putc(&b, ' ');
		if (field_get(it->t.alert, by->v[i], &value))
			buf_add_str(&b, value);
	}
	snprintf(hash, sizeof(hash), "%016llx",
		 (unsigned long long)str_hash_id(buf_str(&b)));
	buf_reset(&b);
	buf_puts(&b, TELLING_QUEUE "g/");
	buf_add_str(&b, it->alert.user);
	buf_addf(&b, "/%s", hash);
	key = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	return key;
}

/* Something of a group is fresh. */
static int stir(const struct run *r, struct item *it, struct queue *q)
{
	struct plan p;

	if (!q->news)
		q->since = telling_text_of(r->now_us, &r->al->arena);
	q->news = true;
	p = plan_of(it, q, true);
	timeline_waits(r->al->timeline, it->t.id, r->now_us, p, it->user);
	q->due = telling_text_of(p.at_us, &r->al->arena);
	if (queue_save(r, q))
		return -1;
	return p.at_us <= r->now_us ? flush(r, q->key) : 0;
}

/* 0: there are too many groups. */
static int join(const struct run *r, struct item *it)
{
	struct str key = group_key(r, it);
	struct queue q;
	int got = queue_load(r, key, &q);

	if (got < 0)
		return -1;
	if (got == 0 && r->al->n_groups >= TELLING_GROUPS_MAX) {
		stats_add(stage_stats(r->s), "groups_refused_total", NULL, 1);
		return 0;
	}
	it->t.group = key;
	if (queue_add(r, &q, it->t.id) && item_save(r, it))
		return -1;
	return stir(r, it, &q) ? -1 : 1;
}

static int stir_group(const struct run *r, struct item *it)
{
	struct queue q;
	int got = queue_load(r, it->t.group, &q);

	if (got < 0)
		return -1;
	if (item_save(r, it))
		return -1;
	return got ? stir(r, it, &q) : 0;
}

/* ---- what happened ---- */

static int deliver_alone(const struct run *r, struct item *it)
{
	struct batch b = { .kind = NOTICE_ALONE, .v = it, .n = 1 };

	b.id = it->t.id;
	return deliver(r, &b);
}

static struct str cause_of(const struct run *r,
			   const struct dispatch_news *news)
{
	if (news->cause && news->cause->source.len)
		return event_cause(news->cause, &r->al->arena);
	if (news->ext.p)
		return json_get_text(news->ext, "cause", &r->al->arena);
	return (struct str){ 0 };
}

/* What is new of it. */
static void renew(const struct run *r, const struct dispatch_news *news,
		  struct item *it)
{
	struct buf b = { 0 };

	it->alert = *news->alert;
	shape_encode(&shape_alert, news->alert, &b);
	it->t.alert = arena_str(&r->al->arena, buf_str(&b));
	buf_free(&b);
	it->t.note = news->note;
	it->t.cause = cause_of(r, news);
}

static void make_item(const struct run *r, const struct dispatch_news *news,
		      struct item *it)
{
	*it = (struct item){ .stored = false };
	it->t.id = news->alert->id;
	it->t.search = news->is_search;
	it->t.lasting = news->lasting;
	renew(r, news, it);
	item_find(r, it);
}

static int on_new(const struct run *r, const struct dispatch_news *news)
{
	struct item it;
	int joined = 0;

	make_item(r, news, &it);
	it.t.fresh = true;
	timeline_fires(r->al->timeline, &it.alert, r->now_us);
	if (it.policy->inhibits && it.t.lasting && begin_inhibiting(r, &it))
		return -1;
	if (it.policy->is_grouped)
		joined = join(r, &it);
	if (joined)
		return joined < 0 ? -1 : 0;
	return deliver_alone(r, &it);
}

/* 1: it waits already, with what is new of it; 0: it is fresh. */
static int refresh(const struct run *r, struct item *it)
{
	if (it->t.in.p || (it->t.group.p && it->t.fresh))
		return item_save(r, it) ? -1 : 1;
	it->t.fresh = true;
	return 0;
}

static int tell_fresh(const struct run *r, struct item *it)
{
	return it->t.group.p ? stir_group(r, it) : deliver_alone(r, it);
}

/*
 * Of what is not in the ledger no more was to be said: it was told, alone or
 * among others.
 */
static int load_or_make(const struct run *r, const struct dispatch_news *news,
			struct item *it)
{
	int got = item_load(r, news->alert->id, it);

	if (got > 0) {
		renew(r, news, it);
		return 0;
	}
	make_item(r, news, it);
	it->t.lasting = true;
	it->t.told = it->t.id;
	it->t.at = telling_text_of(r->now_us, &r->al->arena);
	return got;
}

static int on_update(const struct run *r, const struct dispatch_news *news)
{
	struct item it;
	int rc;

	if (load_or_make(r, news, &it))
		return -1;
	/* Nor does it begin to escalate anew. */
	it.t.acked |= !it.stored;
	rc = refresh(r, &it);
	return rc ? (rc < 0 ? -1 : 0) : tell_fresh(r, &it);
}

static int forget(const struct run *r, struct str id)
{
	struct item it;
	int got = item_load(r, id, &it);

	if (got < 0 || (got && item_drop(r, &it)))
		return -1;
	timeline_over(r->al->timeline, id, r->now_us);
	return end_inhibiting(r, id);
}

static int on_over(const struct run *r, const struct dispatch_news *news)
{
	struct item it;
	int rc;

	if (!news->note.p)
		return forget(r, news->alert->id);
	if (end_inhibiting(r, news->alert->id) || load_or_make(r, news, &it))
		return -1;
	it.t.over = true;
	it.t.due = (struct str){ 0 };
	timeline_over(r->al->timeline, it.t.id, r->now_us);
	if (!it.t.told.p || !it.policy->resolved)
		return item_drop(r, &it);
	if (deliver_end(r, &it))
		return -1;
	rc = refresh(r, &it);
	return rc ? (rc < 0 ? -1 : 0) : tell_fresh(r, &it);
}

/* Who knows of it needs not be told, nor anybody else; or they do again. */
static int on_acked(const struct run *r, const struct dispatch_news *news)
{
	bool undone = !str_is(news->alert->state, "acknowledged");
	struct item it;
	int got = item_load(r, news->alert->id, &it);

	if (got <= 0)
		return got;
	timeline_acked(r->al->timeline, it.t.id, r->now_us, undone);
	it.t.acked = !undone;
	if (undone && !it.t.told.p) {
		it.t.fresh = true;
		return tell_fresh(r, &it);
	}
	if (undone)
		return item_next_step(r, &it) || item_save(r, &it) ? -1 : 0;
	it.t.fresh = false;
	it.t.due = it.t.in = (struct str){ 0 };
	if (!it.t.lasting)
		return item_drop(r, &it);
	/* It is kept until it is over: this may be undone. */
	return item_save(r, &it);
}

static struct run run_of(struct alerter *al, struct stage *s,
			 int64_t recorded_us, int64_t time_us, struct err *e)
{
	/* Without a store nobody has recorded it; a file has no time. */
	if (recorded_us == CLK_NONE)
		recorded_us = time_us;
	if (recorded_us == CLK_NONE)
		recorded_us = 0;
	return (struct run){ al, s, recorded_us, time_us, e };
}

int dispatch_tell(struct alerter *al, struct stage *s,
		  const struct dispatch_news *news, struct err *e)
{
	struct run r = run_of(al, s, news->recorded_us, news->time_us, e);

	switch (news->change) {
	case DISPATCH_NEW: return on_new(&r, news);
	case DISPATCH_UPDATE: return on_update(&r, news);
	case DISPATCH_RESOLVED: return on_over(&r, news);
	case DISPATCH_ACKED: return on_acked(&r, news);
	}
	return 0;
}

int dispatch_forget(struct alerter *al, struct stage *s, struct str id,
		    const struct event *since, struct err *e)
{
	struct run r = run_of(al, s, since->recorded_us, since->time_us, e);

	return id.p ? forget(&r, id) : 0;
}

/* ---- users and deadlines ---- */

int dispatch_user(struct alerter *al, struct stage *s, struct str user,
		  const struct event *since, struct err *e)
{
	struct run r = run_of(al, s, since->recorded_us, since->time_us, e);
	struct buf later = { 0 }, digest = { 0 };
	int rc;

	buf_addf(&later, TELLING_QUEUE "l/%.*s/", STR_ARG(user));
	buf_addf(&digest, TELLING_QUEUE "d/%.*s/", STR_ARG(user));
	rc = set_due(&r, buf_str(&later), r.now_us) ||
			     set_due(&r, buf_str(&digest),
				     plan_digest(users_get(&al->users, user),
						 r.now_us))
		     ? -1
		     : 0;
	buf_free(&later);
	buf_free(&digest);
	return rc;
}

int dispatch_due(struct alerter *al, struct stage *s, struct str key,
		 int64_t now_us, struct err *e)
{
	struct run r = run_of(al, s, now_us, now_us, e);

	return flush(&r, key);
}

static int load_row(void *arg, struct str key, struct str val, struct err *e)
{
	struct alerter *al = arg;
	struct str id = str_sub(key, strlen(TELLING_END), key.len), due;

	arena_reset(&al->arena);
	if (str_starts(key, STR(TELLING_END))) {
		if (inhibitors_put(&al->inhibitors, id, val, e))
			log_warn("%.*s: not taken: %s", STR_ARG(key), e->msg);
		return 0;
	}
	if (!str_starts(key, STR(TELLING_QUEUE)))
		return 0;
	due = json_get_text(val, "due", &al->arena);
	deadlines_set(&al->deadlines, key, telling_time(due));
	al->n_groups += str_starts(key, STR(TELLING_QUEUE "g/"));
	return 0;
}

int dispatch_open(struct alerter *al, struct stage *s, struct err *e)
{
	return stage_each(s, DISPATCH_KEY, load_row, al, e);
}
