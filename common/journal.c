#include "common/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/crc32c.h"
#include "common/journal_record.h"
#include "common/xmem.h"

enum { JOURNAL_BUDGET = 10000 };

int record_read(struct str val, uint64_t offset, uint32_t epoch, bool check,
		struct event *ev_r, uint64_t *previous_r, struct err *e)
{
	struct record_head h;
	const char *p = val.p + RECORD_HEAD;

	if (val.len < RECORD_HEAD)
		goto damaged;
	memcpy(&h, val.p, sizeof(h));
	if (h.version != RECORD_VERSION ||
	    (uint64_t)RECORD_HEAD + h.topic_len + h.source_len + h.ext_len +
			    h.data_len !=
		    val.len)
		goto damaged;
	if (check && h.crc != crc32c(val.p + 4, val.len - 4))
		goto damaged;
	*ev_r = (struct event){
		.topic = { p, h.topic_len },
		.source = { p + h.topic_len, h.source_len },
		.id = h.id,
		.time_us = h.time_us,
		.recorded_us = h.recorded_us,
		.offset = offset,
		.epoch = epoch,
		.data = { p + h.topic_len + h.source_len + h.ext_len,
			  h.data_len },
	};
	if (h.ext_len)
		ev_r->ext = (struct str){ p + h.topic_len + h.source_len,
					  h.ext_len };
	*previous_r = h.previous;
	return 0;
damaged:
	return err_set(e, EX_DATAERR, "journal: event %llu is damaged",
		       (unsigned long long)offset);
}

struct db_txn *journal_txn(const struct journal *j)
{
	return j->write ? j->write : j->read;
}

int journal_open_tables(struct journal *j, struct err *e)
{
	const struct {
		const char *name;
		db_table *t;
	} tables[] = {
		{ "events", &j->events },   { "topics", &j->topics },
		{ "sources", &j->sources }, { "retained", &j->retained },
		{ "origins", &j->origins }, { "stages", &j->stages },
		{ "meta", &j->meta },
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		int rc = db_table_open(j->db, tables[i].name, tables[i].t, e);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(e, EX_NOINPUT,
				       "journal: not set up yet");
	}
	return 0;
}

int journal_read_epoch(struct journal *j, struct err *e)
{
	struct str val;
	uint32_t format = 0;
	int rc = db_get(journal_txn(j), j->meta, STR("format"), &val, e);

	if (rc > 0 && val.len == sizeof(format))
		memcpy(&format, val.p, sizeof(format));
	if (rc == 0)
		return err_set(e, EX_NOINPUT, "journal: not set up yet");
	if (rc < 0)
		return -1;
	if (format != JOURNAL_FORMAT)
		return err_set(e, EX_DATAERR,
			       "journal: format %u, this program reads %d",
			       format, JOURNAL_FORMAT);
	rc = db_get(journal_txn(j), j->meta, STR("epoch"), &val, e);
	if (rc < 0)
		return -1;
	if (rc == 0 || val.len != sizeof(j->epoch))
		return err_set(e, EX_DATAERR, "journal: it has no epoch");
	memcpy(&j->epoch, val.p, sizeof(j->epoch));
	return 0;
}

struct journal *journal_open(const char *dir, struct err *e)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	char path[4096];

	snprintf(path, sizeof(path), "%s/journal", dir);
	j->db = db_open(path, DB_READ, 0, e);
	if (!j->db || journal_open_tables(j, e))
		goto fail;
	if (db_begin(j->db, false, &j->read, e))
		goto fail;
	if (journal_read_epoch(j, e))
		goto fail;
	db_reset(j->read);
	return j;
fail:
	journal_close(&j);
	return NULL;
}

void journal_close(struct journal **jp)
{
	struct journal *j = *jp;

	if (!j)
		return;
	journal_write_abort(j);
	journal_write_release(j);
	db_abort(&j->read);
	db_close(&j->db);
	free(j);
	*jp = NULL;
}

int journal_begin(struct journal *j, struct err *e)
{
	if (j->depth++ > 0 || j->write)
		return 0;
	if (db_renew(j->read, e)) {
		j->depth--;
		return -1;
	}
	/* A writer that was restarted on a copy may have drawn a new one. */
	if (journal_read_epoch(j, e)) {
		journal_end(j);
		return -1;
	}
	return 0;
}

void journal_end(struct journal *j)
{
	if (--j->depth == 0 && !j->write)
		db_reset(j->read);
}

static int head_in_txn(struct journal *j, struct journal_head *head_r,
		       struct err *e)
{
	struct db_cursor *c;
	struct str key, val;
	struct event ev;
	uint64_t previous;
	int rc;

