#include "notifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/log.h"
#include "common/xmem.h"

/*
 * Rows of the ledger's state: queues (lane.h); while replaying, where the row
 * of a delivery is; whether a life has begun; whether it is still replaying.
 */
#define KEY_BORN   STR("born")
#define KEY_REPLAY STR("replay")

enum { INDEX_KEY_SIZE = MESSAGE_ID_SIZE + 2 };

static struct str index_key(const char *id, char out[INDEX_KEY_SIZE])
{
	memcpy(out, "i/", 2);
	memcpy(out + 2, id, MESSAGE_ID_SIZE);
	return str_from(out);
}

struct lane *notifier_lane(struct notifier *n, struct str name)
{
	const struct channel *c = channels_find(n->channels, name);
	struct lane *l;

	for (size_t i = 0; i < n->n_lanes; i++)
		if (str_is(name, n->lane[i]->name))
			return n->lane[i];
	l = lane_new(c, name, loop_now_ms(stage_loop(n->stage)));
	l->owner = n;
	xgrow(&n->lane, &n->lanes_cap, n->n_lanes, sizeof(struct lane *));
	n->lane[n->n_lanes++] = l;
	return l;
}

void notifier_rebind(struct notifier *n)
{
	int64_t now_ms = loop_now_ms(stage_loop(n->stage));

	for (size_t i = 0; i < n->n_lanes; i++) {
		struct lane *l = n->lane[i];

		lane_bind(l, channels_find(n->channels, str_from(l->name)),
			  now_ms);
	}
	for (size_t i = 0; i < n->channels->n; i++)
		notifier_lane(n, str_from(n->channels->v[i].name));
}

/* ---- turns ---- */

static uint64_t rows_left(const struct notifier *n)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < n->n_lanes; i++)
		rows += n->lane[i]->rows;
	return rows;
}

static unsigned under_way(const struct notifier *n)
{
	unsigned jobs = 0;

	for (size_t i = 0; i < n->n_lanes; i++)
		jobs += n->lane[i]->active;
	return jobs;
}

/* Is there anything to do? If not yet, come back in time. */
static bool is_due(struct notifier *n)
{
	int64_t soonest_ms = -1, wait_ms;

	for (size_t i = 0; i < n->n_lanes; i++) {
		if (deliver_is_due(n, n->lane[i], &wait_ms))
			return true;
		if (wait_ms >= 0 && (soonest_ms < 0 || wait_ms < soonest_ms))
			soonest_ms = wait_ms;
	}
	if (soonest_ms >= 0)
		loop_timer_start(n->timer, soonest_ms);
	return false;
}

static bool on_work(void *arg)
{
	struct notifier *n = arg;
	struct err e;
	int rc;

	if (n->replaying || !is_due(n))
		return false;
	rc = stage_begin(n->stage, &e);
	for (size_t i = 0; rc == 0 && i < n->n_lanes; i++)
		rc = deliver_turn(n, n->lane[i], &e);
	if (rc || stage_commit(n->stage, &e)) {
		stage_fail(n->stage, &e);
		return false;
	}
	if ((n->input_over && rows_left(n) == 0) ||
	    (n->stopping && under_way(n) == 0))
		stage_finish(n->stage);
	return is_due(n);
}

static void on_timer(void *arg)
{
	struct notifier *n = arg;

	loop_work_wake(n->work);
}

static void settled(void *self, struct stage *s)
{
	struct notifier *n = self;

	(void)s;
	for (size_t i = 0; i < n->n_lanes; i++)
		deliver_start(n, n->lane[i]);
	if (n->work)
		loop_work_wake(n->work);
}

/* ---- notifications ---- */

static int remember_row(struct notifier *n, const struct event *ev,
			struct str target, struct str key, struct err *e)
{
	char id[MESSAGE_ID_SIZE], index[INDEX_KEY_SIZE];

	message_id(ev, target, id);
	return stage_put(n->stage, index_key(id, index), key, e);
}

/* What says the same of one notification in a row; 0: nothing. */
static uint64_t hash_of(struct str id)
{
	return id.len ? str_hash_id(id) : 0;
}

int notifier_enqueue(struct notifier *n, const struct message *m,
		     struct str lane, struct str target, struct str tried,
		     struct err *e)
{
	bool silent = stage_is_silent(n->stage);
	int64_t now_us = clk_wall_us();
	struct row row = { .state = silent ? ROW_OLD : ROW_WAITING,
			   .born_us = silent ? m->ev.recorded_us : now_us,
			   .due_us = now_us,
			   .urgent = str_is(m->data.priority, "urgent"),
			   .self = hash_of(m->data.id),
			   .update = hash_of(m->data.update),
			   .tried = tried,
			   .target = target };
	struct lane *l = notifier_lane(n, lane);
	uint64_t seq = ++n->seq;
	struct buf line = { .p = NULL };
	char text[LANE_KEY_MAX];
	struct str key = row_key(lane, seq, text);
	int rc;

