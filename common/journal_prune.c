/*
 * What the journal forgets, and that it remembers having done so.
 *
 * The table `pruned` has, for each topic of which anything was pruned, the
 * highest offset that was: whoever wants the topic and stands below it has
 * missed something. A topic's row outlives the topic by a week; then it is
 * given up, and from there on stands for every topic (`forgotten`). Nothing of
 * this is written while events come in.
 */
#include "common/journal.h"

#include <string.h>

#include "common/journal_record.h"

int journal_write_stage(struct journal *j, struct str stage,
			struct position pos, int64_t now_us, struct err *e)
{
	struct stage_row row = { pos.epoch, 0, pos.offset, now_us };

	return db_put(j->write, j->stages, stage, bytes(&row, sizeof(row)), 0,
		      e);
}

static int find_floor(struct journal *j, int64_t since_us, uint64_t *floor_r,
		      struct err *e)
{
	struct db_cursor *c;
	struct str key, val;
	int rc;

	*floor_r = j->head;
	if (db_cursor_open(journal_txn(j), j->stages, &c, e))
		return -1;
	for (rc = db_seek(c, DB_FIRST, &key, &val, e); rc > 0;
	     rc = db_seek(c, DB_NEXT, &key, &val, e)) {
		struct stage_row row;

		memcpy(&row, val.p, sizeof(row));
		if (row.seen_us < since_us)
			continue;
		/* One that has not met this epoch yet may want it from 1. */
		if (row.epoch != j->epoch)
			*floor_r = 0;
		else if (row.offset < *floor_r)
			*floor_r = row.offset;
	}
	db_cursor_close(&c);
	return rc;
}

int journal_write_floor(struct journal *j, int64_t since_us, uint64_t *floor_r,
			struct err *e)
{
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = find_floor(j, since_us, floor_r, e);
	journal_end(j);
	return rc;
}

static int put_total(struct journal *j, const struct pruned_total *total,
		     struct err *e)
{
	return db_put(j->write, j->meta, STR("pruned"),
		      bytes(total, sizeof(*total)), 0, e);
}

int journal_write_upgrade(struct journal *j, struct err *e)
{
	const uint32_t format = JOURNAL_FORMAT;
	struct pruned_total total;

	if (j->format == format)
		return 0;
	if (journal_pruned_total(j, &total, e) || put_total(j, &total, e) ||
	    db_put(j->write, j->meta, STR("format"),
		   bytes(&format, sizeof(format)), 0, e))
		return -1;
	j->format = format;
	return 0;
}

/* Whoever comes back from before it is to be told. */
static int remember(struct journal *j, struct str topic, uint64_t offset,
		    struct err *e)
{
	struct pruned_row row = { 0 };
	struct pruned_total total;
	struct str val;
	int rc = db_get(j->write, j->pruned, topic, &val, e);

	if (rc > 0)
		memcpy(&row, val.p, sizeof(row));
	if (rc < 0 || journal_pruned_total(j, &total, e))
		return -1;
	if (row.highest < offset) {
		row.highest = offset;
		if (db_put(j->write, j->pruned, topic, bytes(&row, sizeof(row)),
			   0, e))
			return -1;
	}
	if (total.highest < offset)
		total.highest = offset;
	total.n++;
	return put_total(j, &total, e);
}

int journal_write_prune(struct journal *j, uint64_t offset, struct err *e)
{
	char topic[EVENT_TOPIC_MAX], key[8];
	struct event ev;
	uint64_t previous;
	int rc;

	/* The newest event says where the offsets are. */
	if (offset == j->head)
		return 0;
	rc = record_get(j, offset, &ev, &previous, e);
	if (rc <= 0)
		return rc;
	/* It lies in a page that writing may move. */
	memcpy(topic, ev.topic.p, ev.topic.len);
	ev.topic.p = topic;
	rc = journal_write_uncount(j, &ev, e);
	if (rc <= 0)
		return rc;
	if (remember(j, ev.topic, offset, e) ||
	    db_del(j->write, j->events, db_key_u64(offset, key), e) < 0)
		return -1;
	return 1;
}

