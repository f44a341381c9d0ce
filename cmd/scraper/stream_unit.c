/*
 * What of a unit is new.
 *
 * A message with an id of the server's is new unless its id is known. One
 * without an id that comes on a line that stands is new: a server says things
 * once. It repeats them when we come back, and in each poll. Then what comes
 * in the first STREAM_SETTLE_MS is held, as is the body of a poll, and what it
 * has in common with the end of what is known is dropped (seen_overlap).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/stats.h"
#include "common/xmem.h"

#include "stream_private.h"

enum { HOLD_MAX = CHAT_FOUND_MAX }; /* messages that are held back */

static bool is_poll(const struct stream *s)
{
	return s->target.protocol == LINK_POLL;
}

static void count(const struct stream *s, const char *name, size_t n)
{
	stats_add(stage_stats(s->all->conf.stage), name, NULL, (int64_t)n);
}

/* Said before we first came, as far as that can be told. */
static bool is_backlog(const struct stream *s, const struct chat_message *m)
{
	if (m->sent_us != CLK_NONE)
		return m->sent_us < s->session.first_us - STREAM_BACKLOG_US;
	return s->first && s->settling && s->watch->chat->form != CHAT_IRC;
}

static bool has_channels(const struct stream *s)
{
	return s->target.n_channels > 1;
}

static struct note note_of(struct stream *s, const struct chat_message *m)
{
	struct note n = { .stream = s, .m = *m, .at_us = clk_wall_us() };

	n.hash = m->id.p ? seen_hash_id(m->id)
			 : seen_hash_content(m->username, m->text, m->sent_us);
	/* The same words in two channels are two messages. */
	if (has_channels(s))
		n.hash = n.hash * 31 + str_hash(m->channel);
	n.backlog = is_backlog(s, m);
	return n;
}

static void known(struct stream *s, size_t n)
{
	s->repeated |= n > 0;
	count(s, "chat_repeated_total", n);
}

/* ---- held back ---- */

static void hold(struct stream *s, const struct note *n)
{
	struct hold *h = s->hold;
	struct note *kept;

	if (!h)
		s->hold = h = xcalloc(1, sizeof(*h));
	xgrow(&h->v, &h->cap, h->n, sizeof(*h->v));
	kept = &h->v[h->n++];
	*kept = *n;
	kept->m.text = arena_str(&h->arena, n->m.text);
	if (n->m.id.p)
		kept->m.id = arena_str(&h->arena, n->m.id);
	if (n->m.username.p)
		kept->m.username = arena_str(&h->arena, n->m.username);
	if (n->m.channel.p)
		kept->m.channel = arena_str(&h->arena, n->m.channel);
}

void stream_drop_hold(struct stream *s)
{
	if (!s->hold)
		return;
	arena_free(&s->hold->arena);
	free(s->hold->v);
	free(s->hold);
	s->hold = NULL;
}

/*
 * In order, some of them known. Where nothing fits, as a server has removed
 * one, those that say when they were sent are still known by what they are.
 */
static void take_some(struct stream *s, const struct note *v, size_t n)
{
	uint64_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t from;

	for (size_t i = 0; i < n; i++)
		hashes[i] = v[i].hash;
	from = seen_overlap(s->seen, hashes, n);
	free(hashes);
	known(s, from);
	for (size_t i = from; i < n; i++) {
		bool is_known = v[i].m.id.p ||
				(from == 0 && v[i].m.sent_us != CLK_NONE);

		if (is_known && seen_has(s->seen, v[i].hash))
			known(s, 1);
		else
			stream_take(s, &v[i]);
	}
}

static void mark_gap(struct stream *s, int64_t since_us)
{
	if (!since_us)
		return;
	s->gap_us = since_us;
	count(s, "chat_gaps_total", 1);
	stream_touch(s);
}

/*
 * The connection is gone before anything that is known came. What has ids is
 * left to the next one: it comes again there, or a gap is told.
 */
void stream_cut_off(struct stream *s)
{
	if (s->hold && s->hold->v[0].m.id.p)
		stream_drop_hold(s);
	if (s->heard)
		stream_settle(s);
	s->settling = false;
}

void stream_settle(struct stream *s)
{
	struct hold *h = s->hold;

	if (h) {
		struct note *v = xcalloc(h->n, sizeof(*v));

		/* Into the batch, with its texts. */
		for (size_t i = 0; i < h->n; i++) {
			v[i] = h->v[i];
			v[i].m.text = arena_str(&s->all->arena, v[i].m.text);
			if (v[i].m.id.p)
				v[i].m.id =
					arena_str(&s->all->arena, v[i].m.id);
			if (v[i].m.username.p)
				v[i].m.username = arena_str(&s->all->arena,
							    v[i].m.username);
			if (v[i].m.channel.p)
				v[i].m.channel = arena_str(&s->all->arena,
							   v[i].m.channel);
		}
		take_some(s, v, h->n);
		free(v);
		stream_drop_hold(s);
	}
	loop_work_wake(s->all->work);
	if (!s->settling)
		return;
	s->settling = false;
	/* A server that is asked for what is newer has nothing to repeat. */
	if (!s->first && !s->repeated &&
	    s->watch->chat->since == CHAT_SINCE_NONE)
		mark_gap(s, s->lost_us);
}

/* ---- units ---- */

