#include "common/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/ledger_private.h"
#include "common/xmem.h"

struct outbox_head {
	int64_t time_us;
	uint32_t topic_len, ext_len, data_len, zero;
};

static const size_t LEDGER_MAP = (size_t)1 << 36; /* 64 GiB of addresses */

/* ---- rows ---- */

struct str ledger_outbox_key(uint32_t generation, uint64_t id, char out[12])
{
	char *p = out;

	for (int shift = 24; shift >= 0; shift -= 8)
		*p++ = (char)(generation >> shift & 0xff);
	db_key_u64(id, p);
	return (struct str){ out, 12 };
}

static void outbox_unkey(struct str key, uint32_t *generation_r, uint64_t *id_r)
{
	*generation_r = (uint32_t)(db_u64(str_sub(key, 0, 8)) >> 32);
	*id_r = db_u64(str_sub(key, 4, 12));
}

static int outbox_put(struct ledger *l, uint32_t generation, uint64_t id,
		      const struct event *ev, struct err *e)
{
	struct outbox_head h = { ev->time_us, (uint32_t)ev->topic.len,
				 (uint32_t)ev->ext.len, (uint32_t)ev->data.len,
				 0 };
	const struct str part[] = { ev->topic, ev->ext, ev->data };
	char key[12], *p;

	if (db_reserve(l->txn, l->outbox,
		       ledger_outbox_key(generation, id, key),
		       sizeof(h) + ev->topic.len + ev->ext.len + ev->data.len,
		       0, &p, e))
		return -1;
	memcpy(p, &h, sizeof(h));
	p += sizeof(h);
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (part[i].len)
			memcpy(p, part[i].p, part[i].len);
		p += part[i].len;
	}
	return 0;
}

int ledger_outbox_read(const struct ledger *l, struct str key, struct str val,
		       struct event *ev_r, struct err *e)
{
	struct outbox_head h;
	uint32_t generation;
	uint64_t id;

	if (val.len < sizeof(h) || key.len != 12)
		return err_set(e, EX_DATAERR, "ledger: damaged outbox entry");
	memcpy(&h, val.p, sizeof(h));
	if (sizeof(h) + h.topic_len + h.ext_len + (uint64_t)h.data_len !=
	    val.len)
		return err_set(e, EX_DATAERR, "ledger: damaged outbox entry");
	outbox_unkey(key, &generation, &id);
	val = str_sub(val, sizeof(h), val.len);
	*ev_r = (struct event){
		.topic = str_sub(val, 0, h.topic_len),
		.source = str_from(l->id[generation - 1].source),
		.id = id,
		.time_us = h.time_us,
		.recorded_us = CLK_NONE,
		.data = str_sub(val, h.topic_len + h.ext_len, val.len),
	};
	if (h.ext_len)
		ev_r->ext = str_sub(val, h.topic_len, h.topic_len + h.ext_len);
	return 0;
}

static int put_meta(struct ledger *l, const char *key, const void *p,
		    size_t len, struct err *e)
{
	return db_put(l->txn, l->meta, str_from(key), (struct str){ p, len }, 0,
		      e);
}

/* 1 and *val_r where a row of exactly len bytes is there. */
static int get_meta(struct ledger *l, const char *key, void *p, size_t len,
		    struct err *e)
{
	struct str val;
	int rc = db_get(l->txn, l->meta, str_from(key), &val, e);

	if (rc > 0 && val.len != len)
		return err_set(e, EX_DATAERR, "ledger: damaged row %s", key);
	if (rc > 0)
		memcpy(p, val.p, len);
	return rc;
}

static int put_last(struct ledger *l, uint32_t generation, struct err *e)
{
	char key[32];

	snprintf(key, sizeof(key), "last/%u", generation);
	return put_meta(l, key, &l->id[generation - 1].last, sizeof(uint64_t),
			e);
}

