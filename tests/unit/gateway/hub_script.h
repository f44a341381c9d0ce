#ifndef TESTS_HUB_SCRIPT_H
#define TESTS_HUB_SCRIPT_H

/*
 * hub_script - a hub with clients, over a real journal, and a script that has a
 * turn in each turn of the loop.
 *
 * Each client checks all that it is sent: in order, once, what it asked for,
 * and nothing else. A script looks at w->step, does something, and stops the
 * loop once all is as it should be. What it does by chance is the same every
 * time.
 */
#include "cmd/gateway/hub.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/xmem.h"

#include "cmd/gateway/hub_private.h"

#include "tests/unit/gateway/hub_frames.h"

enum { CLIENTS = 12, TOPICS = 9, HISTORY_MAX = 40000 };

static const char *const all_topics[TOPICS] = {
	"a.x/1", "a.x/2", "a.x/3", "b.y/1", "b.y/2", "c.z", "a.w", "d.v", "b.u",
};

/* What the events say, and what may be asked of it. */
static inline bool is_small(uint64_t v)
{
	return v < 40;
}

static inline bool is_even_or_ten(uint64_t v)
{
	return v % 2 == 0 || v % 10 == 1;
}

static inline bool is_never(uint64_t v)
{
	(void)v;
	return false;
}

static const struct {
	const char *text;
	bool (*holds)(uint64_t v);
} all_filters[] = {
	{ "v < 40", is_small },
	{ "even or tags contains \"one\"", is_even_or_ten },
	{ "v.more == 1", is_never },
};

struct client {
	struct hub_client hub;
	struct world *w;
	bool choked, taken; /* taken: the hub was told to stop */
	struct frames_part part;
	uint64_t last; /* the last offset received */
	size_t got, broken, lagged;
	size_t picture; /* events of "last" that are still to come */
	uint8_t *times; /* how often each offset came; topics are in order */
	bool woken;
};

struct world {
	char dir[32];
	struct journal *writer, *reader;
	struct loop *loop;
	struct loop_work *driver;
	struct hub *hub;
	struct client client[CLIENTS];
	uint64_t seed, source_id;
	const char *topic[HISTORY_MAX]; /* by offset */
	uint8_t value[HISTORY_MAX];
	uint64_t head;
	uint32_t epoch;
	int64_t now_us;
	size_t sent, writes; /* bytes, and how often, in this turn */
	struct client *crowd;
	int step;
	size_t flushed;	  /* events that were sent to live clients */
	int64_t recorded; /* the last of them */
	void (*script)(struct world *w);
	bool is_fickle; /* sockets may have room again at once */
	struct deflater *deflater;
	struct inflater *inflater;
	size_t inflated; /* messages */
	size_t encoded;	 /* events of custom kinds */
};

static inline uint64_t pick(struct world *w, uint64_t n)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (w->seed >> 33) % n;
}

/* ---- what the hub asks for ---- */

static inline struct journal *give_journal(void *arg)
{
	struct world *w = arg;

	return w->reader;
}

/* Is an event for a client, by what it asked for. */
static inline bool is_for(const struct client *c, uint64_t offset)
{
	const struct patterns *p = &c->hub.group->patterns;
	struct str topic = str_from(c->w->topic[offset]);

	for (size_t i = 0; i < p->n; i++) {
		const struct filter *f = p->filter ? p->filter[i] : NULL;
		bool holds = !f;

		for (size_t k = 0; f && k < ARRAY_LEN(all_filters); k++)
			if (str_is(filter_text(f), all_filters[k].text))
				holds = all_filters[k].holds(
					c->w->value[offset]);
		if (holds && topic_matches(topic, p->v[i]))
			return true;
	}
	return false;
}

/* A client's own idea of what is next, checked against what has come. */
static inline void receive(void *arg, uint64_t offset)
{
	struct client *c = arg;
	const struct world *w = c->w;

	if (offset == 0)
		return; /* a reply */
	if (c->times) {
		for (uint64_t o = offset; o <= w->head; o++)
			if (w->topic[o] == w->topic[offset])
				assert_int_equal(c->times[o], 0);
		c->times[offset]++;
		c->got++;
		return;
	}
	assert_in_range(offset, c->last + 1, w->head);
	if (c->picture) {
		c->picture--; /* of each topic the newest only */
		c->last = offset;
		return;
	}
	for (uint64_t o = c->last + 1; o < offset; o++)
		if (is_for(c, o))
			fail_msg("%s at %llu was left out", w->topic[o],
				 (unsigned long long)o);
	assert_true(is_for(c, offset));
	c->last = offset;
	c->got++;
}

static inline bool take(void *user, struct str frames)
{
	struct client *c = user;
	struct frames_in in = { c->hub.kind,	 c->w->epoch, c->w->inflater,
				&c->w->inflated, receive,     c };
	bool was_cut = c->part.is_cut;

	assert_false(c->taken);
	c->w->sent += frames.len;
	c->w->writes++;
	frames_take(&in, frames_join(&c->part, c->hub.kind, frames));
	buf_free(&c->part.begun);
	if (was_cut && c->w->is_fickle && pick(c->w, 2))
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

		if (!c)
			continue;
		if (c->choked && pick(c->w, 4) > 0) {
			taken = pick(c->w, frames.len);
			assert_false(c->taken);
			frames_cut(&c->part, frames, taken);
		} else if (take(c, frames)) {
			continue;
		}
		left_r[left++] = (struct line_left){ i, taken };
	}
	return left;
}

static inline void be_woken(void *user)
{
	struct client *c = user;

	c->woken = true;
}

static inline void be_flushed(void *arg, const int64_t *recorded_us, size_t n)
{
	struct world *w = arg;

	w->flushed += n;
	w->recorded = recorded_us[n - 1];
}

