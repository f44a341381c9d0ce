/*
 * The writing half of journal.h. One transaction per batch; rows of topics are
 * kept in a cache between batches and written once per batch, however many
 * events a topic got in it.
 */
#include "common/journal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/crc32c.h"
#include "common/journal_record.h"
#include "common/json.h"
#include "common/types.h"
#include "common/xmem.h"

/* Emptied when it is half full: the other half is for one transaction. */
enum { CACHE_SLOTS = 2 * JOURNAL_TOPICS_MAX };

/* Address space for the file to grow into; the file grows as it is used. */
static const size_t JOURNAL_MAP = (size_t)1 << 40;

struct cached {
	struct str topic;
	uint64_t hash;
	struct topic_row row;
	bool retained; /* its type's last value is state */
	bool exists;   /* the row is in the table */
	bool dirty;
};

struct topic_cache {
	struct cached *slot[CACHE_SLOTS];
	struct cached **dirty;
	size_t n, n_dirty, cap_dirty;
	struct arena arena;
};

static void cache_clear(struct topic_cache *c)
{
	memset(c->slot, 0, sizeof(c->slot));
	c->n = c->n_dirty = 0;
	arena_free(&c->arena);
}

static struct cached *cache_find(struct journal *j, struct str topic,
				 struct err *e)
{
	struct topic_cache *c = j->cache;
	uint64_t hash = str_hash_fast(topic);
	struct cached **at = &c->slot[hash % CACHE_SLOTS];
	struct str val;
	int rc;

	while (*at && !((*at)->hash == hash && str_eq((*at)->topic, topic)))
		if (++at == c->slot + CACHE_SLOTS)
			at = c->slot;
	if (*at)
		return *at;
	assert(c->n < CACHE_SLOTS - 1); /* an empty one ends each search */
	rc = db_get(j->write, j->topics, topic, &val, e);
	if (rc < 0)
		return NULL;
	*at = arena_alloc(&c->arena, sizeof(**at));
	(*at)->topic = arena_str(&c->arena, topic);
	(*at)->hash = hash;
	(*at)->exists = rc > 0;
	(*at)->retained =
		type_is_retained(event_type(&(struct event){ .topic = topic }));
	if (rc > 0)
		memcpy(&(*at)->row, val.p, sizeof((*at)->row));
	c->n++;
	return *at;
}

static void mark_dirty(struct topic_cache *c, struct cached *at)
{
	if (at->dirty)
		return;
	at->dirty = true;
	xgrow(&c->dirty, &c->cap_dirty, c->n_dirty, sizeof(struct cached *));
	c->dirty[c->n_dirty++] = at;
}

/* ---- opening ---- */

static int put_meta(struct journal *j, const char *key, const void *p,
		    size_t len, struct err *e)
{
	return db_put(j->write, j->meta, str_from(key), bytes(p, len), 0, e);
}

/* Remember where the old epoch ended and draw a new one. */
static int draw_epoch(struct journal *j, struct err *e)
{
	const uint32_t format = JOURNAL_FORMAT;
	char key[32];
	uint32_t epoch = 0;

	if (j->epoch) {
		snprintf(key, sizeof(key), "ended/%08x", j->epoch);
		if (put_meta(j, key, &j->head, sizeof(j->head), e))
			return -1;
	}
	while (epoch == 0 || epoch == j->epoch)
		if (getrandom(&epoch, sizeof(epoch), 0) !=
		    (ssize_t)sizeof(epoch))
			return err_set(e, EX_OSERR, "no random numbers");
	j->epoch = epoch;
	if (put_meta(j, "format", &format, sizeof(format), e))
		return -1;
	return put_meta(j, "epoch", &epoch, sizeof(epoch), e);
}

/* When this epoch was drawn. Older programs did not write it down. */
static int keep_birth(struct journal *j, bool is_new, uint64_t first,
		      struct err *e)
{
	int64_t us = clk_wall_us();
	struct event ev;
	uint64_t previous;
	struct err ignored;
	struct str val;
	int rc = 0;

	if (!is_new)
		rc = db_get(j->write, j->meta, STR("born"), &val, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!is_new && record_get(j, first, &ev, &previous, &ignored) > 0)
		us = ev.recorded_us;
	return put_meta(j, "born", &us, sizeof(us), e);
}

