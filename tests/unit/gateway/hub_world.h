#ifndef TESTS_UNIT_GATEWAY_HUB_WORLD_H
#define TESTS_UNIT_GATEWAY_HUB_WORLD_H

/*
 * hub_world - a hub, its clients with their models, and a real journal: what
 * the hub tells clients, and what happens to the journal.
 */
#include "cmd/gateway/hub.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/xmem.h"

#include "cmd/gateway/hub_private.h"

#include "tests/unit/gateway/hub_frames.h"
#include "tests/unit/gateway/hub_model.h"
#include "tests/unit/tmpdir.h"

enum {
	CLIENTS = 12,
};

struct client {
	struct hub_client hub;
	struct world *w;
	struct model model;
	bool choked, taken; /* taken: the hub was told to stop */
	struct frames_part part;
	bool returning;	 /* asked for what was, and was not live since */
	bool is_excused; /* the journal was out when it may have been late */
	bool is_late;	 /* has to be moved on before it gets anything */
	bool gone;	 /* was sent away; from where it goes on: */
	struct position left_at;
	unsigned looked; /* how often it was found to take nothing */
	size_t epochs, told, moved, sent_away;
};

struct world {
	uint64_t seed, random;
	int step;
	const char *dir;
	unsigned journals;
	char copy[256]; /* a backup that was made, or "" */
	struct history *h, *copied;
	struct journal *writer, *reader;
	bool is_out;	    /* the journal cannot be read now */
	bool lags;	    /* the hub is slower than the store */
	size_t first, span; /* topics of which there are events now */
	uint64_t source_id;
	int64_t now_us;
	struct journal_want want; /* of the one that follows */
	struct loop *loop;
	struct loop_work *driver;
	struct deflater *deflater;
	struct inflater *inflater;
	size_t inflated;
	struct hub *hub;
	struct client client[CLIENTS];
	struct buf reply;
	const struct model_rule *rule;
	bool in_gap, in_epoch, in_look, is_reply;
	uint64_t moved; /* as the hub counts them */
	size_t gaps, epochs, ahead, turns;
};

static inline uint64_t pick(struct world *w, uint64_t n)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (w->random >> 33) % n;
}

static inline bool one_in(struct world *w, uint64_t n)
{
	return pick(w, n) == 0;
}

static inline size_t owed(const struct client *c)
{
	size_t n = 0;

	for (const struct owed *o = c->hub.owed; o; o = o->next)
		n++;
	return n;
}

static inline void observe(struct client *c)
{
	if (c->hub.state == HUB_LIVE || c->hub.state == HUB_AHEAD)
		c->returning = c->is_excused = false;
}

/* ---- what the hub tells ---- */

static inline struct journal *give_journal(void *arg)
{
	const struct world *w = arg;

	return w->is_out ? NULL : w->reader;
}

static inline void on_frame(void *arg, uint64_t offset)
{
	struct client *c = arg;

	if (offset == 0)
		return;
	model_need(&c->model, !c->gone, "%llu after it was sent away",
		   ull(offset));
	model_need(&c->model, !c->is_late, "%llu, and it lags", ull(offset));
	model_receive(&c->model, offset);
}

static inline bool take(void *user, struct str frames)
{
	struct client *c = user;
	struct frames_in in = { c->hub.kind,	 c->w->h->epoch, c->w->inflater,
				&c->w->inflated, on_frame,	 c };
	bool was_cut = c->part.is_cut;

	model_need(&c->model, !c->taken || c->w->is_reply,
		   "sent more than its socket takes");
	observe(c);
	frames_take(&in, frames_join(&c->part, c->hub.kind, frames));
	buf_free(&c->part.begun);
	if (was_cut && one_in(c->w, 3))
		return true; /* there is room again */
	c->taken = c->choked;
	return !c->choked;
}

static inline size_t take_lines(void *arg, const struct line *to, size_t n,
				struct str frames, struct line_left *left_r)
{
	size_t left = 0;

	(void)arg;
	assert_true(n <= LINES_MAX);
	for (size_t i = 0; i < n; i++) {
		struct client *c = to[i].conn;
		size_t taken = frames.len;

		if (c && c->choked && !one_in(c->w, 4)) {
			taken = pick(c->w, frames.len);
			frames_cut(&c->part, frames, taken);
		} else if (!c || take(c, frames)) {
			continue;
		}
		left_r[left++] = (struct line_left){ i, taken };
	}
	return left;
}