/* Note that the store has yet to be asked about a generation; see above. */
static int put_known(struct ledger *l, uint32_t generation, struct err *e)
{
	struct identity *id = &l->id[generation - 1];
	char key[32];

	if (id->unasked)
		return 0;
	id->unasked = true;
	snprintf(key, sizeof(key), "known/%u", generation);
	return put_meta(l, key, &id->known, sizeof(id->known), e);
}

/* ---- identities ---- */

static struct identity *add_identity(struct ledger *l)
{
	xgrow(&l->id, &l->id_cap, l->current, sizeof(*l->id));
	l->id[l->current] = (struct identity){ .first = 1, .stored = 1 };
	return &l->id[l->current++];
}

int ledger_new_identity(struct ledger *l, struct err *e)
{
	struct identity *id = add_identity(l);
	char key[32];
	uint32_t r;

	while (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		;
	if (l->conf.source)
		str_copy(id->source, sizeof(id->source), str_from(l->fixed));
	else
		snprintf(id->source, sizeof(id->source), "weir/%s/%08x",
			 l->tool, r);
	snprintf(key, sizeof(key), "source/%u", l->current);
	if (put_meta(l, key, id->source, strlen(id->source), e) ||
	    put_meta(l, "current", &l->current, sizeof(l->current), e) ||
	    put_last(l, l->current, e))
		return -1;
	return put_known(l, l->current, e);
}

static int load_identity(struct ledger *l, struct err *e)
{
	struct identity *id = add_identity(l);
	char key[32];
	struct str val;
	int rc;

	snprintf(key, sizeof(key), "source/%u", l->current);
	rc = db_get(l->txn, l->meta, str_from(key), &val, e);
	if (rc > 0)
		str_copy(id->source, sizeof(id->source), val);
	snprintf(key, sizeof(key), "last/%u", l->current);
	if (rc > 0)
		rc = get_meta(l, key, &id->last, sizeof(id->last), e);
	if (rc == 0)
		return err_set(e, EX_DATAERR, "ledger: identity %u is missing",
			       l->current);
	id->first = id->stored = id->last + 1;
	id->known = id->last;
	snprintf(key, sizeof(key), "known/%u", l->current);
	if (rc > 0)
		rc = get_meta(l, key, &id->known, sizeof(id->known), e);
	id->unasked = rc > 0;
	return rc < 0 ? -1 : 0;
}

/* The lowest waiting id of each generation, and the generation to send. */
static int load_outbox(struct ledger *l, struct err *e)
{
	struct db_cursor *c;
	struct str key, val;
	int rc = 0;

	l->sending = l->current;
	if (db_cursor_open(l->txn, l->outbox, &c, e))
		return -1;
	for (uint32_t g = 1; g <= l->current; g++) {
		char want[12];
		uint32_t generation;
		uint64_t id;

		key = ledger_outbox_key(g, 0, want);
		rc = db_seek(c, DB_AT_OR_AFTER, &key, &val, e);
		if (rc <= 0)
			break;
		outbox_unkey(key, &generation, &id);
		if (generation != g)
			continue;
		l->id[g - 1].first = l->id[g - 1].stored = id;
		if (g < l->sending)
			l->sending = g;
	}
	db_cursor_close(&c);
	for (uint32_t g = l->sending; rc >= 0 && g <= l->current; g++)
		if (put_known(l, g, e))
			rc = -1;
	return rc < 0 ? -1 : 0;
}

/*
 * What tells this ledger from a copy in another place, which may live while it
 * does. An older copy that was written over it is told by the store's answer,
 * and a pure stage then goes on under its own name without a double.
 */
struct mark {
	uint64_t machine;
	struct db_id file;
};

static struct mark own_mark(const struct ledger *l)
{
	struct mark m = { 0 };
	char text[64] = "";
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	m.machine = str_hash((struct str){ text, n > 0 ? (size_t)n : 0 });
	db_file_id(l->db, &m.file);
	return m;
}

static bool same_place(const struct mark *a, const struct mark *b)
{
	return a->machine == b->machine && db_same_file(&a->file, &b->file);
}

static int load(struct ledger *l, struct err *e)
{
	struct mark mark = own_mark(l), was = { 0 };
	uint32_t current = 0;
	struct str val;
	int rc;

	if (get_meta(l, "current", &current, sizeof(current), e) < 0 ||
	    get_meta(l, "position", &l->position, sizeof(l->position), e) < 0)
		return -1;
	while (l->current < current)
		if (load_identity(l, e))
			return -1;
	rc = db_get(l->txn, l->meta, STR("mark"), &val, e);
	if (rc < 0)
		return -1;
	if (rc > 0 && val.len <= sizeof(was)) /* older ones had no birth */
		memcpy(&was, val.p, val.len);
	/* A fixed source stays itself wherever its state was moved. */
	if ((current == 0 || (!l->conf.source && !same_place(&was, &mark))) &&
	    ledger_new_identity(l, e))
		return -1;
	if (memcmp(&was, &mark, sizeof(mark)) != 0 &&
	    put_meta(l, "mark", &mark, sizeof(mark), e))
		return -1;
	return load_outbox(l, e);
}

/* ---- opening ---- */

/* A directory that is gone as soon as nobody has it open. */
static int open_scratch(struct ledger *l, struct err *e)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "lock" };
	const char *tmp = getenv("TMPDIR");
	char dir[4096], file[4200];

	snprintf(dir, sizeof(dir), "%s/weir-XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return err_set(e, EX_CANTCREAT, "%s: %s", dir, strerror(errno));
	l->db = db_open(dir, DB_SCRATCH, LEDGER_MAP, e);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, files[i]);
		unlink(file);
	}
	rmdir(dir);
	return l->db ? 0 : -1;
}