	event_print(&m->ev, 0, &line);
	row.line = buf_str(&line);
	buf_reset(&n->scratch);
	row_print(&row, &n->scratch);
	rc = stage_put(n->stage, key, buf_str(&n->scratch), e);
	buf_free(&line);
	if (rc == 0 && silent)
		rc = remember_row(n, &m->ev, target, key, e);
	if (rc)
		return -1;
	l->rows++;
	if (l->whole)
		lane_add(l, seq, &row);
	else if (!n->replaying)
		lane_add_urgent(l, seq, &row);
	return n->replaying ? 0 : deliver_turn(n, l, e);
}

static int enqueue(struct notifier *n, const struct message *m, struct str lane,
		   struct str target, struct err *e)
{
	return notifier_enqueue(n, m, lane, target, (struct str){ 0 }, e);
}

static int refuse(struct notifier *n, const struct message *m,
		  struct str target, struct err *e)
{
	if (stage_is_silent(n->stage))
		return enqueue(n, m, STR("-"), target, e);
	return deliver_refuse(n, m, target, "no-channel", e);
}

static bool is_repeat(const struct shape_list *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(list->v[k], list->v[i]))
			return true;
	return false;
}

static int to_named(struct notifier *n, const struct message *m, struct err *e)
{
	const struct shape_list *names = &m->data.notify;

	for (size_t i = 0; i < names->n; i++) {
		struct str name = names->v[i];
		const struct channel *c = channels_find(n->channels, name);
		int rc;

		if (is_repeat(names, i))
			continue;
		if (c && channel_serves(c, m->user))
			rc = enqueue(n, m, name, name, e);
		else
			rc = refuse(n, m, name, e);
		if (rc)
			return -1;
	}
	return 0;
}

static int to_all(struct notifier *n, const struct message *m, struct err *e)
{
	bool any = false;

	for (size_t i = 0; i < n->channels->n; i++) {
		const struct channel *c = &n->channels->v[i];

		if (!channel_is_meant(c, m->user, &m->data.notify))
			continue;
		any = true;
		if (enqueue(n, m, str_from(c->name), str_from(c->name), e))
			return -1;
	}
	return any ? 0 : refuse(n, m, STR("-"), e);
}

static int take(struct notifier *n, const struct event *ev, struct arena *a,
		struct err *e)
{
	struct message m;

	if (message_read(ev, a, &m, e)) {
		log_error("%.*s: %s", STR_ARG(ev->topic), e->msg);
		if (stage_is_silent(n->stage))
			return 0;
		m.data = (struct type_notification){ .type = { 0 } };
		return deliver_refuse(n, &m, STR("-"), "bad-notification", e);
	}
	if (m.data.notify.n)
		return to_named(n, &m, e);
	return to_all(n, &m, e);
}

/* ---- learning what was delivered before this ledger ---- */

/* Is a delivery over whose outcome was recorded as unknown? */
static bool unknown_ends(const struct lane *l, const struct row *row,
			 const struct event *ev)
{
	return l->channel.hold ||
	       ev->recorded_us - row->born_us > l->channel.retry_life_ms * 1000;
}

/* It was told, but the channel's policy wants it sent again. */
static int keep_told(struct notifier *n, struct str key, struct row row,
		     struct err *e)
{
	row.told = true;
	buf_reset(&n->scratch);
	row_print(&row, &n->scratch);
	return stage_put(n->stage, key, buf_str(&n->scratch), e);
}

static int forget_row(struct notifier *n, struct lane *l, struct str key,
		      struct str index, struct err *e)
{
	l->rows--;
	if (stage_del(n->stage, key, e) < 0)
		return -1;
	return stage_del(n->stage, index, e) < 0 ? -1 : 0;
}

/* It was sent, or goes over another channel: what the next life must know. */
static int learn_end(struct notifier *n, struct lane *l, const struct row *row,
		     const struct type_delivery *d, struct arena *a,
		     struct err *e)
{
	struct event ev;
	struct message m;
	struct buf tried = { .p = NULL };
	int rc = 0;

