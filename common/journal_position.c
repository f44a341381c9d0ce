/*
 * Where a reader goes on, and whether what it wants is still there: positions,
 * times, and what was pruned.
 */
#include "common/journal.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/journal_record.h"
#include "common/xmem.h"

/* ---- what was pruned ---- */

/* The highest offset below the head that is not there; 0: none is missing. */
static int highest_hole(struct journal *j, uint64_t *offset_r, struct err *e)
{
	uint64_t want = 0;
	struct db_cursor *c;
	struct str key, val;
	int rc;

	if (db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	rc = db_seek(c, DB_LAST, &key, &val, e);
	if (rc > 0)
		want = db_u64(key);
	for (; rc > 0 && db_u64(key) == want; want--)
		rc = db_seek(c, DB_PREV, &key, &val, e);
	db_cursor_close(&c);
	*offset_r = want;
	return rc < 0 ? -1 : 0;
}

int journal_pruned_total(struct journal *j, struct pruned_total *total_r,
			 struct err *e)
{
	uint64_t hole;
	struct str val;
	int rc;

	*total_r = (struct pruned_total){ 0, 0, 0 };
	if (j->format == 1) {
		if (highest_hole(j, &hole, e))
			return -1;
		*total_r = (struct pruned_total){ hole, hole, hole };
		return 0;
	}
	rc = db_get(journal_txn(j), j->meta, STR("pruned"), &val, e);
	if (rc > 0)
		memcpy(total_r, val.p, sizeof(*total_r));
	return rc < 0 ? -1 : 0;
}

struct walk {
	uint64_t rows, highest;
};

static int on_row(void *arg, struct str topic, struct str val, struct err *e)
{
	struct walk *w = arg;
	struct pruned_row row;

	(void)topic;
	(void)e;
	memcpy(&row, val.p, sizeof(row));
	w->rows++;
	if (row.highest > w->highest)
		w->highest = row.highest;
	return 0;
}

static bool is_answer(const struct pruned_answer *a, const struct journal *j,
		      struct str pattern, uint64_t n)
{
	return a->epoch == j->epoch && a->n == n &&
	       str_eq((struct str){ a->pattern, a->len }, pattern);
}

/* The highest offset that was pruned of what matches; n: of the total. */
static int highest_pruned(struct journal *j, struct str pattern, uint64_t n,
			  uint64_t *offset_r, struct err *e)
{
	struct walk w = { 0, 0 };
	struct pruned_answer *a;

	if (!j->answers)
		j->answers = xcalloc(PRUNED_ANSWERS, sizeof(*a));
	a = &j->answers[str_hash_fast(pattern) % PRUNED_ANSWERS];
	if (is_answer(a, j, pattern, n)) {
		*offset_r = a->highest;
		return 0;
	}
	if (journal_each_topic(j, j->pruned, pattern, (struct str){ 0 }, on_row,
			       &w, e) < 0)
		return -1;
	*offset_r = w.highest;
	/* What a transaction says that is open may not become true. */
	if (w.rows < PRUNED_WALK || j->write)
		return 0;
	*a = (struct pruned_answer){ j->epoch, n, w.highest, pattern.len, "" };
	memcpy(a->pattern, pattern.p, pattern.len);
	return 0;
}

/* Whether any of what is wanted was pruned after an offset. 1, 0, -1. */
static int is_lost(struct journal *j, uint64_t after,
		   const struct journal_want *want,
		   const struct pruned_total *total, struct err *e)
{
	if (total->highest <= after)
		return 0; /* the usual case */
	if (want->n == 0 || total->forgotten > after)
		return 1;
	for (size_t i = 0; i < want->n; i++) {
		uint64_t highest;

		if (want->pattern[i].len == 0)
			return 1;
		if (highest_pruned(j, want->pattern[i], total->n, &highest, e))
			return -1;
		if (highest > after)
			return 1;
	}
	return 0;
}

int journal_pruned(struct journal *j, uint64_t after, struct journal_want *want,
		   struct err *e)
{
	struct pruned_total total;
	int rc;

	if (after < want->told)
		after = want->told;
	if (journal_begin(j, e))
		return -1;
	rc = journal_pruned_total(j, &total, e);
	if (rc == 0 && total.n != want->asked) {
		rc = is_lost(j, after, want, &total, e);
		if (rc >= 0)
			want->asked = total.n;
		if (rc > 0)
			want->told = total.highest;
	}
	journal_end(j);
	return rc;
}

int journal_count_topics(struct journal *j, uint64_t *n_r, struct err *e)
{
	int rc;

	*n_r = 0;
	if (journal_begin(j, e))
		return -1;
	rc = db_count(journal_txn(j), j->topics, n_r, e);
	journal_end(j);
	return rc;
}

int journal_pruned_topics(struct journal *j, uint64_t *n_r, struct err *e)
{
	int rc = 0;

	*n_r = 0;
	if (journal_begin(j, e))
		return -1;
	if (j->format > 1)
		rc = db_count(journal_txn(j), j->pruned, n_r, e);
	journal_end(j);
	return rc;
}

/* ---- positions ---- */

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

int journal_resume(struct journal *j, struct position pos,
		   struct journal_want *want, uint64_t *next_r, struct err *e)
{
	struct journal_head head;
	uint64_t end;
	int rc = -1, known = 1, lost;

	if (journal_begin(j, e))
		return -1;
	if (journal_head(j, &head, e))
		goto out;
	end = head.offset;
	if (pos.epoch != head.epoch) {
		known = epoch_end(j, pos.epoch, &end, e);
		if (known < 0)
			goto out;
	}
	*next_r = known ? (pos.offset < end ? pos.offset : end) + 1 : 1;
	lost = journal_pruned(j, *next_r - 1, want, e);
	/* Above the newest event is nobody's honest position. */
	if (lost >= 0)
		rc = !lost && pos.epoch == head.epoch &&
		     pos.offset <= head.offset;
out:
	journal_end(j);
	return rc;
}

/* ---- times ---- */

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

int journal_find_time(struct journal *j, int64_t us, uint64_t *before_r,
		      uint64_t *offset_r, struct err *e)
{
	struct journal_head head;
	struct db_cursor *c;
	uint64_t first, at;
	int rc;

	if (journal_head(j, &head, e) ||
	    db_cursor_open(journal_txn(j), j->events, &c, e))
		return -1;
	first = head.first ? head.first : head.offset + 1;
	rc = search_time(c, us, first, head.offset + 1, &at, e);
	if (rc == 0) {
		*before_r = at > first ? at - 1 : 0;
		*offset_r = at;
		/* It may have ended in the hole before that event. */
		rc = time_at(c, at, offset_r, &us, e) < 0 ? -1 : 0;
	}
	db_cursor_close(&c);
	return rc;
}

int journal_at_time(struct journal *j, int64_t us, uint64_t *offset_r,
		    struct err *e)
{
	uint64_t before;
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = journal_find_time(j, us, &before, offset_r, e);
	journal_end(j);
	return rc;
}

int journal_resume_at(struct journal *j, int64_t us, struct journal_want *want,
		      uint64_t *next_r, struct err *e)
{
	uint64_t before;
	int rc;

	if (journal_begin(j, e))
		return -1;
	rc = journal_find_time(j, us, &before, next_r, e);
	if (rc == 0)
		rc = journal_pruned(j, before, want, e);
	journal_end(j);
	return rc < 0 ? -1 : !rc;
}