struct ledger *ledger_open(const struct ledger_conf *conf, struct err *e)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->conf = *conf;
	str_copy(l->tool, sizeof(l->tool), str_from(conf->tool));
	if (conf->source)
		str_copy(l->fixed, sizeof(l->fixed), str_from(conf->source));
	if (!conf->path) {
		if (open_scratch(l, e))
			goto fail;
	} else {
		l->db = db_open(conf->path, 0, LEDGER_MAP, e);
	}
	if (!l->db || db_table_open(l->db, "meta", &l->meta, e) < 0 ||
	    db_table_open(l->db, "state", &l->state, e) < 0 ||
	    db_table_open(l->db, "outbox", &l->outbox, e) < 0 ||
	    db_begin(l->db, false, &l->read, e))
		goto fail;
	db_reset(l->read);
	if (ledger_begin(l, e) || load(l, e) || ledger_commit(l, e))
		goto fail;
	return l;
fail:
	ledger_close(&l);
	return NULL;
}

void ledger_close(struct ledger **lp)
{
	struct ledger *l = *lp;
	struct err ignored;

	if (!l)
		return;
	db_abort(&l->txn);
	/* Tidy, so that the next start has less to send again. */
	if (l->current &&
	    l->id[l->current - 1].stored < l->id[l->current - 1].first &&
	    ledger_begin(l, &ignored) == 0)
		(void)ledger_commit(l, &ignored);
	db_abort(&l->read);
	db_close(&l->db);
	shelf_free(&l->memory);
	free(l->id);
	free(l);
	*lp = NULL;
}

struct str ledger_source(const struct ledger *l)
{
	return str_from(l->id[l->current - 1].source);
}

int ledger_begin(struct ledger *l, struct err *e)
{
	return db_begin(l->db, true, &l->txn, e);
}

/* Delete what was acknowledged from the table. */
static int drop_acked(struct ledger *l, struct err *e)
{
	char key[12];

	for (uint32_t g = 1; g <= l->current; g++) {
		struct identity *id = &l->id[g - 1];

		for (; id->stored < id->first; id->stored++)
			if (db_del(l->txn, l->outbox,
				   ledger_outbox_key(g, id->stored, key),
				   e) < 0)
				return -1;
	}
	return 0;
}

