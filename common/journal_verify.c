/*
 * Reading the whole journal against itself: checksums, the chain of each
 * topic, the counts, and what the other tables point to.
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
	int64_t last_us;
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
	int rc;

	if (db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	for (rc = db_seek(c, DB_FIRST, &key, &val, e); rc > 0;
	     rc = db_seek(c, DB_NEXT, &key, &val, e)) {
		uint64_t offset = db_u64(key), previous;
		struct event ev;
		struct err why;

		v->n++;
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
	bool foreign;
};

static int on_link(void *arg, const struct event *ev, struct err *e)
{
	struct chain *chain = arg;

	(void)e;
	chain->n++;
	if (!str_eq(ev->topic, chain->topic))
		chain->foreign = true;
	return 0;
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
	if (check_events(&v, e) < 0 ||
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
