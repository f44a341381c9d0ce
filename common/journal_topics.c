/*
 * Reading the journal by topic: the tables whose keys are topics, and the
 * chain of a topic's events.
 */
#include "common/journal.h"

#include <string.h>
#include <sysexits.h>

#include "common/journal_record.h"

int journal_history(struct journal *j, struct str topic, uint64_t from,
		    journal_fn *fn, void *arg, struct err *e)
{
	struct topic_row row;
	struct str val;
	uint64_t at = 0;
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = db_get(journal_txn(j), j->topics, topic, &val, e);
	if (rc > 0) {
		memcpy(&row, val.p, sizeof(row));
		at = row.last;
	}
	while (rc >= 0 && at > 0) {
		struct event ev;
		uint64_t previous;

		rc = record_get(j, at, &ev, &previous, e);
		if (rc <= 0) /* 0: pruned, the chain ends here */
			break;
		rc = from && at > from ? 0 : fn(arg, &ev, e);
		if (rc != 0)
			break;
		at = previous;
	}
	journal_end(j);
	return rc < 0 ? -1 : 0;
}

int journal_each_topic(struct journal *j, db_table t, struct str pattern,
		       struct str after,
		       int (*fn)(void *arg, struct str key, struct str val,
				 struct err *e),
		       void *arg, struct err *e)
{
	struct str key = str_cmp(after, pattern) > 0 ? after : pattern, val;
	struct db_cursor *c;
	int rc, stop = 0;

	if (db_cursor_open(journal_txn(j), t, &c, e))
		return -1;
	if (key.len == 0)
		rc = db_seek(c, DB_FIRST, &key, &val, e);
	else
		rc = db_seek(c, DB_AT_OR_AFTER, &key, &val, e);
	while (rc > 0 && topic_matches(key, pattern)) {
		stop = str_eq(key, after) ? 0 : fn(arg, key, val, e);
		if (stop != 0 || !pattern_is_prefix(pattern))
			break;
		rc = db_seek(c, DB_NEXT, &key, &val, e);
	}
	db_cursor_close(&c);
	return rc < 0 ? -1 : stop;
}

struct topics_walk {
	journal_topic_fn *fn;
	void *arg;
};

static int on_topic(void *arg, struct str key, struct str val, struct err *e)
{
	struct topics_walk *w = arg;
	struct topic_row row;
	struct journal_topic t = { .topic = key };

	memcpy(&row, val.p, sizeof(row));
	t.last = row.last;
	t.count = row.count;
	return w->fn(w->arg, &t, e);
}

int journal_topics(struct journal *j, struct str pattern, struct str after,
		   journal_topic_fn *fn, void *arg, struct err *e)
{
	struct topics_walk w = { fn, arg };
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = journal_each_topic(j, j->topics, pattern, after, on_topic, &w, e);
	journal_end(j);
	return rc < 0 ? -1 : 0;
}

struct retained_walk {
	struct journal *j;
	journal_fn *fn;
	void *arg;
};

static int on_retained(void *arg, struct str key, struct str val, struct err *e)
{
	struct retained_walk *w = arg;
	struct event ev;
	uint64_t offset, previous;
	int rc;

	memcpy(&offset, val.p, sizeof(offset));
	rc = record_get(w->j, offset, &ev, &previous, e);
	if (rc == 0)
		return err_set(e, EX_DATAERR,
			       "journal: retained value of %.*s is missing",
			       STR_ARG(key));
	return rc < 0 ? -1 : w->fn(w->arg, &ev, e);
}

int journal_retained(struct journal *j, struct str pattern, journal_fn *fn,
		     void *arg, struct err *e)
{
	struct retained_walk w = { j, fn, arg };
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = journal_each_topic(j, j->retained, pattern, (struct str){ 0 },
				on_retained, &w, e);
	journal_end(j);
	return rc < 0 ? -1 : 0;
}
