#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/db.h"
#include "common/log.h"
#include "common/xmem.h"

#include "pack.h"
#include "stream_private.h"

enum {
	KEY_MAX = STR_ID_MAX + 3,
	TRIM_MAX = 4, /* rows that go for each that comes */
};

#define KEY_SLOT     STR("n/slot")
#define KEY_LOG	     STR("l/")
#define KEY_SNAPSHOT STR("m/")

/* ---- rows ---- */

static struct str session_key(struct str id, char out[KEY_MAX])
{
	memcpy(out, "c/", 2);
	memcpy(out + 2, id.p, id.len);
	return (struct str){ out, id.len + 2 };
}

static struct str log_key(uint64_t seq, char out[10])
{
	memcpy(out, "l/", 2);
	db_key_u64(seq, out + 2);
	return (struct str){ out, 10 };
}

static struct str snapshot_key(uint32_t slot, char out[6])
{
	memcpy(out, "m/", 2);
	for (int i = 0; i < 4; i++)
		out[2 + i] = (char)(slot >> (24 - 8 * i));
	return (struct str){ out, 6 };
}

/* How many there were, when the last came, n hashes, where to go on. */
static void put_known(struct buf *b, const struct stream *s, size_t n)
{
	size_t count = seen_count(s->seen);

	if (n > count)
		n = count;
	pack_number(b, s->n);
	pack_number(b, (uint64_t)s->last_us);
	pack_number(b, n);
	for (size_t i = count - n; i < count; i++) {
		uint64_t hash = seen_at(s->seen, i);

		buf_add(b, &hash, sizeof(hash));
	}
	pack_text(b, s->since);
}

/* s may be NULL: passed over. */
static void get_known(struct unpack *u, struct stream *s)
{
	uint64_t total = unpack_number(u), last_us = unpack_number(u);
	size_t n = unpack_count(u, sizeof(uint64_t));
	struct str bytes = unpack_bytes(u, n * sizeof(uint64_t));
	struct str since = unpack_text(u);

	if (!s)
		return;
	s->n = total;
	s->last_us = (int64_t)last_us;
	for (size_t i = 0; i < n; i++) {
		uint64_t hash;

		memcpy(&hash, bytes.p + i * sizeof(hash), sizeof(hash));
		seen_add(&s->seen, hash);
	}
	if (since.p)
		stream_set_since(s, since);
}

static struct stream *of_slot(const struct streams *ss, uint64_t slot)
{
	return slot < ss->n_slots ? ss->by_slot[slot] : NULL;
}

static void set_slot(struct streams *ss, uint32_t slot, struct stream *s)
{
	if (slot >= ss->n_slots) {
		size_t n = slot + 1 + ss->n_slots;

		ss->by_slot =
			xrealloc(ss->by_slot, n * sizeof(struct stream *));
		memset(ss->by_slot + ss->n_slots, 0,
		       (n - ss->n_slots) * sizeof(struct stream *));
		ss->n_slots = n;
	}
	ss->by_slot[slot] = s;
}

/* ---- at start ---- */

static int measure(void *arg, struct str key, struct str val, struct err *e)
{
	struct streams *ss = arg;
	uint64_t seq = db_u64(str_sub(key, 2, key.len));

	(void)e;
	if (ss->log_bytes == 0)
		ss->log_first = seq;
	ss->log_next = seq + 1;
	ss->log_bytes += val.len;
	return 0;
}

int stream_log_open(struct streams *ss, struct err *e)
{
	struct str val;
	int rc = stage_get(ss->conf.stage, KEY_SLOT, &val, e);
	uint64_t next = 0;

	if (rc < 0)
		return -1;
	if (rc > 0 && !str_u64(val, &next))
		return err_set(e, EX_DATAERR, "streams: not understood");
	ss->next_slot = (uint32_t)next;
	return stage_each(ss->conf.stage, KEY_LOG, measure, ss, e);
}

struct load {
	struct streams *ss;
	struct stream *only; /* NULL: all */
};

static int load_row(void *arg, struct str key, struct str val, struct err *e)
{
	struct load *l = arg;
	uint64_t seq = db_u64(str_sub(key, 2, key.len));

	struct unpack row = { .rest = val };

	(void)e;
	while (row.rest.len && !row.bad) {
		struct stream *s = of_slot(l->ss, unpack_number(&row));
		bool is_meant = s && (!l->only || s == l->only);

		/* What is older is in its snapshot. */
		get_known(&row, is_meant && seq >= s->snapshot ? s : NULL);
	}
	return 0;
}

int stream_log_loaded(struct streams *ss, struct err *e)
{
	struct load l = { .ss = ss };

	ss->loading = false;
	return stage_each(ss->conf.stage, KEY_LOG, load_row, &l, e);
}

