/*
 * Reading the whole journal against itself: checksums, the chain of each
 * topic, the counts, what was pruned, and what the other tables point to.
 */
#include "common/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/journal_record.h"
#include "common/json.h"
#include "common/xmem.h"

struct verify {
	struct journal *j;
	void (*problem)(void *arg, const char *text);
	void *arg;
	uint64_t n;
	uint64_t hole; /* the highest offset that is not there */
	int64_t last_us;
	struct pruned_total pruned;
	uint64_t highest; /* of the rows of pruned topics */
};

static void report(struct verify *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void report(struct verify *v, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_make_printable(text);
	v->problem(v->arg, text);
}

static int check_events(struct verify *v, struct err *e)
{
	struct journal *j = v->j;
	struct db_cursor *c;
	struct str key, val;
	uint64_t want = 1;
	int rc;

	if (db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	for (rc = db_seek(c, DB_FIRST, &key, &val, e); rc > 0;
	     rc = db_seek(c, DB_NEXT, &key, &val, e)) {
		uint64_t offset = db_u64(key), previous;
		struct event ev;
		struct err why;

		v->n++;
		if (offset != want)
			v->hole = offset - 1;
		want = offset + 1;
		if (record_read(val, offset, j->epoch, true, &ev, &previous,
				&why)) {
			report(v, "%s", why.msg);
			continue;
		}
		if (event_check(&ev, &why))
			report(v, "event %llu: %s", (unsigned long long)offset,
			       why.msg);
		if (previous >= offset)
			report(v, "event %llu: its topic's chain runs forward",
			       (unsigned long long)offset);
		if (ev.recorded_us < v->last_us)
			report(v, "event %llu: recorded before the one before",
			       (unsigned long long)offset);
		v->last_us = ev.recorded_us;
	}
	db_cursor_close(&c);
	return rc;
}

struct chain {
	struct str topic;
	uint64_t n;
	uint64_t last; /* offset of its oldest event */
	bool foreign;
};

static int on_link(void *arg, const struct event *ev, struct err *e)
{
	struct chain *chain = arg;

	(void)e;
	chain->n++;
	chain->last = ev->offset;
	if (!str_eq(ev->topic, chain->topic))
		chain->foreign = true;
	return 0;
}

/* Where a chain ends in a hole, that event must be known to be pruned. */
static void check_chain_end(struct verify *v, const struct chain *chain)
{
	struct pruned_row row = { v->pruned.forgotten };
	struct journal *j = v->j;
	uint64_t previous = 0;
	struct event ev;
	struct str val;
	struct err why;

	if (record_get(j, chain->last, &ev, &previous, &why) <= 0)
		return;
	if (previous > row.highest && j->format > 1 &&
	    db_get(journal_txn(j), j->pruned, chain->topic, &val, &why) > 0)
		memcpy(&row, val.p, sizeof(row));
	if (previous > row.highest)
		report(v,
		       "topic %.*s: event %llu is gone, pruned up to %llu only",
		       STR_ARG(chain->topic), (unsigned long long)previous,
		       (unsigned long long)row.highest);
}

static int check_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct verify *v = arg;
	struct chain chain = { .topic = t->topic };
	struct err why = { 0 };

	(void)e;
	if (journal_history(v->j, t->topic, 0, on_link, &chain, &why))
		report(v, "topic %.*s: %s", STR_ARG(t->topic), why.msg);
	if (chain.foreign)
		report(v, "topic %.*s: another topic is in its chain",
		       STR_ARG(t->topic));
	if (chain.n != t->count)
		report(v, "topic %.*s: %llu events in its chain, %llu counted",
		       STR_ARG(t->topic), (unsigned long long)chain.n,
		       (unsigned long long)t->count);
	else
		check_chain_end(v, &chain);
	return 0;
}

static int check_pruned_row(void *arg, struct str topic, struct str val,
			    struct err *e)
{
	struct verify *v = arg;
	struct pruned_row row;
	struct event ev;
	uint64_t previous;

	(void)e;
	memcpy(&row, val.p, sizeof(row));
	if (row.highest > v->highest)
		v->highest = row.highest;
	if (record_get(v->j, row.highest, &ev, &previous, &(struct err){ 0 }))
		report(v, "topic %.*s: pruned up to %llu, but that is there",
		       STR_ARG(topic), (unsigned long long)row.highest);
	return 0;
}

/* What the rows say, what they say in all, and the holes must agree. */
static int check_pruned(struct verify *v, struct err *e)
{
	struct journal *j = v->j;

	v->highest = v->pruned.forgotten;
	if (j->format > 1 &&
	    journal_each_topic(j, j->pruned, STR(""), (struct str){ 0 },
			       check_pruned_row, v, e))
		return -1;
	if (v->pruned.highest != v->highest)
		report(v, "pruned up to %llu, but topics say %llu",
		       (unsigned long long)v->pruned.highest,
		       (unsigned long long)v->highest);
	if (v->hole > v->highest)
		report(v, "event %llu is missing, and was not pruned",
		       (unsigned long long)v->hole);
	return 0;
}

static int check_retained(void *arg, const struct event *ev, struct err *e)
{
	struct verify *v = arg;

	(void)e;
	if (str_is(ev->data, "null"))
		report(v, "retained value of %.*s is a deletion",
		       STR_ARG(ev->topic));
	return 0;
}

int journal_verify(struct journal *j,
		   void (*problem)(void *arg, const char *text), void *arg,
		   uint64_t *n_r, struct err *e)
{
	struct verify v = { .j = j, .problem = problem, .arg = arg };
	struct err why = { 0 };
	int rc = -1;

	if (journal_begin(j, e))
		return -1;
	if (journal_pruned_total(j, &v.pruned, e) || check_events(&v, e) < 0 ||
	    check_pruned(&v, e) ||
	    journal_topics(j, STR(""), (struct str){ 0 }, check_topic, &v, e))
		goto out;
	if (journal_retained(j, STR(""), check_retained, &v, &why))
		report(&v, "%s", why.msg);
	*n_r = v.n;
	rc = 0;
out:
	journal_end(j);
	return rc;
}