	if (!d->message_id.len && !d->fallover.len)
		return 0;
	if (event_parse(row->line, 0, a, &ev, e) || message_read(&ev, a, &m, e))
		return -1;
	if (d->message_id.len)
		return book_put(n, l, m.data.id, d->message_id, e);
	buf_add_str(&tried, row->tried);
	if (tried.len)
		buf_putc(&tried, '\n');
	buf_puts(&tried, l->name);
	rc = notifier_enqueue(n, &m, d->fallover, d->fallover, buf_str(&tried),
			      e);
	buf_free(&tried);
	return rc;
}

static int learn_row(struct notifier *n, const struct event *ev,
		     struct str index, const struct type_delivery *d,
		     struct arena *a, struct err *e)
{
	struct str key, val, name;
	struct row row;
	struct lane *l;
	uint64_t seq;
	int rc = stage_get(n->stage, index, &key, e);

	if (rc <= 0)
		return rc;
	key = arena_str(a, key);
	rc = stage_get(n->stage, key, &val, e);
	if (rc <= 0)
		return rc;
	if (!row_unkey(key, &name, &seq) || !row_read(arena_str(a, val), &row))
		return err_set(e, EX_DATAERR, "ledger: damaged queue");
	l = notifier_lane(n, name);
	if (event_is(ev, "delivery.unknown") && !unknown_ends(l, &row, ev))
		return keep_told(n, key, row, e);
	if (forget_row(n, l, key, index, e))
		return -1;
	return learn_end(n, l, &row, d, a, e);
}

static int learn(struct notifier *n, const struct event *ev, struct arena *a,
		 struct err *e)
{
	struct type_delivery d;
	char id[MESSAGE_ID_SIZE], index[INDEX_KEY_SIZE];
	struct err ignored;

	if (json_check(ev->data, JSON_UNIQUE, &ignored) ||
	    shape_decode(&shape_delivery, ev->data, &d, a, &ignored) ||
	    !str_copy(id, sizeof(id), d.id) || d.id.len != sizeof(id) - 1)
		return 0; /* somebody else's */
	return learn_row(n, ev, index_key(id, index), &d, a, e);
}

/* ---- the heartbeat ---- */

#define KEY_STALE "stale/"

/* watch.stale and watch.fresh: how many are stale. */
static int count_stale(struct notifier *n, struct str watch, bool stale,
		       struct err *e)
{
	char key[sizeof(KEY_STALE) + STR_ID_MAX];
	struct str val;
	int got;

	snprintf(key, sizeof(key), KEY_STALE "%.*s", STR_ARG(watch));
	got = stage_get(n->stage, str_from(key), &val, e);
	if (got < 0)
		return -1;
	if (stale == (got > 0))
		return 0;
	n->stale = stale ? n->stale + 1 : n->stale - 1;
	if (n->heartbeat)
		heartbeat_stale(n->heartbeat, n->stale);
	if (stale)
		return stage_put(n->stage, str_from(key), STR("1"), e);
	return stage_del(n->stage, str_from(key), e) < 0 ? -1 : 0;
}

static int count_row_stale(void *arg, struct str key, struct str val,
			   struct err *e)
{
	struct notifier *n = arg;

	(void)key;
	(void)val;
	(void)e;
	n->stale++;
	return 0;
}

/* As the settings are now. */
static int begin_beating(struct notifier *n, struct err *e)
{
	heartbeat_free(&n->heartbeat);
	if (!n->beat.url || stage_is_filter(n->stage))
		return 0;
	n->heartbeat = heartbeat_new(stage_loop(n->stage), &n->beat,
				     stage_stats(n->stage), e);
	if (!n->heartbeat)
		return -1;
	heartbeat_stale(n->heartbeat, n->stale);
	return 0;
}

static void on_clock(void *self, struct stage *s, int64_t clock_us)
{
	struct notifier *n = self;

	(void)s;
	(void)clock_us;
	if (n->heartbeat)
		heartbeat_clock(n->heartbeat);
}

static void on_heard(void *self, struct stage *s, struct str tool)
{
	struct notifier *n = self;

	(void)s;
	if (n->heartbeat)
		heartbeat_heard(n->heartbeat, tool);
}

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct notifier *n = self;
	struct arena a = { 0 };
	int rc = 0;

	(void)s;
	if (event_is(ev, "user.notification"))
		rc = take(n, ev, &a, e);
	else if (event_is(ev, "watch.stale") || event_is(ev, "watch.fresh"))
		rc = count_stale(n, event_subject(ev),
				 event_is(ev, "watch.stale"), e);
	else if (n->replaying && (event_is(ev, "delivery.sent") ||
				  event_is(ev, "delivery.failed") ||
				  event_is(ev, "delivery.unknown")))
		rc = learn(n, ev, &a, e);
	else if (n->replaying &&
		 (event_is(ev, "channel.down") || event_is(ev, "channel.up")))
		rc = health_learn(n, ev, &a, e);
	arena_free(&a);
	return rc;
}