/* What others wait for, too: its bytes, and as many for each event of it. */
static void take_turn(struct stream *s, size_t bytes, size_t n)
{
	bool waits = s->turn.waits;

	if (!turns_take(&s->all->turns, &s->turn,
			bytes + (n ? n : 1) * STREAM_EVENT_BYTES) ||
	    waits)
		return;
	count(s, "chat_turns_total", 1);
	stream_read_or_wait(s);
}

/*
 * After we came back it cannot be told yet: without an id; or with one that is
 * older than all that is remembered, as the first of a long backlog may be.
 */
static bool is_open(const struct stream *s, const struct chat_message *m)
{
	if (!s->settling || s->first)
		return false;
	if (!m->id.p)
		return true;
	return !s->repeated && seen_count(s->seen) == SEEN_MAX &&
	       m->sent_us < s->lost_us + STREAM_BACKLOG_US;
}

/* What came before the first that is known is older than it. */
static void drop_older(struct stream *s)
{
	if (!s->hold || !s->hold->v[0].m.id.p)
		return;
	known(s, s->hold->n);
	stream_drop_hold(s);
}

static void take_one(struct stream *s, const struct chat_message *m)
{
	struct note n = note_of(s, m);

	if (m->id.p && seen_has(s->seen, n.hash)) {
		if (!s->repeated)
			drop_older(s);
		known(s, 1);
	} else if (is_open(s, m)) {
		hold(s, &n);
		if (s->hold->n == HOLD_MAX)
			stream_settle(s);
	} else {
		stream_take(s, &n);
	}
}

/* Lists often have the newest first. */
static bool is_backwards(const struct chat_found *f)
{
	int64_t first = f->n ? f->v[0].sent_us : CLK_NONE;
	int64_t last = f->n ? f->v[f->n - 1].sent_us : CLK_NONE;

	return first != CLK_NONE && last != CLK_NONE && first > last;
}

static void reverse(struct chat_found *f)
{
	for (size_t i = 0; i < f->n / 2; i++) {
		struct chat_message m = f->v[i];

		f->v[i] = f->v[f->n - 1 - i];
		f->v[f->n - 1 - i] = m;
	}
}

static void take_list(struct stream *s, const struct chat_found *f)
{
	struct note *v;

	if (f->n == 0)
		return;
	v = xcalloc(f->n, sizeof(*v));
	for (size_t i = 0; i < f->n; i++)
		v[i] = note_of(s, &f->v[i]);
	take_some(s, v, f->n);
	free(v);
}

/* A body of which nothing is known: it may have been too short. */
static void take_poll(struct stream *s, const struct chat_found *f)
{
	bool is_known = seen_count(s->seen) > 0 &&
			s->watch->chat->since == CHAT_SINCE_NONE;

	s->repeated = false;
	take_list(s, f);
	if (is_known && f->n && !s->repeated)
		mark_gap(s, s->polled_us ? s->polled_us : s->lost_us);
	s->polled_us = clk_wall_us();
	s->settling = false;
}

static void go_on(struct stream *s, const struct chat_found *f,
		  const struct link_unit *u)
{
	struct str since;

	if (chat_since_after(s->watch->chat, f, &s->all->arena, &since))
		stream_set_since(s, since);
	else if (s->target.protocol == LINK_SSE && u->id.len)
		stream_set_since(s, u->id);
	if (is_poll(s) && s->watch->chat->since != CHAT_SINCE_NONE) {
		buf_reset(&s->url);
		chat_url(s->watch->chat, s->since, &s->url);
		link_set_url(s->link, s->url.p);
	}
}

static void take_found(struct stream *s, struct chat_found *f,
		       const struct link_unit *u)
{
	if (is_backwards(f))
		reverse(f);
	if (s->target.protocol == LINK_SSE && u->id.len && f->n == 1 &&
	    !f->v[0].id.p && u->id.len <= CHAT_ID_MAX)
		f->v[0].id = arena_str(&s->all->arena, u->id);
	if (is_poll(s)) {
		take_poll(s, f);
	} else {
		for (size_t i = 0; i < f->n; i++)
			take_one(s, &f->v[i]);
	}
	go_on(s, f, u);
}

static void set_trouble(struct stream *s, enum outcome outcome,
			const char *reason)
{
	if (s->outcome == outcome && outcome == OUTCOME_FOUND)
		return;
	s->outcome = outcome;
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
	str_make_printable(s->reason);
	stream_touch(s);
}

void stream_unit(void *arg, const struct link_unit *u)
{
	struct stream *s = arg;
	struct streams *ss = s->all;
	struct chat_found f;
	struct err e;

	count(s, "chat_units_total", 1);
	s->heard = true;
	loop_work_wake(ss->work);
	if (u->binary) {
		take_turn(s, u->bytes.len, 0);
		return;
	}
	/* What is found in it lives until it is in the ledger. */
	if (chat_decode(s->watch->chat->rules, s->watch->chat->form,
			arena_str(&ss->arena, u->bytes), &ss->arena, &f, &e)) {
		/* A connection stands whatever it says; a poll is its answer. */
		if (is_poll(s))
			stream_reject(s, e.msg);
		else
			set_trouble(s, OUTCOME_PARSE_FAIL, e.msg);
		take_turn(s, u->bytes.len, 0);
		return;
	}
	set_trouble(s, OUTCOME_FOUND, "");
	take_found(s, &f, u);
	take_turn(s, u->bytes.len, f.n);
	if (f.ended && !has_channels(s)) {
		s->session.said = SESSION_ENDED;
		s->dirty = true;
		stream_touch(s);
	}
}
