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
		{ "pruned", &j->pruned },   { "origins", &j->origins },
		{ "stages", &j->stages },   { "meta", &j->meta },
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		int rc = db_table_open(j->db, tables[i].name, tables[i].t, e);

		if (rc < 0)
			return -1;
		if (rc == 0 && tables[i].t != &j->pruned) /* new in 2 */
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
	if (format < 1 || format > JOURNAL_FORMAT)
		return err_set(e, EX_DATAERR,
			       "journal: format %u, this program reads %d",
			       format, JOURNAL_FORMAT);
	j->format = format;
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
	free(j->answers);
	free(j);
	*jp = NULL;
}

/* A new snapshot. Since the last one a writer may have been started. */
static int renew(struct journal *j, struct err *e)
{
	if (db_renew(j->read, e) || journal_read_epoch(j, e))
		return -1;
	if (j->format == 1 || j->pruned)
		return 0;
	/* It brought the file to our format, with a table more. */
	db_reset(j->read);
	return journal_open_tables(j, e) || db_renew(j->read, e) ? -1 : 0;
}

int journal_begin(struct journal *j, struct err *e)
{
	if (j->depth++ > 0 || j->write)
		return 0;
	if (renew(j, e)) {
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

int journal_born(struct journal *j, int64_t *us_r, struct err *e)
{
	struct str val;
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = db_get(journal_txn(j), j->meta, STR("born"), &val, e);
	if (rc > 0)
		memcpy(us_r, val.p, sizeof(*us_r));
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

int record_get(struct journal *j, uint64_t offset, struct event *ev_r,
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
	rc = record_get(j, offset, &ev, &previous, e);
	if (rc > 0)
		rc = fn(arg, &ev, e) < 0 ? -1 : 1;
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
		   int64_t since_us, uint64_t *offset_r, struct err *e)
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
		rc = row.recorded_us >= since_us;
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
