/*
 * The outbox as the producer sees it: what waits to be sent, and what becomes
 * of it when the store answers (design, section 5, rule 3).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/ledger_private.h"
#include "common/xmem.h"

static int read_begin(struct ledger *l, struct err *e)
{
	if (l->reading)
		return 0;
	if (db_renew(l->read, e))
		return -1;
	l->reading = true;
	return 0;
}

static void queue_rest(void *arg)
{
	struct ledger *l = arg;

	if (l->reading)
		db_reset(l->read);
	l->reading = false;
}

static void queue_range(void *arg, uint64_t *first_r, uint64_t *last_r)
{
	const struct ledger *l = arg;

	*first_r = l->id[l->sending - 1].first;
	*last_r = l->id[l->sending - 1].last;
}

static uint64_t queue_known(void *arg)
{
	const struct ledger *l = arg;

	return l->id[l->sending - 1].known;
}

static int queue_get(void *arg, uint64_t id, struct event *ev_r, struct err *e)
{
	struct ledger *l = arg;
	struct str key, val;
	char text[12];
	int rc;

	if (read_begin(l, e))
		return -1;
	if (l->id[l->sending - 1].known < id)
		l->id[l->sending - 1].known = id;
	key = ledger_outbox_key(l->sending, id, text);
	rc = db_get(l->read, l->outbox, key, &val, e);
	if (rc == 0)
		return err_set(e, EX_DATAERR, "ledger: event %llu is missing",
			       (unsigned long long)id);
	return rc < 0 ? -1 : ledger_outbox_read(l, key, val, ev_r, e);
}

/* The next generation that has something to send, or the current one. */
static void next_generation(struct ledger *l)
{
	while (l->sending < l->current &&
	       l->id[l->sending - 1].first > l->id[l->sending - 1].last)
		l->sending++;
}

/* The store has answered: from now on what is committed is sent. */
static int forget_known(struct ledger *l, struct err *e)
{
	char key[32];

	snprintf(key, sizeof(key), "known/%u", l->sending);
	if (ledger_begin(l, e))
		return -1;
	if (db_del(l->txn, l->meta, str_from(key), e) < 0) {
		ledger_abort(l);
		return -1;
	}
	l->id[l->sending - 1].unasked = false;
	return ledger_commit(l, e);
}

static int queue_acked(void *arg, uint64_t upto, struct err *e)
{
	struct ledger *l = arg;
	struct identity *id = &l->id[l->sending - 1];

	queue_rest(l);
	if (id->unasked && forget_known(l, e))
		return -1;
	if (upto > id->last)
		upto = id->last;
	if (id->first <= upto)
		id->first = upto + 1;
	next_generation(l);
	return 0;
}

/* Tell what the store no longer has. */
static int emit_gap(struct ledger *l, const char *source, uint64_t from,
		    uint64_t to, struct err *e)
{
	struct buf data = { .p = NULL };
	char topic[100];
	struct event ev = { .time_us = clk_wall_us(), .recorded_us = CLK_NONE };
	int rc;

	snprintf(topic, sizeof(topic), "stage.gap/%s", l->tool);
	buf_puts(&data, "{\"reason\":\"an older store took the place of the "
			"one that had it\",\"source\":");
	buf_json_str(&data, str_from(source));
	buf_addf(&data, ",\"from\":\"%llu\",\"to\":\"%llu\"}",
		 (unsigned long long)from, (unsigned long long)to);
	ev.topic = str_from(topic);
	ev.data = buf_str(&data);
	rc = ledger_emit(l, &ev, e);
	buf_free(&data);
	return rc;
}

/* Give what waits in one generation to the current one, under new ids. */
static int move_events(struct ledger *l, uint32_t from, struct err *e)
{
	struct identity *id = &l->id[from - 1];
	char text[12];

	for (; id->first <= id->last; id->first++) {
		struct str key = ledger_outbox_key(from, id->first, text), val;
		struct event ev;
		char *copy;
		int rc = db_get(l->txn, l->outbox, key, &val, e);

		if (rc <= 0)
			return rc;
		copy = xstrndup(val.p, val.len); /* puts move pages */
		rc = ledger_outbox_read(l, key, (struct str){ copy, val.len },
					&ev, e) ||
		     ledger_emit(l, &ev, e);
		free(copy);
		if (rc)
			return -1;
		id = &l->id[from - 1];
	}
	return 0;
}

/* Everything that waits gets a new identity, in the order that it had. */
static int renumber(struct ledger *l, bool older_store, uint64_t store_last,
		    struct err *e)
{
	struct identity was = l->id[l->sending - 1];
	uint32_t from = l->sending, to = l->current;

	if (ledger_new_identity(l, e))
		return -1;
	if (older_store &&
	    emit_gap(l, was.source, store_last + 1, was.first - 1, e))
		return -1;
	for (uint32_t g = from; g <= to; g++)
		if (move_events(l, g, e))
			return -1;
	return 0;
}

/* We are an old copy, or the store is: go on as somebody else. */
static int change_identity(struct ledger *l, bool older_store,
			   uint64_t store_last, struct err *e)
{
	if (ledger_begin(l, e))
		return -1;
	if (renumber(l, older_store, store_last, e) || ledger_commit(l, e)) {
		ledger_abort(l);
		return -1;
	}
	next_generation(l);
	return 0;
}

static int queue_conflict(void *arg, uint64_t store_last, struct err *e)
{
	struct ledger *l = arg;
	struct identity *id = &l->id[l->sending - 1];
	bool ahead = store_last > id->known;

	queue_rest(l);
	if (ahead && l->conf.pure)
		return 1;
	/* What the older store lost may still be in the table. */
	if (!ahead && store_last + 1 >= id->stored) {
		id->first = store_last + 1;
		return 0;
	}
	/*
	 * We are an old copy. What was in it the store has; what was added
	 * since it was opened has ids that the store gave to other events.
	 */
	if (ahead)
		id->first = id->known + 1;
	next_generation(l);
	if (ahead && id != &l->id[l->sending - 1])
		return 0;
	return change_identity(l, !ahead, store_last, e);
}

static struct str queue_source(void *arg)
{
	const struct ledger *l = arg;

	return str_from(l->id[l->sending - 1].source);
}

struct producer_queue ledger_queue(struct ledger *l)
{
	return (struct producer_queue){
		.arg = l,
		.range = queue_range,
		.known = queue_known,
		.get = queue_get,
		.acked = queue_acked,
		.conflict = queue_conflict,
		.rest = queue_rest,
		.source = queue_source,
	};
}

uint64_t ledger_outbox_count(const struct ledger *l)
{
	uint64_t n = 0;

	for (uint32_t g = l->sending; g <= l->current; g++)
		n += l->id[g - 1].last + 1 - l->id[g - 1].first;
	return n;
}

int ledger_drain(struct ledger *l,
		 int (*fn)(void *arg, const struct event *ev, struct err *e),
		 void *arg, struct err *e)
{
	struct event ev;

	while (ledger_outbox_count(l) > 0) {
		struct identity *id = &l->id[l->sending - 1];

		for (uint64_t i = id->first; i <= id->last; i++)
			if (queue_get(l, i, &ev, e) || fn(arg, &ev, e)) {
				queue_rest(l);
				return -1;
			}
		if (queue_acked(l, id->last, e))
			return -1;
	}
	return 0;
}