/* As a client is told: what it is told may be what its socket does not take. */
static inline void answer(struct client *c)
{
	struct world *w = c->w;

	w->is_reply = true;
	hub_reply(w->hub, &c->hub, frames_reply(c->hub.kind, &w->reply));
	w->is_reply = false;
}

static inline void be_broken(void *user, struct position pos)
{
	struct client *c = user;
	struct world *w = c->w;
	struct model *m = &c->model;
	uint64_t moved = hub_count(w->hub).lagged[LAG_LATEST];

	model_need(m, pos.epoch == w->h->epoch, "told of another epoch");
	if (w->in_epoch) {
		model_begin(m, pos.offset);
		c->epochs++;
		c->is_late = false;
	} else if (moved != w->moved) {
		w->moved = moved;
		c->moved++;
		c->is_late = false;
		model_need(m, !c->returning, "moved on, and was not live");
		model_sync(m, 0);
		model_moved_on(m, model_judge(m, w->rule, pos.offset),
			       pos.offset, w->hub->flushed);
		if (owed(c) == 0)
			model_withdraw(m);
	} else {
		c->told++;
		model_sync(m, owed(c));
		if (c->hub.owed && !w->in_gap)
			model_told_of_request(m, pos.offset);
		else
			model_told(m, pos.offset);
	}
	answer(c);
}

static inline void be_lagged(void *user, struct position pos)
{
	struct client *c = user;
	struct world *w = c->w;
	const struct model_rule *rule =
		model_judge(&c->model, w->rule, pos.offset);

	model_need(&c->model, rule && rule->policy == LAG_DISCONNECT,
		   "sent away at %llu, and no rule says so", ull(pos.offset));
	model_need(&c->model, !c->returning && !c->gone, "sent away");
	model_need(&c->model, !w->in_look || c->looked > 0,
		   "sent away when first seen to lag");
	model_need(&c->model, pos.epoch == w->h->epoch, "another epoch");
	model_sync(&c->model, 0);
	model_stands_at(&c->model, pos.offset);
	c->gone = true;
	c->is_late = false;
	c->left_at = pos;
	c->sent_away++;
}

/* ---- what happens ---- */

static inline void note(struct world *w, const struct event *ev, size_t topic,
			unsigned v)
{
	struct history *h = w->h;

	assert_true(ev->offset < MODEL_HISTORY);
	h->head = ev->offset;
	h->epoch = ev->epoch;
	h->topic[h->head] = (uint8_t)topic;
	h->value[h->head] = (uint8_t)v;
	h->there[h->head] = true;
}

static inline void record(struct world *w, size_t n)
{
	static char data[4096];
	struct err e;

	assert_int_equal(journal_write_begin(w->writer, &e), 0);
	for (size_t i = 0; i < n; i++) {
		size_t topic = (w->first + pick(w, w->span)) % MODEL_TOPICS;
		unsigned v = (unsigned)pick(w, 100);
		int more = one_in(w, 12) ? 3000 : one_in(w, 2) ? 100 : 1;
		struct event ev;

		snprintf(data, sizeof(data),
			 "{\"v\":%u,\"even\":%s,\"tags\":[\"%s\",\"two\"],"
			 "\"more\":\"%0*d\"}",
			 v, v % 2 ? "false" : "true", v % 10 == 1 ? "one" : "",
			 more, 0);
		ev = (struct event){
			.topic = str_from(model_topic[topic]),
			.source = STR("test"),
			.id = ++w->source_id,
			.time_us = w->now_us,
			.data = str_from(data),
		};
		assert_int_equal(journal_write_append(w->writer, &ev,
						      w->now_us++, &e),
				 0);
		note(w, &ev, topic, v);
	}
	assert_int_equal(journal_write_commit(w->writer, &e), 0);
}

static inline void prune_at(struct world *w, uint64_t o)
{
	struct err e;

	if (journal_write_prune(w->writer, o, &e) != 1)
		return;
	assert_true(w->h->there[o] && o < w->h->head);
	w->h->there[o] = false;
	if (o > w->h->pruned)
		w->h->pruned = o;
}