	*head_r = (struct journal_head){ .epoch = j->epoch,
					 .recorded_us = CLK_NONE };
	if (db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	rc = db_seek(c, DB_LAST, &key, &val, e);
	if (rc > 0) {
		head_r->offset = db_u64(key);
		rc = record_read(val, head_r->offset, j->epoch, false, &ev,
				 &previous, e);
		if (rc == 0) {
			head_r->recorded_us = ev.recorded_us;
			rc = db_seek(c, DB_FIRST, &key, &val, e);
		}
		if (rc > 0)
			head_r->first = db_u64(key);
	}
	db_cursor_close(&c);
	return rc < 0 ? -1 : 0;
}

int journal_head(struct journal *j, struct journal_head *head_r, struct err *e)
{
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = head_in_txn(j, head_r, e);
	journal_end(j);
	return rc;
}

/* Where epoch ended in this journal: 1 and *offset_r, 0 if it is unknown. */
static int epoch_end(struct journal *j, uint32_t epoch, uint64_t *offset_r,
		     struct err *e)
{
	char key[32];
	struct str val;
	int rc;

	snprintf(key, sizeof(key), "ended/%08x", epoch);
	rc = db_get(journal_txn(j), j->meta, str_from(key), &val, e);
	if (rc > 0)
		memcpy(offset_r, val.p, sizeof(*offset_r));
	return rc;
}

/* 1 if no offset of from..head is missing, as far as can be told quickly. */
static int nothing_pruned(struct journal *j, uint64_t from,
			  const struct journal_head *head, struct err *e)
{
	struct db_cursor *c;
	struct str key, val;
	char want[8];
	int rc;

	if (from > head->offset)
		return 1;
	if (db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	key = db_key_u64(from, want);
	rc = db_seek(c, DB_AT_OR_AFTER, &key, &val, e);
	if (rc > 0)
		rc = db_u64(key) == from;
	db_cursor_close(&c);
	return rc;
}

int journal_resume(struct journal *j, struct position pos, uint64_t *next_r,
		   struct err *e)
{
	struct journal_head head;
	uint64_t end = 0;
	int rc = -1;

	if (journal_begin(j, e))
		return -1;
	if (journal_head(j, &head, e))
		goto out;
	if (pos.epoch == head.epoch) {
		*next_r = pos.offset + 1;
		/* A position ahead of the journal is nobody's honest one. */
		if (pos.offset > head.offset)
			rc = 0, *next_r = head.offset + 1;
		else
			rc = nothing_pruned(j, *next_r, &head, e);
		goto out;
	}
	rc = epoch_end(j, pos.epoch, &end, e);
	if (rc < 0)
		goto out;
	*next_r = rc == 0 ? 1 : (pos.offset < end ? pos.offset : end) + 1;
	rc = 0;
out:
	journal_end(j);
	return rc;
}

static int scan_in_txn(struct journal *j, const struct journal_scan *scan,
		       journal_fn *fn, void *arg, uint64_t *next_r,
		       struct err *e)
{
	uint64_t left = scan->budget ? scan->budget : JOURNAL_BUDGET;
	struct db_cursor *c;
	struct str key, val;
	char want[8];
	int rc;

	*next_r = scan->from;
	if (db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	key = db_key_u64(scan->from, want);
	rc = db_seek(c, DB_AT_OR_AFTER, &key, &val, e);
	if (scan->reverse && rc == 0)
		rc = db_seek(c, DB_LAST, &key, &val, e);
	else if (scan->reverse && rc > 0 && db_u64(key) > scan->from)
		rc = db_seek(c, DB_PREV, &key, &val, e);
	while (rc > 0) {
		uint64_t offset = db_u64(key), previous;
		struct event ev;

		if (scan->until && (scan->reverse ? offset < scan->until
						  : offset > scan->until)) {
			rc = 0;
			break;
		}
		if (left-- == 0)
			break;
		rc = record_read(val, offset, j->epoch, true, &ev, &previous,
				 e);
		*next_r = scan->reverse ? offset - 1 : offset + 1;
		if (rc == 0)
			rc = fn(arg, &ev, e);
		if (rc != 0)
			break;
		rc = db_seek(c, scan->reverse ? DB_PREV : DB_NEXT, &key, &val,
			     e);
	}
	db_cursor_close(&c);
	return rc < 0 ? -1 : rc > 0;
}

int journal_scan(struct journal *j, const struct journal_scan *scan,
		 journal_fn *fn, void *arg, uint64_t *next_r, struct err *e)
{
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = scan_in_txn(j, scan, fn, arg, next_r, e);
	journal_end(j);
	return rc;
}

/* Read one record. 1, 0, -1. */
static int get_record(struct journal *j, uint64_t offset, struct event *ev_r,
		      uint64_t *previous_r, struct err *e)
{
	struct str val;
	char key[8];
	int rc = db_get(journal_txn(j), j->events, db_key_u64(offset, key),
			&val, e);

	if (rc <= 0)
		return rc;
	return record_read(val, offset, j->epoch, true, ev_r, previous_r, e)
		       ? -1
		       : 1;
}

int journal_get(struct journal *j, uint64_t offset, journal_fn *fn, void *arg,
		struct err *e)
{
	struct event ev;
	uint64_t previous;
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = get_record(j, offset, &ev, &previous, e);
	if (rc > 0)
		rc = fn(arg, &ev, e) < 0 ? -1 : 1;
	journal_end(j);
	return rc;
}

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

		rc = get_record(j, at, &ev, &previous, e);
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

/* What a pattern's topics start with in the tables. */
static bool is_prefix(struct str pattern)
{
	return pattern.len == 0 || pattern.p[pattern.len - 1] == '/' ||
	       pattern.p[pattern.len - 1] == '.';
}

/* Walk a table of topics: from the first that matches to the last. */
static int each_topic(struct journal *j, db_table t, struct str pattern,
		      struct str after,
		      int (*fn)(void *arg, struct str key, struct str val,
				struct err *e),
		      void *arg, struct err *e)
{
	struct str key = str_cmp(after, pattern) > 0 ? after : pattern, val;
	struct db_cursor *c;
	int rc;

	if (db_cursor_open(journal_txn(j), t, &c, e))
		return -1;
	if (key.len == 0)
		rc = db_seek(c, DB_FIRST, &key, &val, e);
	else
		rc = db_seek(c, DB_AT_OR_AFTER, &key, &val, e);
	while (rc > 0 && topic_matches(key, pattern)) {
		rc = str_eq(key, after) ? 0 : fn(arg, key, val, e);
		if (rc != 0 || !is_prefix(pattern))
			break;
		rc = db_seek(c, DB_NEXT, &key, &val, e);
	}
	db_cursor_close(&c);
	return rc < 0 ? -1 : 0;
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
	rc = each_topic(j, j->topics, pattern, after, on_topic, &w, e);
	journal_end(j);
	return rc;
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
	rc = get_record(w->j, offset, &ev, &previous, e);
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
	rc = each_topic(j, j->retained, pattern, (struct str){ 0 }, on_retained,
			&w, e);
	journal_end(j);
	return rc;
}

/*
 * The first record at or after offset `from`: its offset and recorded time.
 * 1, 0, -1.
 */
static int time_at(struct db_cursor *c, uint64_t from, uint64_t *offset_r,
		   int64_t *us_r, struct err *e)
{
	struct record_head h;
	struct str key, val;
	char want[8];
	int rc;

	key = db_key_u64(from, want);
	rc = db_seek(c, DB_AT_OR_AFTER, &key, &val, e);
	if (rc <= 0)
		return rc;
	if (val.len < RECORD_HEAD)
		return err_set(e, EX_DATAERR, "journal: damaged event");
	memcpy(&h, val.p, sizeof(h));
	*offset_r = db_u64(key);
	*us_r = h.recorded_us;
	return 1;
}

/*
 * Binary search in low..high (offsets, of which some are holes) for the first
 * record of us or later; high is one that is known to be, or head + 1.
 */
static int search_time(struct db_cursor *c, int64_t us, uint64_t low,
		       uint64_t high, uint64_t *offset_r, struct err *e)
{
	while (low < high) {
		uint64_t mid = low + (high - low) / 2, at = 0;
		int64_t at_us = 0;
		int rc = time_at(c, mid, &at, &at_us, e);

		if (rc < 0)
			return -1;
		if (rc > 0 && at < high && at_us < us)
			low = at + 1;
		else
			high = mid; /* nothing earlier in mid..high */
	}
	*offset_r = low;
	return 0;
}

int journal_at_time(struct journal *j, int64_t us, uint64_t *offset_r,
		    struct err *e)
{
	struct journal_head head;
	struct db_cursor *c = NULL;
	int rc = -1;

	if (journal_begin(j, e))
		return -1;
	if (journal_head(j, &head, e) ||
	    db_cursor_open(journal_txn(j), j->events, &c, e))
		goto out;
	rc = search_time(c, us, head.first ? head.first : head.offset + 1,
			 head.offset + 1, offset_r, e);
	/* It may have ended in the hole before that event. */
	if (rc == 0 && time_at(c, *offset_r, offset_r, &us, e) < 0)
		rc = -1;
out:
	db_cursor_close(&c);
	journal_end(j);
	return rc;
}

struct str origin_key(struct str source, struct str id, char out[DB_KEY_MAX])
{
	size_t n = 0;

	memcpy(out, source.p, source.len);
	n = source.len;
	out[n++] = ' ';
	memcpy(out + n, id.p, id.len);
	return (struct str){ out, n + id.len };
}

int journal_origin(struct journal *j, struct str source, struct str id,
		   uint64_t *offset_r, struct err *e)
{
	char key[DB_KEY_MAX];
	struct origin_row row;
	struct str val;
	int rc;

	if (source.len > EVENT_SOURCE_MAX || id.len > EVENT_ID_MAX)
		return 0;
	if (journal_begin(j, e))
		return -1;
	rc = db_get(journal_txn(j), j->origins, origin_key(source, id, key),
		    &val, e);
	if (rc > 0) {
		memcpy(&row, val.p, sizeof(row));
		*offset_r = row.offset;
	}
	journal_end(j);
	return rc;
}

int journal_source(struct journal *j, struct str source, uint64_t *last_r,
		   struct err *e)
{
	struct source_row row;
	struct str val;
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = db_get(journal_txn(j), j->sources, source, &val, e);
	if (rc > 0) {
		memcpy(&row, val.p, sizeof(row));
		*last_r = row.last;
	}
	journal_end(j);
	return rc;
}

uint64_t journal_bytes(const struct journal *j)
{
	return db_file_bytes(j->db);
}