static int load_known(struct stream *s, struct err *e)
{
	struct stage *stage = s->all->conf.stage;
	struct load l = { s->all, s };
	char key[6];
	struct str val;
	int rc = stage_get(stage, snapshot_key(s->session.slot, key), &val, e);

	if (rc < 0)
		return -1;
	if (rc > 0) {
		struct unpack u = { .rest = val };

		s->snapshot = unpack_number(&u);
		get_known(&u, s);
	}
	return s->all->loading ? 0
			       : stage_each(stage, KEY_LOG, load_row, &l, e);
}

static int take_slot(struct stream *s, struct err *e)
{
	struct streams *ss = s->all;
	char text[STR_U64_MAX];
	size_t len;

	s->session.slot = ss->next_slot++;
	set_slot(ss, s->session.slot, s);
	len = str_put_u64(text, ss->next_slot);
	return stage_put(ss->conf.stage, KEY_SLOT, (struct str){ text, len },
			 e);
}

int stream_log_save_session(struct stream *s, struct err *e)
{
	char key[KEY_MAX], text[SESSION_TEXT_MAX];

	s->dirty = false;
	return stage_put(s->all->conf.stage, session_key(s->watch->def.id, key),
			 session_print(&s->session, text), e);
}

int stream_log_load(struct stream *s, struct err *e)
{
	char key[KEY_MAX];
	struct str val;
	int rc = stage_get(s->all->conf.stage,
			   session_key(s->watch->def.id, key), &val, e);

	if (rc < 0)
		return -1;
	if (rc > 0 && session_parse(val, &s->session)) {
		set_slot(s->all, s->session.slot, s);
		return load_known(s, e);
	}
	if (rc > 0)
		log_warn("%.*s: its state is not understood; beginning anew",
			 STR_ARG(s->watch->def.id));
	s->session = (struct session){ .said = SESSION_UNSAID,
				       .enabled = s->watch->enabled,
				       .place = s->watch->chat->place };
	return take_slot(s, e) || stream_log_save_session(s, e) ? -1 : 0;
}

/* ---- its end ---- */

static int drop_known(struct stream *s, struct err *e)
{
	char key[6];

	s->all->by_slot[s->session.slot] = NULL;
	seen_free(&s->seen);
	stream_set_since(s, (struct str){ 0 });
	s->fresh = 0;
	s->snapshot = 0;
	return stage_del(s->all->conf.stage, snapshot_key(s->session.slot, key),
			 e) < 0
		       ? -1
		       : 0;
}

int stream_log_renew(struct stream *s, struct err *e)
{
	s->session.first_us = 0;
	s->session.place = s->watch->chat->place;
	return drop_known(s, e) || take_slot(s, e) ||
			       stream_log_save_session(s, e)
		       ? -1
		       : 0;
}

int stream_log_forget(struct stream *s, struct err *e)
{
	char key[KEY_MAX];

	if (drop_known(s, e))
		return -1;
	return stage_del(s->all->conf.stage, session_key(s->watch->def.id, key),
			 e) < 0
		       ? -1
		       : 0;
}

/* ---- each transaction ---- */

static int write_snapshot(struct stream *s, struct err *e)
{
	struct streams *ss = s->all;
	char key[6];

	buf_reset(&ss->text);
	pack_number(&ss->text, ss->log_next);
	put_known(&ss->text, s, seen_count(s->seen));
	s->snapshot = ss->log_next;
	return stage_put(ss->conf.stage, snapshot_key(s->session.slot, key),
			 buf_str(&ss->text), e);
}

/* The oldest row goes; what is in it stays known. */
static int trim_one(struct streams *ss, struct err *e)
{
	char key[10];
	struct str row;
	struct arena a = { 0 };
	int rc =
		stage_get(ss->conf.stage, log_key(ss->log_first, key), &row, e);

	if (rc > 0) {
		/* It dies with the next put. */
		struct unpack u = { .rest = arena_str(&a, row) };

		ss->log_bytes -= u.rest.len;
		while (rc >= 0 && u.rest.len && !u.bad) {
			struct stream *s = of_slot(ss, unpack_number(&u));

			get_known(&u, NULL);
			if (s && s->snapshot <= ss->log_first)
				rc = write_snapshot(s, e);
		}
		if (rc >= 0)
			rc = stage_del(ss->conf.stage,
				       log_key(ss->log_first, key), e);
	}
	ss->log_first++;
	arena_free(&a);
	return rc < 0 ? -1 : 0;
}

int stream_log_write(struct streams *ss, struct err *e)
{
	char key[10];

	buf_reset(&ss->text);
	for (struct stream *s = ss->touched; s; s = s->touched) {
		if (!s->fresh && !s->moved)
			continue;
		pack_number(&ss->text, s->session.slot);
		put_known(&ss->text, s, s->fresh);
		s->fresh = 0;
		s->moved = false;
	}
	if (!ss->text.len)
		return 0;
	ss->log_bytes += ss->text.len;
	if (stage_put(ss->conf.stage, log_key(ss->log_next++, key),
		      buf_str(&ss->text), e))
		return -1;
	for (int i = 0; i < TRIM_MAX && ss->log_bytes > STREAM_LOG_BYTES_MAX;
	     i++)
		if (trim_one(ss, e))
			return -1;
	return 0;
}
