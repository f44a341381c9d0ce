/*
 * A version byte, then every member in the order of the struct: numbers as
 * LEB128, text as its length plus one (0: absent) and bytes.
 *
 * Version 1 had of what went its id alone, and nothing behind it; version 2 had
 * no `cut`.
 */
#include "watchstate.h"

#include <stddef.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "pack.h"

enum { VERSION = 3 };

static const size_t known_texts[] = {
	offsetof(struct known, id),	   offsetof(struct known, title),
	offsetof(struct known, price),	   offsetof(struct known, list_price),
	offsetof(struct known, currency),  offsetof(struct known, availability),
	offsetof(struct known, condition), offsetof(struct known, updated),
	offsetof(struct known, link),	   offsetof(struct known, image),
};

static const size_t state_texts[] = {
	offsetof(struct watch_state, etag),
	offsetof(struct watch_state, last_modified),
	offsetof(struct watch_state, price),
	offsetof(struct watch_state, currency),
	offsetof(struct watch_state, availability),
	offsetof(struct watch_state, text),
};

/* Those that version 1 did not have. */
static const size_t late_texts[] = { offsetof(struct watch_state, offer) };

static void put_texts(struct buf *b, const void *from, const size_t *at,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct str *s =
			(const void *)((const char *)from + at[i]);

		pack_text(b, *s);
	}
}

static void put_gone(struct buf *b, const struct gone *g)
{
	pack_number(b, g->id);
	pack_number(b, g->value);
	pack_number(b, (uint64_t)g->time_s);
}

static void put_trail(struct buf *b, const struct trail *t)
{
	pack_number(b, t->key);
	pack_number(b, t->n);
	for (size_t i = 0; i < t->n; i++)
		pack_number(b, t->seen[i]);
}

void watchstate_encode(const struct watch_state *s, struct buf *b)
{
	buf_putc(b, VERSION);
	pack_number(b, s->config);
	pack_number(b, s->based);
	pack_number(b, s->observed);
	pack_number(b, s->outcome);
	pack_number(b, s->polls);
	pack_number(b, s->priceless);
	put_texts(b, s, state_texts, ARRAY_LEN(state_texts));
	pack_number(b, s->n_known);
	for (size_t i = 0; i < s->n_known; i++) {
		put_texts(b, &s->known[i], known_texts, ARRAY_LEN(known_texts));
		pack_number(b, s->known[i].summary);
	}
	pack_number(b, s->n_gone);
	for (size_t i = 0; i < s->n_gone; i++)
		put_gone(b, &s->gone[i]);
	pack_number(b, s->full);
	pack_number(b, s->n_trails);
	for (size_t i = 0; i < s->n_trails; i++)
		put_trail(b, &s->trails[i]);
	put_texts(b, s, late_texts, ARRAY_LEN(late_texts));
	pack_number(b, s->stale);
	pack_number(b, (uint64_t)s->good_us);
	pack_number(b, s->cut);
}

static void get_texts(struct unpack *r, void *to, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n && !r->bad; i++)
		*(struct str *)(void *)((char *)to + at[i]) = unpack_text(r);
}

static void get_known(struct unpack *r, struct arena *a, struct watch_state *s)
{
	s->n_known = unpack_count(r, ARRAY_LEN(known_texts) + 1);
	s->known = arena_alloc(a, s->n_known * sizeof(*s->known));
	for (size_t i = 0; i < s->n_known && !r->bad; i++) {
		get_texts(r, &s->known[i], known_texts, ARRAY_LEN(known_texts));
		s->known[i].summary = unpack_number(r);
	}
}

static void get_gone(struct unpack *r, uint64_t version, struct arena *a,
		     struct watch_state *s)
{
	s->n_gone = unpack_count(r, version == 1 ? 1 : 3);
	s->gone = arena_alloc(a, s->n_gone * sizeof(*s->gone));
	for (size_t i = 0; i < s->n_gone && !r->bad; i++) {
		s->gone[i].id = unpack_number(r);
		if (version == 1)
			continue;
		s->gone[i].value = unpack_number(r);
		s->gone[i].time_s = (int64_t)unpack_number(r);
	}
}

static void get_trails(struct unpack *r, struct arena *a, struct watch_state *s)
{
	s->n_trails = unpack_count(r, 2);
	if (s->n_trails > WATCHSTATE_TRAILS_MAX)
		r->bad = true;
	if (r->bad)
		return;
	s->trails = arena_alloc(a, s->n_trails * sizeof(*s->trails));
	for (size_t i = 0; i < s->n_trails && !r->bad; i++) {
		struct trail *t = &s->trails[i];

		t->key = unpack_number(r);
		t->n = unpack_count(r, 1);
		if (t->n > ARRAY_LEN(t->seen)) {
			r->bad = true;
			return;
		}
		for (size_t k = 0; k < t->n; k++)
			t->seen[k] = unpack_number(r);
	}
}

int watchstate_decode(struct str bytes, struct arena *a,
		      struct watch_state *s_r, struct err *e)
{
	struct unpack r = { .rest = bytes };
	uint64_t outcome, version = unpack_number(&r);

	*s_r = (struct watch_state){ 0 };
	if (version < 1 || version > VERSION)
		r.bad = true;
	s_r->config = unpack_number(&r);
	s_r->based = unpack_number(&r);
	s_r->observed = unpack_number(&r);
	outcome = unpack_number(&r);
	s_r->outcome = (enum outcome)outcome;
	s_r->polls = unpack_number(&r);
	s_r->priceless = unpack_number(&r);
	get_texts(&r, s_r, state_texts, ARRAY_LEN(state_texts));
	if (!r.bad)
		get_known(&r, a, s_r);
	if (!r.bad)
		get_gone(&r, version, a, s_r);
	if (!r.bad && version > 1)
		s_r->full = unpack_number(&r);
	if (!r.bad && version > 1)
		get_trails(&r, a, s_r);
	if (!r.bad && version > 1) {
		get_texts(&r, s_r, late_texts, ARRAY_LEN(late_texts));
		s_r->stale = unpack_number(&r);
		s_r->good_us = (int64_t)unpack_number(&r);
	}
	if (!r.bad && version > 2)
		s_r->cut = unpack_number(&r);
	if (!r.bad && !r.rest.len && outcome < OUTCOMES)
		return 0;
	*s_r = (struct watch_state){ 0 };
	return err_set(e, EX_DATAERR, "state of a watch: not understood");
}