static inline void be_broken(void *user, struct position pos)
{
	struct client *c = user;

	c->broken++;
	c->last = pos.offset;
}

static inline void be_lagged(void *user, struct position pos)
{
	struct client *c = user;

	c->lagged++;
	assert_int_equal(pos.offset, c->hub.pos);
}

/* ---- the world ---- */

static inline void write_events(struct world *w, size_t n, bool follow)
{
	struct event ev[64];
	char data[64][200];
	struct err e;

	assert_true(n <= ARRAY_LEN(ev) && w->head + n < HISTORY_MAX);
	assert_int_equal(journal_write_begin(w->writer, &e), 0);
	for (size_t i = 0; i < n; i++) {
		const char *topic = all_topics[pick(w, TOPICS)];
		unsigned v = (unsigned)pick(w, 100);

		snprintf(data[i], sizeof(data[i]),
			 "{\"v\":%u,\"even\":%s,\"tags\":[\"%s\",\"two\"],"
			 "\"more\":\"%0*d\"}",
			 v, v % 2 ? "false" : "true", v % 10 == 1 ? "one" : "",
			 v % 3 ? 1 : 100, 0);
		ev[i] = (struct event){
			.topic = str_from(topic),
			.source = STR("test"),
			.id = ++w->source_id,
			.time_us = w->now_us,
			.data = str_from(data[i]),
		};
		assert_int_equal(journal_write_append(w->writer, &ev[i],
						      w->now_us++, &e),
				 0);
		w->head = ev[i].offset;
		w->epoch = ev[i].epoch;
		w->topic[w->head] = topic;
		w->value[w->head] = (uint8_t)v;
	}
	assert_int_equal(journal_write_commit(w->writer, &e), 0);
	for (size_t i = 0; follow && i < n; i++)
		hub_event(w->hub, &ev[i]);
	if (follow)
		hub_slice_end(w->hub);
}

static inline bool drive(void *arg)
{
	struct world *w = arg;

	w->script(w);
	w->step++;
	return true;
}

static inline int remove_entry(const char *path, const struct stat *st,
			       int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* Custom kinds, counted. */
static inline void encode(void *arg, enum frame_kind kind,
			  const struct event *ev, bool is_past, struct buf *b)
{
	struct world *w = arg;

	w->encoded++;
	frames_encode(arg, kind, ev, is_past, b);
}

static inline void run_with_lag(void (*script)(struct world *w),
				const char *const *rule, size_t n)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct hub_conf conf = { .arg = w,
				 .journal = give_journal,
				 .send = take,
				 .send_to = take_lines,
				 .encode = encode,
				 .woken = be_woken,
				 .lagged = be_lagged,
				 .broken = be_broken,
				 .flushed = be_flushed };
	struct err e;

	conf.lag = n ? lag_new(rule, n, &e) : NULL;
	conf.deflater = w->deflater = deflater_new();
	w->inflater = inflater_new();
	strcpy(w->dir, "/tmp/weir-hub-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->seed = 42;
	w->now_us = 1763000000000000;
	w->writer = journal_create(w->dir, &e);
	assert_non_null(w->writer);
	w->loop = loop_new(&e);
	conf.loop = w->loop;
	w->hub = hub_new(&conf);
	for (size_t i = 0; i < CLIENTS; i++) {
		w->client[i].hub.user = &w->client[i];
		w->client[i].hub.line.conn = &w->client[i];
		w->client[i].w = w;
		w->client[i].hub.kind = frames_kind(i);
	}
	w->script = script;
	write_events(w, 20, false);
	w->reader = journal_open(w->dir, &e);
	if (!w->reader)
		fail_msg("%s", e.msg);
	hub_epoch(w->hub, (struct position){ w->epoch, w->head });
	w->driver = loop_work_new(w->loop, drive, w);
	loop_work_wake(w->driver);
	loop_run(w->loop);
	for (size_t i = 0; i < CLIENTS; i++)
		hub_leave(w->hub, &w->client[i].hub);
	loop_work_free(&w->driver);
	hub_free(&w->hub);
	deflater_free(&w->deflater);
	inflater_free(&w->inflater);
	loop_free(&w->loop);
	journal_close(&w->reader);
	journal_close(&w->writer);
	lag_free(&conf.lag);
	nftw(w->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
}

static inline void run(void (*script)(struct world *w))
{
	run_with_lag(script, NULL, 0);
}

static inline int subscribe_to(struct client *c, const char *pattern,
			       const char *filter, const uint64_t *since,
			       bool last, struct position *pos_r)
{
	struct str p = str_from(pattern);
	struct position from = { c->w->epoch, since ? *since : 0 };
	struct hub_wish wish = { &p, 1, since ? &from : NULL, last, NULL };
	bool recovered;
	struct err e;
	int rc;

	if (filter) {
		wish.filter = filters_get(hub_filters(c->w->hub),
					  str_from(filter), &e);
		assert_non_null(wish.filter);
	}
	rc = hub_subscribe(c->w->hub, &c->hub, &wish, pos_r, &recovered, &e);
	filter_drop(&wish.filter);
	return rc == 0 && since && !recovered ? 1 : rc;
}

static inline int subscribe(struct client *c, const char *pattern,
			    const uint64_t *since, bool last,
			    struct position *pos_r)
{
	return subscribe_to(c, pattern, NULL, since, last, pos_r);
}

static inline void unchoke(struct world *w, struct client *c)
{
	c->choked = false;
	if (c->taken) {
		c->taken = false;
		hub_drained(w->hub, &c->hub);
	}
}

/* Reads, or does not. */
static inline void be_slow(struct client *c)
{
	c->w->is_fickle = true;
	c->choked = pick(c->w, 3);
	if (!c->choked)
		unchoke(c->w, c);
}

#endif