/* The oldest, as most are, some of those that are new, or any. */
static inline void prune(struct world *w)
{
	uint64_t n = 1 + pick(w, 12), o = 1;
	uint64_t recent = w->h->head > 60 ? w->h->head - 60 : 0;
	unsigned how = (unsigned)pick(w, 3);
	struct err e;

	assert_int_equal(journal_write_begin(w->writer, &e), 0);
	for (; n > 0; n--) {
		if (how == 0)
			while (o < w->h->head && !w->h->there[o])
				o++;
		else if (how == 1)
			o = recent + 1 + pick(w, w->h->head - recent);
		else
			o = 1 + pick(w, w->h->head);
		prune_at(w, o);
	}
	assert_int_equal(journal_write_commit(w->writer, &e), 0);
}

/* The hub is given what follow.c would give it: events, and gaps. */
static inline int on_followed(void *arg, const struct event *ev, struct err *e)
{
	struct world *w = arg;
	struct history *h = w->h;

	if (ev->offset > h->newest + 1) {
		int rc;

		w->want.told = 0;
		rc = journal_pruned(w->reader, h->newest, &w->want, e);

		assert_true(rc >= 0);
		w->in_gap = true;
		if (rc > 0)
			hub_gap(w->hub);
		w->in_gap = false;
		w->gaps += rc > 0;
	}
	h->newest = ev->offset;
	h->heard[ev->offset] = true;
	hub_event(w->hub, ev);
	return 0;
}

static inline void follow(struct world *w, uint64_t budget)
{
	struct journal_scan scan = { .from = w->h->newest + 1,
				     .budget = budget };
	uint64_t next;
	struct err e;

	if (w->is_out)
		return;
	assert_true(journal_begin(w->reader, &e) == 0);
	assert_true(journal_scan(w->reader, &scan, on_followed, w, &next, &e) >=
		    0);
	journal_end(w->reader);
	if (!one_in(w, 4))
		hub_look(w->hub);
}

/* ---- journals ---- */

static inline void open_journal(struct world *w, const char *dir)
{
	struct err e;

	journal_close(&w->reader);
	journal_close(&w->writer);
	w->writer = journal_create(dir, &e);
	assert_non_null(w->writer);
	w->source_id += 1000000; /* whatever the copy knows of it */
	record(w, 1 + pick(w, 40));
	w->reader = journal_open(dir, &e);
	if (!w->reader)
		fail_msg("%s", e.msg);
}

static inline void new_dir(struct world *w, char out[256])
{
	char name[24];

	snprintf(name, sizeof(name), "j%u", w->journals++);
	tmpdir_path(w->dir, name, out);
	assert_int_equal(mkdir(out, 0700), 0);
}

static inline void copy_journal(struct world *w)
{
	struct err e;

	new_dir(w, w->copy);
	if (journal_backup(w->writer, w->copy, &e))
		fail_msg("%s", e.msg);
	*w->copied = *w->h;
}

/* The journal is another one: a new one, or a copy that was made. */
static inline void change_journal(struct world *w)
{
	struct history *h = w->h;
	uint64_t newest = h->newest;
	char dir[256];

	if (w->copy[0]) {
		*h = *w->copied;
		h->before = h->epoch;
		h->before_end = h->head;
		memcpy(dir, w->copy, sizeof(dir));
		w->copy[0] = '\0';
	} else {
		memset(h, 0, sizeof(*h));
		new_dir(w, dir);
	}
	h->newest = newest < h->before_end ? newest : h->before_end;
	memset(h->heard, 0, sizeof(h->heard));
	w->want = (struct journal_want){ .n = 0 };
	open_journal(w, dir);
	for (size_t i = 0; i < CLIENTS; i++)
		w->client[i].epochs = 0;
	w->in_epoch = true;
	hub_epoch(w->hub, (struct position){ h->epoch, h->newest });
	w->in_epoch = false;
	for (size_t i = 0; i < CLIENTS; i++) {
		const struct client *c = &w->client[i];

		model_need(&c->model, c->epochs == (c->hub.group != NULL),
			   "told of another journal %zu times", c->epochs);
	}
	w->epochs++;
}

#endif
