/*
 * A version byte, then every member in the order of the struct: numbers as
 * LEB128, text as its length plus one (0: absent) and bytes.
 *
 * Version 1 had of what went its id alone, and nothing behind it.
 */
#include "watchstate.h"

#include <stddef.h>
#include <sysexits.h>

#include "common/xmem.h"

enum { VERSION = 2 };

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

static void put_number(struct buf *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		buf_putc(b, (char)(0x80 | (v & 0x7f)));
	buf_putc(b, (char)v);
}

static void put_texts(struct buf *b, const void *from, const size_t *at,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct str *s =
			(const void *)((const char *)from + at[i]);

		put_number(b, s->p ? s->len + 1 : 0);
		buf_add_str(b, *s);
	}
}

static void put_gone(struct buf *b, const struct gone *g)
{
	put_number(b, g->id);
	put_number(b, g->value);
	put_number(b, (uint64_t)g->time_s);
}

static void put_trail(struct buf *b, const struct trail *t)
{
	put_number(b, t->key);
	put_number(b, t->n);
	for (size_t i = 0; i < t->n; i++)
		put_number(b, t->seen[i]);
}

void watchstate_encode(const struct watch_state *s, struct buf *b)
{
	buf_putc(b, VERSION);
	put_number(b, s->config);
	put_number(b, s->based);
	put_number(b, s->observed);
	put_number(b, s->outcome);
	put_number(b, s->polls);
	put_number(b, s->priceless);
	put_texts(b, s, state_texts, ARRAY_LEN(state_texts));
	put_number(b, s->n_known);
	for (size_t i = 0; i < s->n_known; i++) {
		put_texts(b, &s->known[i], known_texts, ARRAY_LEN(known_texts));
		put_number(b, s->known[i].summary);
	}
	put_number(b, s->n_gone);
	for (size_t i = 0; i < s->n_gone; i++)
		put_gone(b, &s->gone[i]);
	put_number(b, s->full);
	put_number(b, s->n_trails);
	for (size_t i = 0; i < s->n_trails; i++)
		put_trail(b, &s->trails[i]);
	put_texts(b, s, late_texts, ARRAY_LEN(late_texts));
	put_number(b, s->stale);
	put_number(b, (uint64_t)s->good_us);
}

struct reader {
	struct str rest;
	bool bad;
};

static uint64_t get_number(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (!r->rest.len)
			break;
		c = (unsigned char)*r->rest.p;
		r->rest = str_sub(r->rest, 1, r->rest.len);
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

/* A count of things that take at least `size` bytes each. */
static size_t get_count(struct reader *r, size_t size)
{
	uint64_t n = get_number(r);

	if (n <= r->rest.len / size)
		return (size_t)n;
	r->bad = true;
	return 0;
}

static void get_texts(struct reader *r, void *to, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n && !r->bad; i++) {
		struct str *s = (void *)((char *)to + at[i]);
		uint64_t len = get_number(r);

		if (len == 0)
			continue;
		if (len - 1 > r->rest.len) {
			r->bad = true;
			return;
		}
		*s = str_sub(r->rest, 0, (size_t)len - 1);
		r->rest = str_sub(r->rest, (size_t)len - 1, r->rest.len);
	}
}

static void get_known(struct reader *r, struct arena *a, struct watch_state *s)
{
	s->n_known = get_count(r, ARRAY_LEN(known_texts) + 1);
	s->known = arena_alloc(a, s->n_known * sizeof(*s->known));
	for (size_t i = 0; i < s->n_known && !r->bad; i++) {
		get_texts(r, &s->known[i], known_texts, ARRAY_LEN(known_texts));
		s->known[i].summary = get_number(r);
	}
}

static void get_gone(struct reader *r, uint64_t version, struct arena *a,
		     struct watch_state *s)
{
	s->n_gone = get_count(r, version == 1 ? 1 : 3);
	s->gone = arena_alloc(a, s->n_gone * sizeof(*s->gone));
	for (size_t i = 0; i < s->n_gone && !r->bad; i++) {
		s->gone[i].id = get_number(r);
		if (version == 1)
			continue;
		s->gone[i].value = get_number(r);
		s->gone[i].time_s = (int64_t)get_number(r);
	}
}

static void get_trails(struct reader *r, struct arena *a, struct watch_state *s)
{
	s->n_trails = get_count(r, 2);
	if (s->n_trails > WATCHSTATE_TRAILS_MAX)
		r->bad = true;
	if (r->bad)
		return;
	s->trails = arena_alloc(a, s->n_trails * sizeof(*s->trails));
	for (size_t i = 0; i < s->n_trails && !r->bad; i++) {
		struct trail *t = &s->trails[i];

		t->key = get_number(r);
		t->n = get_count(r, 1);
		if (t->n > ARRAY_LEN(t->seen)) {
			r->bad = true;
			return;
		}
		for (size_t k = 0; k < t->n; k++)
			t->seen[k] = get_number(r);
	}
}

int watchstate_decode(struct str bytes, struct arena *a,
		      struct watch_state *s_r, struct err *e)
{
	struct reader r = { .rest = bytes };
	uint64_t outcome, version = get_number(&r);

	*s_r = (struct watch_state){ 0 };
	if (version < 1 || version > VERSION)
		r.bad = true;
	s_r->config = get_number(&r);
	s_r->based = get_number(&r);
	s_r->observed = get_number(&r);
	outcome = get_number(&r);
	s_r->outcome = (enum outcome)outcome;
	s_r->polls = get_number(&r);
	s_r->priceless = get_number(&r);
	get_texts(&r, s_r, state_texts, ARRAY_LEN(state_texts));
	if (!r.bad)
		get_known(&r, a, s_r);
	if (!r.bad)
		get_gone(&r, version, a, s_r);
	if (!r.bad && version > 1)
		s_r->full = get_number(&r);
	if (!r.bad && version > 1)
		get_trails(&r, a, s_r);
	if (!r.bad && version > 1) {
		get_texts(&r, s_r, late_texts, ARRAY_LEN(late_texts));
		s_r->stale = get_number(&r);
		s_r->good_us = (int64_t)get_number(&r);
	}
	if (!r.bad && !r.rest.len && outcome < OUTCOMES)
		return 0;
	*s_r = (struct watch_state){ 0 };
	return err_set(e, EX_DATAERR, "state of a watch: not understood");
}