/* ---- rows that expire ---- */

/* Whether a row may go: 1, 0, -1. */
typedef int expired_fn(struct journal *j, struct str key, struct str val,
		       int64_t limit, struct err *e);

/* Go on in table t for n rows, from its start where its end was reached. */
static int sweep(struct journal *j, db_table t, struct sweep *s, uint64_t n,
		 expired_fn *expired, int64_t limit, struct err *e)
{
	struct str key = { s->at, s->len }, val;
	struct db_cursor *c;
	uint64_t rows;
	int rc;

	if (db_count(j->write, t, &rows, e) ||
	    db_cursor_open(j->write, t, &c, e))
		return -1;
	if (n < rows / JOURNAL_SWEEP_TURNS)
		n = rows / JOURNAL_SWEEP_TURNS;
	rc = db_seek(c, key.len ? DB_AT_OR_AFTER : DB_FIRST, &key, &val, e);
	while (rc > 0 && n-- > 0) {
		rc = expired(j, key, val, limit, e);
		j->swept |= rc > 0;
		if (rc < 0 || (rc > 0 && db_cursor_del(c, e))) {
			rc = -1;
			break;
		}
		rc = db_seek(c, DB_NEXT, &key, &val, e);
	}
	s->len = rc > 0 ? key.len : 0;
	if (rc > 0)
		memcpy(s->at, key.p, key.len);
	db_cursor_close(&c);
	return rc < 0 ? -1 : 0;
}

static int origin_expired(struct journal *j, struct str key, struct str val,
			  int64_t limit_us, struct err *e)
{
	struct origin_row row;

	(void)j;
	(void)key;
	(void)e;
	memcpy(&row, val.p, sizeof(row));
	return row.recorded_us < limit_us;
}

static int source_expired(struct journal *j, struct str key, struct str val,
			  int64_t limit_us, struct err *e)
{
	struct source_row row;

	(void)j;
	(void)key;
	(void)e;
	memcpy(&row, val.p, sizeof(row));
	return row.seen_us < 0 && -1 - row.seen_us < limit_us;
}

/* A topic that is gone, pruned up to `limit` at most: from now on in sum. */
static int pruned_expired(struct journal *j, struct str key, struct str val,
			  int64_t limit, struct err *e)
{
	struct pruned_total total;
	struct pruned_row row;
	int rc;

	memcpy(&row, val.p, sizeof(row));
	if (row.highest > (uint64_t)limit)
		return 0;
	rc = db_get(j->write, j->topics, key, &val, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (journal_pruned_total(j, &total, e))
		return -1;
	if (total.forgotten >= row.highest)
		return 1;
	total.forgotten = row.highest;
	return put_total(j, &total, e) ? -1 : 1;
}

static int sweep_pruned(struct journal *j, int64_t now_us, unsigned n,
			struct err *e)
{
	uint64_t rows, old, after;

	if (journal_pruned_topics(j, &rows, e) ||
	    journal_find_time(j, now_us - PRUNED_KEEP_S * INT64_C(1000000),
			      &old, &after, e))
		return -1;
	return sweep(j, j->pruned, &j->sweep_pruned, n, pruned_expired,
		     rows > JOURNAL_PRUNED_MAX ? INT64_MAX : (int64_t)old, e);
}

int journal_write_sweep(struct journal *j, int64_t now_us, unsigned n,
			struct err *e)
{
	const int64_t s = 1000000;

	if (sweep(j, j->origins, &j->sweep_origins, n, origin_expired,
		  now_us - JOURNAL_ORIGIN_S * s, e) ||
	    sweep(j, j->sources, &j->sweep_sources, n, source_expired,
		  now_us - TRANSIENT_KEEP_S * s, e))
		return -1;
	return sweep_pruned(j, now_us, n, e);
}