static int open_identity(struct journal *j, const char *path, struct err *e)
{
	struct journal_head head;
	struct str val;
	bool copy;
	int rc;

	if (journal_write_begin(j, e))
		return -1;
	rc = db_get(j->write, j->meta, STR("format"), &val, e);
	if (rc < 0 || (rc > 0 && (journal_read_epoch(j, e) ||
				  journal_write_upgrade(j, e))))
		goto fail;
	j->format = JOURNAL_FORMAT;
	if (journal_head(j, &head, e))
		goto fail;
	j->head = head.offset;
	j->last_us = head.recorded_us == CLK_NONE ? 0 : head.recorded_us;
	if (journal_mark_open(j, path, &copy, e) ||
	    (copy && draw_epoch(j, e)) || keep_birth(j, copy, head.first, e))
		goto fail;
	if (journal_write_commit(j, e))
		return -1;
	return journal_mark_settle(j, e);
fail:
	journal_write_abort(j);
	return -1;
}

struct journal *journal_create(const char *dir, struct err *e)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	char path[4096];

	j->dir_fd = -1;
	snprintf(path, sizeof(path), "%s/journal", dir);
	j->db = db_open(path, 0, JOURNAL_MAP, e);
	if (!j->db || journal_open_tables(j, e))
		goto fail;
	if (db_begin(j->db, false, &j->read, e))
		goto fail;
	db_reset(j->read);
	j->cache = xcalloc(1, sizeof(*j->cache));
	if (open_identity(j, path, e))
		goto fail;
	return j;
fail:
	journal_close(&j);
	return NULL;
}

void journal_write_release(struct journal *j)
{
	if (!j->cache)
		return;
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	arena_free(&j->cache->arena);
	free(j->cache->dirty);
	free(j->cache);
	j->cache = NULL;
}

/* ---- a batch ---- */

int journal_write_begin(struct journal *j, struct err *e)
{
	j->swept = false;
	if (j->cache->n >= CACHE_SLOTS / 2)
		cache_clear(j->cache);
	return db_begin(j->db, true, &j->write, e);
}

static int write_topics(struct journal *j, struct err *e)
{
	struct topic_cache *c = j->cache;

	for (size_t i = 0; i < c->n_dirty; i++) {
		struct cached *at = c->dirty[i];
		int rc;

		if (at->row.count)
			rc = db_put(j->write, j->topics, at->topic,
				    bytes(&at->row, sizeof(at->row)), 0, e);
		else
			rc = db_del(j->write, j->topics, at->topic, e);
		if (rc < 0)
			return -1;
		at->exists = at->row.count > 0;
		at->dirty = false;
	}
	c->n_dirty = 0;
	return 0;
}

/* What the transaction would have changed is read again from the tables. */
static int undo(struct journal *j, struct err *e)
{
	struct journal_head head;

	cache_clear(j->cache);
	if (journal_head(j, &head, e))
		return -1;
	j->head = head.offset;
	return 0;
}

int journal_write_commit(struct journal *j, struct err *e)
{
	if (write_topics(j, e)) {
		journal_write_abort(j);
		return -1;
	}
	if (db_commit(&j->write, e)) {
		struct err ignored;

		(void)undo(j, &ignored);
		return -1;
	}
	if (j->marked.epoch)
		journal_mark_head(j);
	return 0;
}

void journal_write_abort(struct journal *j)
{
	struct err ignored;

	if (!j->write)
		return;
	db_abort(&j->write);
	(void)undo(j, &ignored);
}

int journal_write_source(struct journal *j, struct str source, uint64_t *last_r,
			 bool *transient_r, struct err *e)
{
	struct source_row row = { 0, 0 };
	struct str val;
	int rc = db_get(j->write, j->sources, source, &val, e);

	if (rc > 0)
		memcpy(&row, val.p, sizeof(row));
	*last_r = row.last;
	*transient_r = row.seen_us < 0;
	return rc;
}

int journal_write_set_source(struct journal *j, struct str source,
			     uint64_t last, bool transient, int64_t now_us,
			     struct err *e)
{
	struct source_row row = { last, transient ? -1 - now_us : now_us };

	return db_put(j->write, j->sources, source, bytes(&row, sizeof(row)), 0,
		      e);
}

/* State of a retained topic: its offset, gone when its data is null. */
static int keep_retained(struct journal *j, const struct event *ev,
			 struct err *e)
{
	if (str_is(ev->data, "null") || ev->data.len == 0)
		return db_del(j->write, j->retained, ev->topic, e) < 0 ? -1 : 0;
	return db_put(j->write, j->retained, ev->topic,
		      bytes(&ev->offset, sizeof(ev->offset)), 0, e);
}

/* What came from outside is remembered for a day, to answer a repeat. */
static int keep_origin(struct journal *j, const struct event *ev, struct err *e)
{
	struct origin_row row = { ev->offset, ev->recorded_us };
	struct arena a = { 0 };
	struct str source = event_attr(ev, "originsource", &a);
	struct str id = event_attr(ev, "originid", &a);
	char key[DB_KEY_MAX];
	int rc = 0;

	/* Pairs of filters ("weir/scraper/-") are unique within one run only. */
	if (source.len && id.len && source.len <= EVENT_SOURCE_MAX &&
	    id.len <= EVENT_ID_MAX && !str_ends(source, STR("/-")))
		rc = db_put(j->write, j->origins, origin_key(source, id, key),
			    bytes(&row, sizeof(row)), 0, e);
	arena_free(&a);
	return rc;
}