int ledger_commit(struct ledger *l, struct err *e)
{
	if (drop_acked(l, e)) {
		ledger_abort(l);
		return -1;
	}
	return db_commit(&l->txn, e);
}

void ledger_abort(struct ledger *l)
{
	db_abort(&l->txn);
}

bool ledger_in_txn(const struct ledger *l)
{
	return l->txn != NULL;
}

/* ---- inside a transaction ---- */

int ledger_get(struct ledger *l, struct str key, struct str *val_r,
	       struct err *e)
{
	if (!l->conf.path)
		return shelf_get(&l->memory, key, val_r);
	return db_get(l->txn, l->state, key, val_r, e);
}

int ledger_put(struct ledger *l, struct str key, struct str val, struct err *e)
{
	if (!l->conf.path && key.len >= DB_KEY_MAX)
		return err_set(e, EX_SOFTWARE, "ledger: key of %zu bytes",
			       key.len);
	if (!l->conf.path) {
		shelf_put(&l->memory, key, val);
		return 0;
	}
	return db_put(l->txn, l->state, key, val, 0, e);
}

int ledger_del(struct ledger *l, struct str key, struct err *e)
{
	if (!l->conf.path)
		return shelf_remove(&l->memory, key);
	return db_del(l->txn, l->state, key, e);
}

/* fn may delete the one that it is given: where to go on is copied before. */
static int each_in_memory(struct ledger *l, struct str prefix, ledger_fn *fn,
			  void *arg, struct err *e)
{
	struct str key, val, after = { 0 };
	char at[DB_KEY_MAX];
	int rc = 0;

	while (rc == 0 && shelf_next(&l->memory, prefix, after, &key, &val)) {
		memcpy(at, key.p, key.len);
		after = (struct str){ at, key.len };
		rc = fn(arg, key, val, e);
	}
	return rc < 0 ? -1 : 0;
}

static int each_in_db(struct ledger *l, struct str prefix, ledger_fn *fn,
		      void *arg, struct err *e)
{
	struct str key = prefix, val;
	struct db_cursor *c;
	char at[DB_KEY_MAX];
	int rc;

	if (db_cursor_open(l->txn, l->state, &c, e))
		return -1;
	rc = db_seek(c, prefix.len ? DB_AT_OR_AFTER : DB_FIRST, &key, &val, e);
	while (rc > 0 && str_starts(key, prefix)) {
		struct str was = { at, key.len }, found;

		memcpy(at, key.p, key.len);
		rc = fn(arg, key, val, e);
		if (rc != 0)
			break;
		/* fn may have deleted it: look where we stand. */
		key = was;
		rc = db_seek(c, DB_AT_OR_AFTER, &key, &found, e);
		if (rc > 0 && str_eq(key, was))
			rc = db_seek(c, DB_NEXT, &key, &found, e);
		val = found;
	}
	db_cursor_close(&c);
	return rc < 0 ? -1 : 0;
}

int ledger_each(struct ledger *l, struct str prefix, ledger_fn *fn, void *arg,
		struct err *e)
{
	return l->conf.path ? each_in_db(l, prefix, fn, arg, e)
			    : each_in_memory(l, prefix, fn, arg, e);
}

struct position ledger_position(const struct ledger *l)
{
	return l->position;
}

int ledger_set_position(struct ledger *l, struct position p, struct err *e)
{
	l->position = p;
	return put_meta(l, "position", &p, sizeof(p), e);
}

int ledger_emit(struct ledger *l, struct event *ev, struct err *e)
{
	struct identity *id = &l->id[l->current - 1];

	ev->source = str_from(id->source);
	ev->id = id->last + 1;
	if (event_check(ev, e)) {
		e->code = EX_SOFTWARE;
		return err_prefix(e, "own event %.*s", STR_ARG(ev->topic));
	}
	if (outbox_put(l, l->current, ev->id, ev, e))
		return -1;
	id->last = ev->id;
	return put_last(l, l->current, e);
}