/* ---- a life ---- */

static int count_row(void *arg, struct str key, struct str val, struct err *e)
{
	struct notifier *n = arg;
	struct lane *l;
	struct row row;
	struct str name;
	uint64_t seq;

	if (!row_unkey(key, &name, &seq) || !row_read(val, &row))
		return err_set(e, EX_DATAERR, "ledger: damaged queue");
	l = notifier_lane(n, name);
	l->rows++;
	if (!n->replaying)
		lane_add_urgent(l, seq, &row);
	if (seq > n->seq)
		n->seq = seq;
	return 0;
}

/* A ledger without a past first learns what was delivered before it. */
static int find_past(struct notifier *n, struct err *e)
{
	struct str val;
	int rc = stage_get(n->stage, KEY_BORN, &val, e);

	if (rc < 0)
		return -1;
	if (rc == 0 && (stage_put(n->stage, KEY_BORN, STR("1"), e) ||
			(!stage_is_filter(n->stage) &&
			 stage_put(n->stage, KEY_REPLAY, STR("1"), e))))
		return -1;
	rc = stage_get(n->stage, KEY_REPLAY, &val, e);
	n->replaying = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int on_open(void *self, struct stage *s, struct err *e)
{
	struct notifier *n = self;

	n->stage = s;
	n->sender = sender_new(stage_loop(s), n->common, &n->links, e);
	if (!n->sender)
		return -1;
	n->work = loop_work_new(stage_loop(s), on_work, n);
	n->timer = loop_timer_new(stage_loop(s), on_timer, n);
	for (size_t i = 0; i < n->channels->n; i++)
		notifier_lane(n, str_from(n->channels->v[i].name));
	if (find_past(n, e) || health_load(n, e) || book_prune(n, e) ||
	    stage_each(s, STR(KEY_STALE), count_row_stale, n, e) ||
	    begin_beating(n, e))
		return -1;
	return stage_each(s, STR("q/"), count_row, n, e);
}

static int drop_index(void *arg, struct str key, struct str val, struct err *e)
{
	struct notifier *n = arg;

	(void)val;
	return stage_del(n->stage, key, e) < 0 ? -1 : 0;
}

/* What is still there as old was never told of: it is judged from here on. */
static void on_live(void *self, struct stage *s)
{
	struct notifier *n = self;
	struct err e;

	if (!n->replaying)
		return;
	n->replaying = false;
	if (rows_left(n))
		log_warn("%llu deliveries from before this ledger have no "
			 "known outcome",
			 (unsigned long long)rows_left(n));
	if (stage_begin(s, &e) || stage_del(s, KEY_REPLAY, &e) < 0 ||
	    stage_each(s, STR("i/"), drop_index, n, &e) || health_load(n, &e) ||
	    stage_commit(s, &e))
		stage_fail(s, &e);
}

static int on_reload(void *self, struct stage *s, struct err *e)
{
	struct notifier *n = self;

	(void)s;
	if (n->reload(n, e) || begin_beating(n, e))
		return -1;
	loop_work_wake(n->work);
	return 0;
}

static void on_input_end(void *self, struct stage *s)
{
	struct notifier *n = self;

	n->input_over = true;
	if (rows_left(n) == 0)
		stage_finish(s);
}

/* A restart should leave as little unknown as it can. */
static bool on_drain(void *self, struct stage *s)
{
	struct notifier *n = self;

	(void)s;
	n->stopping = true;
	return under_way(n) > 0;
}

/*
 * What is under way now stays begun in the ledger: the next life will say that
 * nobody knows what became of it.
 */
static void on_close(void *self, struct stage *s)
{
	struct notifier *n = self;

	(void)s;
	for (size_t i = 0; i < n->n_lanes; i++) {
		for (size_t k = 0; k < n->lane[i]->n; k++)
			send_cancel(&n->lane[i]->job[k]->sending);
		lane_free(&n->lane[i]);
	}
	free(n->lane);
	heartbeat_free(&n->heartbeat);
	loop_work_free(&n->work);
	loop_timer_free(&n->timer);
	sender_free(&n->sender);
	buf_free(&n->scratch);
}

const struct stage_handler notifier_handler = {
	.tool = "notifier",
	.pure = false,
	.open = on_open,
	.event = on_event,
	.settled = settled,
	.live = on_live,
	.clock = on_clock,
	.heard = on_heard,
	.reload = on_reload,
	.input_end = on_input_end,
	.drain = on_drain,
	.close = on_close,
};