static void fill_record(char *p, const struct event *ev, uint64_t previous,
			size_t len)
{
	struct record_head h = {
		.version = RECORD_VERSION,
		.topic_len = (uint8_t)ev->topic.len,
		.source_len = (uint8_t)ev->source.len,
		.previous = previous,
		.recorded_us = ev->recorded_us,
		.time_us = ev->time_us,
		.id = ev->id,
		.ext_len = (uint32_t)ev->ext.len,
		.data_len = (uint32_t)ev->data.len,
	};
	const struct str part[] = { ev->topic, ev->source, ev->ext, ev->data };
	char *at = p + RECORD_HEAD;

	memcpy(p, &h, sizeof(h));
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (part[i].len)
			memcpy(at, part[i].p, part[i].len);
		at += part[i].len;
	}
	h.crc = crc32c(p + 4, len - 4);
	memcpy(p, &h.crc, sizeof(h.crc));
}

static int64_t advance(struct journal *j, int64_t now_us)
{
	if (now_us > j->last_us)
		j->last_us = now_us;
	return j->last_us;
}

int journal_write_append(struct journal *j, struct event *ev, int64_t now_us,
			 struct err *e)
{
	size_t len = RECORD_HEAD + ev->topic.len + ev->source.len +
		     ev->ext.len + ev->data.len;
	struct cached *topic = cache_find(j, ev->topic, e);
	char key[8], *p;

	if (!topic)
		return -1;
	ev->offset = j->head + 1;
	ev->epoch = j->epoch;
	ev->recorded_us = advance(j, now_us);
	if (db_reserve(j->write, j->events, db_key_u64(ev->offset, key), len,
		       DB_APPEND, &p, e))
		return -1;
	fill_record(p, ev, topic->row.last, len);
	topic->row.last = ev->offset;
	topic->row.count++;
	mark_dirty(j->cache, topic);
	j->head = ev->offset;
	if (topic->retained && keep_retained(j, ev, e))
		return -1;
	if (ev->ext.len && keep_origin(j, ev, e))
		return -1;
	return 0;
}

bool journal_in_place(const struct journal *j)
{
	return db_in_place(j->db);
}

void journal_newest(const struct journal *j, struct journal_head *head_r)
{
	*head_r = (struct journal_head){ .epoch = j->epoch,
					 .offset = j->head,
					 .recorded_us = j->last_us };
}

int64_t journal_write_clock(struct journal *j, int64_t now_us)
{
	advance(j, now_us);
	journal_mark_clock(j);
	return j->last_us;
}

int journal_write_uncount(struct journal *j, const struct event *ev,
			  struct err *e)
{
	struct cached *topic = cache_find(j, ev->topic, e);
	uint64_t kept = 0;
	struct str val;

	if (!topic)
		return -1;
	if (topic->retained && topic->row.last == ev->offset) {
		int rc = db_get(j->write, j->retained, ev->topic, &val, e);

		if (rc < 0)
			return -1;
		if (rc > 0)
			memcpy(&kept, val.p, sizeof(kept));
		if (kept == ev->offset)
			return 0;
	}
	if (topic->row.count)
		topic->row.count--;
	mark_dirty(j->cache, topic);
	return 1;
}

bool journal_write_changed(const struct journal *j)
{
	return j->swept || j->cache->n_dirty > 0;
}

/* ---- whole-journal work ---- */

int journal_backup(struct journal *j, const char *dir, struct err *e)
{
	char path[4096];
	struct journal *copy;
	int rc = -1;

	snprintf(path, sizeof(path), "%s/journal", dir);
	if (db_copy(j->db, path, e))
		return -1;
	/*
	 * The copy forgets which file it is, so that whoever opens it draws a
	 * new epoch, even if it ends up in the old one's place.
	 */
	copy = xcalloc(1, sizeof(*copy));
	copy->db = db_open(path, 0, JOURNAL_MAP, e);
	if (copy->db && journal_open_tables(copy, e) == 0 &&
	    db_begin(copy->db, true, &copy->write, e) == 0 &&
	    db_del(copy->write, copy->meta, STR("file"), e) >= 0)
		rc = db_commit(&copy->write, e);
	db_abort(&copy->write);
	journal_close(&copy);
	return rc;
}

int journal_clear_readers(struct journal *j)
{
	return db_clear_readers(j->db);
}
