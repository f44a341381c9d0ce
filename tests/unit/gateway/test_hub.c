/*
 * The hub, one promise after the other. The journal is a real one. All of them
 * together, in any order: test_hub_model.c.
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
static bool is_small(uint64_t v)
{
	return v < 40;
}

static bool is_even_or_ten(uint64_t v)
{
	return v % 2 == 0 || v % 10 == 1;
}

static bool is_never(uint64_t v)
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

static uint64_t pick(struct world *w, uint64_t n)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (w->seed >> 33) % n;
}

/* ---- what the hub asks for ---- */

static struct journal *give_journal(void *arg)
{
	struct world *w = arg;

	return w->reader;
}

/* Is an event for a client, by what it asked for. */
static bool is_for(const struct client *c, uint64_t offset)
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
static void receive(void *arg, uint64_t offset)
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

static bool take(void *user, struct str frames)
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

static size_t take_lines(void *arg, const struct line *to, size_t n,
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

static void be_woken(void *user)
{
	struct client *c = user;

	c->woken = true;
}

static void be_flushed(void *arg, const int64_t *recorded_us, size_t n)
{
	struct world *w = arg;

	w->flushed += n;
	w->recorded = recorded_us[n - 1];
}

static void be_broken(void *user, struct position pos)
{
	struct client *c = user;

	c->broken++;
	c->last = pos.offset;
}

static void be_lagged(void *user, struct position pos)
{
	struct client *c = user;

	c->lagged++;
	assert_int_equal(pos.offset, c->hub.pos);
}

/* ---- the world ---- */

static void write_events(struct world *w, size_t n, bool follow)
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

static bool drive(void *arg)
{
	struct world *w = arg;

	w->script(w);
	w->step++;
	return true;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* Custom kinds, counted. */
static void encode(void *arg, enum frame_kind kind, const struct event *ev,
		   bool is_past, struct buf *b)
{
	struct world *w = arg;

	w->encoded++;
	frames_encode(arg, kind, ev, is_past, b);
}

static void run_with_lag(void (*script)(struct world *w),
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

static void run(void (*script)(struct world *w))
{
	run_with_lag(script, NULL, 0);
}

static int subscribe_to(struct client *c, const char *pattern,
			const char *filter, const uint64_t *since, bool last,
			struct position *pos_r)
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

static int subscribe(struct client *c, const char *pattern,
		     const uint64_t *since, bool last, struct position *pos_r)
{
	return subscribe_to(c, pattern, NULL, since, last, pos_r);
}

/* ---- scripts ---- */

static void unchoke(struct world *w, struct client *c)
{
	c->choked = false;
	if (c->taken) {
		c->taken = false;
		hub_drained(w->hub, &c->hub);
	}
}

/* Reads, or does not. */
static void be_slow(struct client *c)
{
	c->w->is_fickle = true;
	c->choked = pick(c->w, 3);
	if (!c->choked)
		unchoke(c->w, c);
}

/* "last" gives the newest of each topic in order, and then what is new. */
static void ask_for_last(struct world *w)
{
	struct client *c = &w->client[0];
	size_t topics = 0;
	struct position pos;

	if (w->step == 0) {
		/* how many topics there are */
		for (uint64_t o = w->head; o > 0; o--) {
			topics++;
			for (uint64_t k = o + 1; k <= w->head; k++)
				if (w->topic[k] == w->topic[o]) {
					topics--;
					break;
				}
		}
		assert_int_equal(subscribe(c, "", NULL, true, &pos), 0);
		assert_int_equal(pos.offset, w->head);
		assert_int_equal(c->hub.owed->n, topics);
		for (size_t i = 0; i + 1 < topics; i++)
			assert_true(c->hub.owed->offset[i] <
				    c->hub.owed->offset[i + 1]);
		assert_int_equal(c->hub.owed->offset[topics - 1], w->head);
		/* no position to come back with before it is whole */
		assert_int_equal(hub_position(w->hub, &c->hub).epoch, 0);
		c->picture = topics;
		write_events(w, 5, true);
	}
	be_slow(c);
	if (c->last == w->head && c->hub.state == HUB_LIVE) {
		assert_int_equal(hub_position(w->hub, &c->hub).epoch, w->epoch);
		assert_int_equal(c->picture, 0);
		loop_stop(w->loop);
	}
	assert_true(w->step < 100000);
}

static void last_is_in_order_and_has_no_position_until_it_is_whole(void **state)
{
	(void)state;
	run(ask_for_last);
}

/*
 * Many ask for the newest of each topic at about the same time, in other words,
 * while more happens: each event is printed once for each kind of frame.
 */
static void ask_for_last_together(struct world *w)
{
	static const char *const patterns[] = { "", "a.", "b.y/" };
	static const enum frame_kind kinds[] = { FRAME_WEBSOCKET, FRAME_CUSTOM,
						 FRAME_WEBSOCKET_DEFLATED };
	enum { N = 300, HISTORY = 3000 };
	static uint8_t times[N][HISTORY_MAX];
	struct hub_counts counts;
	struct position pos;

	if (w->step == 0) {
		memset(times, 0, sizeof(times));
		while (w->head < HISTORY)
			write_events(w, 60, true);
		w->crowd = xcalloc(N, sizeof(*w->crowd));
	}
	if (w->step < N / 20) {
		write_events(w, 1, true);
		for (size_t i = 0; i < 20; i++) {
			size_t k = (size_t)w->step * 20 + i;
			struct client *c = &w->crowd[k];

			*c = (struct client){ .w = w, .hub.user = c };
			c->hub.line.conn = c;
			c->hub.kind = kinds[i % ARRAY_LEN(kinds)];
			c->times = times[k];
			assert_int_equal(subscribe(c, patterns[i / 3 % 3], NULL,
						   true, &pos),
					 0);
			c->last = pos.offset;
		}
		return;
	}
	be_slow(&w->crowd[pick(w, N)]);
	assert_true(w->step < 100000);
	if (w->step < 100)
		return;
	for (size_t i = 0; i < N; i++) {
		unchoke(w, &w->crowd[i]);
		if (hub_position(w->hub, &w->crowd[i].hub).offset != w->head)
			return;
	}
	/* In each step one event is new, and so the newest of its topic. */
	counts = hub_count(w->hub);
	assert_true(counts.from_journal <= 2 * (TOPICS + N / 20));
	assert_true(counts.shared > N / 2);
	assert_true(w->encoded <= TOPICS + 2 * N / 20);
	for (size_t i = 0; i < N; i++) {
		const struct client *c = &w->crowd[i];

		for (uint64_t o = 1; o <= c->last; o++) {
			bool is_newest = is_for(c, o);

			for (uint64_t k = o + 1; is_newest && k <= c->last; k++)
				is_newest = w->topic[k] != w->topic[o];
			assert_int_equal(c->times[o], is_newest);
		}
		hub_leave(w->hub, &w->crowd[i].hub);
	}
	free(w->crowd);
	loop_stop(w->loop);
}

static void last_is_printed_once_for_many(void **state)
{
	(void)state;
	run(ask_for_last_together);
}

/*
 * A live client wants more, twice, from further back: each event of what it
 * wants comes once, each topic in order, while more happens.
 */
static void want_more(struct world *w)
{
	static uint8_t times[HISTORY_MAX];
	static const uint64_t since[] = { 7, 2 };
	struct client *c = &w->client[1];
	struct position pos;

	if (w->step == 0) {
		memset(times, 0, sizeof(times));
		for (int i = 0; i < 60; i++)
			write_events(w, 60, true);
		assert_int_equal(subscribe(c, "a.x/", NULL, false, &pos), 0);
		c->last = pos.offset; /* of a.x/ nothing up to here */
		c->times = times;
		write_events(w, 40, true);
		assert_int_equal(subscribe(c, "b.", &since[0], false, &pos), 0);
		assert_int_equal(pos.offset, w->head);
		assert_int_equal(c->hub.state, HUB_BEHIND);
		assert_int_equal(hub_position(w->hub, &c->hub).epoch, 0);
		/* overlaps with what it has: that is not sent again */
		assert_int_equal(subscribe(c, "a.", &since[1], false, &pos), 0);
	}
	be_slow(c);
	if (w->step < 20)
		write_events(w, 30, true);
	else if (hub_position(w->hub, &c->hub).offset == w->head)
		loop_stop(w->loop);
	assert_true(w->step < 100000);
	if (!loop_stopping(w->loop))
		return;
	for (uint64_t o = 1; o <= w->head; o++) {
		struct str topic = str_from(w->topic[o]);
		bool want = topic_matches(topic, STR("a.x/")) ? o > c->last
			    : topic_matches(topic, STR("b."))
				    ? o > since[0]
				    : topic_matches(topic, STR("a.")) &&
					      o > since[1];

		if (c->times[o] != want)
			fail_msg("%s at %llu came %d times", w->topic[o],
				 (unsigned long long)o, c->times[o]);
	}
}

static void later_patterns_are_sent_what_they_missed(void **state)
{
	(void)state;
	run(want_more);
}

/*
 * Of each topic the newest event, if its filter holds; then the filter is
 * another one, and what it would have let through is sent as well.
 */
static void filter_what_was(struct world *w)
{
	static uint8_t times[HISTORY_MAX];
	struct client *c = &w->client[0];
	const uint64_t since = 5;
	struct position pos;

	if (w->step == 0) {
		memset(times, 0, sizeof(times));
		for (int i = 0; i < 60; i++)
			write_events(w, 60, true);
		c->times = times;
		assert_int_equal(
			subscribe_to(c, "a.x/", "v<40", NULL, true, &pos), 0);
		c->last = pos.offset;
		assert_int_equal(subscribe_to(c, "b.", all_filters[1].text,
					      &since, false, &pos),
				 0);
		assert_int_equal(c->last, pos.offset);
	}
	be_slow(c);
	if (w->step < 20)
		write_events(w, 30, true);
	else if (hub_position(w->hub, &c->hub).offset == w->head)
		loop_stop(w->loop);
	assert_true(w->step < 100000);
	if (!loop_stopping(w->loop))
		return;
	for (uint64_t o = 1; o <= w->head; o++) {
		bool is_a = topic_matches(str_from(w->topic[o]), STR("a.x/"));
		bool is_newest = is_a && o <= c->last;

		for (uint64_t k = o + 1; is_newest && k <= c->last; k++)
			is_newest = w->topic[k] != w->topic[o];
		if (c->times[o] !=
		    (is_for(c, o) &&
		     (is_a ? o > c->last || is_newest : o > since)))
			fail_msg("%s %u at %llu came %d times", w->topic[o],
				 w->value[o], (unsigned long long)o,
				 c->times[o]);
	}
	assert_int_equal(hub_count(w->hub).filters.filters, 2);
	/* The second replaces the first, and is told apart by its pattern. */
	assert_int_equal(subscribe_to(c, "a.x/", all_filters[1].text, NULL,
				      false, &pos),
			 0);
	assert_int_equal(hub_count(w->hub).filters.filters, 1);
	assert_int_equal(subscribe(c, "b.", NULL, false, &pos), 0);
	assert_int_equal(subscribe(c, "a.x/", NULL, false, &pos), 0);
	assert_int_equal(hub_count(w->hub).filters.filters, 0);
}

static void filters_hold_for_what_was(void **state)
{
	(void)state;
	run(filter_what_was);
}

/* A client may have so many filters, and so much that it waits for. */
static void ask_too_much(struct world *w)
{
	struct client *c = &w->client[0];
	const uint64_t since = 1;
	char pattern[16], filter[16];
	struct position pos;

	c->choked = true;
	hub_choked(w->hub, &c->hub); /* wants nothing yet */
	for (int i = 0; i <= PATTERNS_FILTERS_MAX; i++) {
		snprintf(pattern, sizeof(pattern), "t.%d/", i);
		snprintf(filter, sizeof(filter), "v == %d", i);
		assert_int_equal(subscribe_to(c, pattern, filter, NULL, false,
					      &pos),
				 i < PATTERNS_FILTERS_MAX ? 0 : -1);
	}
	assert_int_equal(hub_count(w->hub).filters.filters,
			 PATTERNS_FILTERS_MAX);
	for (int i = 0; i <= HUB_OWED_MAX; i++)
		assert_int_equal(subscribe_to(c, "a.", i % 2 ? "v == 1" : NULL,
					      &since, false, &pos),
				 i < HUB_OWED_MAX ? 0 : -1);
	loop_stop(w->loop);
}

static void what_waits_for_a_client_is_bounded(void **state)
{
	(void)state;
	run(ask_too_much);
}

/*
 * Many come back from many places at once: what they get is gathered about as
 * often as if they were one, in turns of bounded work, and those that are live
 * stay so.
 */
static void come_back(struct world *w)
{
	const size_t n = 400, history = 3000;
	struct client *live = &w->client[0];
	struct hub_counts counts = hub_count(w->hub);
	struct position pos;

	if (w->step == 0) {
		while (w->head < history)
			write_events(w, 60, true);
		w->crowd = xcalloc(n, sizeof(*w->crowd));
		assert_int_equal(subscribe(live, "a.", NULL, false, &pos), 0);
		live->last = pos.offset;
		for (size_t i = 0; i < n; i++) {
			struct client *c = &w->crowd[i];
			uint64_t since = pick(w, history / 2);

			*c = (struct client){ .w = w, .hub.user = c };
			c->hub.line.conn = c;
			assert_int_equal(subscribe(c, i % 4 ? "" : "b.y/",
						   &since, false, &pos),
					 0);
			c->last = since;
		}
	}
	/* One more may begin when there is little left. */
	assert_true(w->sent <= (size_t)HUB_TURN_MAX * 2 * 1024);
	w->sent = 0;
	assert_true(w->step == 0 || live->hub.state == HUB_LIVE);
	if (w->step < 10)
		write_events(w, 3, true);
	assert_true(w->step < 100000);
	for (size_t i = 0; i < n; i++)
		if (w->crowd[i].hub.state != HUB_LIVE)
			return;
	if (w->step < 10)
		return;
	for (size_t i = 0; i < n; i++) {
		for (uint64_t o = w->crowd[i].last + 1; o <= w->head; o++)
			assert_false(is_for(&w->crowd[i], o));
		hub_leave(w->hub, &w->crowd[i].hub);
	}
	assert_true(counts.delivered > n * history / 2);
	assert_true(counts.from_journal + counts.from_ring < 4 * history);
	assert_true(counts.shared > counts.delivered / 10 * 9);
	free(w->crowd);
	loop_stop(w->loop);
}

static void who_comes_back_together_is_served_together(void **state)
{
	(void)state;
	run(come_back);
}

/*
 * One of a crowd comes, goes, or, where those that lag are not judged, reads
 * nothing for a while.
 */
static void disturb(struct world *w, struct client *c)
{
	struct position pos;

	switch (pick(w, 4)) {
	case 0: c->choked = !w->hub->conf.lag; return;
	case 1: unchoke(w, c); return;
	default: break;
	}
	pos = hub_position(w->hub, &c->hub);
	/* All is for it, so that its position is the last that it got. */
	assert_int_equal(pos.offset, c->last);
	hub_leave(w->hub, &c->hub);
	c->choked = c->taken = c->hub.blocked = false;
	assert_int_equal(subscribe(c, "", &c->last, false, &pos), 0);
	assert_int_equal(pos.offset, c->last);
}

/*
 * What is for very many goes out over several turns, to each of them once and
 * in order, and nobody is taken for one that lags; what is for few does not
 * wait for that.
 */
static void tell_many(struct world *w)
{
	const size_t n = 8 * HUB_LIVE_SLICE;
	struct client *few = &w->client[0];
	struct position pos;

	if (w->step == 0) {
		w->crowd = xcalloc(n, sizeof(*w->crowd));
		assert_int_equal(subscribe(few, "b.y/1", NULL, false, &pos), 0);
		few->last = pos.offset;
		for (size_t i = 0; i < n; i++) {
			struct client *c = &w->crowd[i];

			*c = (struct client){ .w = w, .hub.user = c };
			c->hub.line.conn = c;
			assert_int_equal(subscribe(c, "", NULL, false, &pos),
					 0);
			c->last = pos.offset;
		}
	}
	assert_true(w->writes <= 4 * (size_t)HUB_LIVE_SLICE);
	w->writes = 0;
	assert_int_equal(few->hub.state, HUB_LIVE);
	assert_true(w->step < 100000);
	if (w->step < 60) {
		write_events(w, 1 + pick(w, 5), true);
		for (int i = 0; i < 20; i++)
			disturb(w, &w->crowd[pick(w, n)]);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unchoke(w, &w->crowd[i]);
		if (w->crowd[i].hub.state != HUB_LIVE ||
		    w->crowd[i].last != w->head)
			return;
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(w->crowd[i].broken, 0);
		hub_leave(w->hub, &w->crowd[i].hub);
	}
	assert_int_equal(hub_count(w->hub).lagged[LAG_LATEST], 0);
	free(w->crowd);
	loop_stop(w->loop);
}

static void what_is_for_many_goes_out_in_slices(void **state)
{
	static const char *const rules[] = { "=latest:1" };

	(void)state;
	run(tell_many);
	run_with_lag(tell_many, rules, 1);
}

/* Who has to wait for another turn is not always the same. */
static void tell_in_turn(struct world *w)
{
	enum { N = HUB_LIVE_SLICE + HUB_LIVE_SLICE / 2, ROUNDS = 30 };
	static size_t waited[N];
	static int rounds;
	struct position pos;

	if (w->step == 0) {
		memset(waited, 0, sizeof(waited));
		rounds = 0;
		w->crowd = xcalloc(N, sizeof(*w->crowd));
		for (size_t i = 0; i < N; i++) {
			struct client *c = &w->crowd[i];

			*c = (struct client){ .w = w, .hub.user = c };
			c->hub.line.conn = c;
			assert_int_equal(subscribe(c, "", NULL, false, &pos),
					 0);
			c->last = pos.offset;
		}
	}
	w->writes = 0;
	for (size_t i = 0; i < N; i++)
		if (w->crowd[i].hub.state != HUB_LIVE)
			return;
	if (rounds++ < ROUNDS) {
		write_events(w, 1, true);
		hub_look(w->hub);
		for (size_t i = 0; i < N; i++)
			waited[i] += w->crowd[i].hub.put_off;
		return;
	}
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(w->crowd[i].last, w->head);
		assert_in_range(waited[i], 1, 2 * ROUNDS / 3);
		hub_leave(w->hub, &w->crowd[i].hub);
	}
	free(w->crowd);
	loop_stop(w->loop);
}

static void all_wait_in_turn(void **state)
{
	(void)state;
	run(tell_in_turn);
}

/*
 * Two that read nothing for long, one of which wants other topics as well;
 * then they get the newest of each topic of the rule, and all of the others.
 */
static void fall_behind(struct world *w)
{
	static uint8_t times[2][HISTORY_MAX];
	struct client *c = w->client;
	struct position pos;

	if (w->step == 0) {
		memset(times, 0, sizeof(times));
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(subscribe(&c[i], i ? "" : "a.x/", NULL,
						   false, &pos),
					 0);
			c[i].last = pos.offset;
			c[i].times = times[i];
			c[i].choked = c[i].taken = true;
			hub_choked(w->hub, &c[i].hub);
		}
	}
	if (w->step < 100) {
		write_events(w, 30, true);
		return;
	}
	/* what waits for the next flush is sent to all as it is */
	if (w->step == 100 && w->hub->flushed != w->head) {
		w->step--;
		return;
	}
	if (w->step == 100) {
		unchoke(w, &c[0]);
		unchoke(w, &c[1]);
	}
	assert_true(w->step < 100000);
	if (c[0].hub.state != HUB_LIVE || c[1].hub.state != HUB_LIVE)
		return;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(c[i].broken, 1);
		assert_int_equal(c[i].lagged, 0);
	}
	for (uint64_t o = 21; o <= w->head; o++) {
		bool is_a = topic_matches(str_from(w->topic[o]), STR("a.x/"));
		bool is_newest = true;

		for (uint64_t k = o + 1; is_newest && k <= w->head; k++)
			is_newest = w->topic[k] != w->topic[o];
		assert_int_equal(times[0][o], is_a && is_newest);
		assert_int_equal(times[1][o], !is_a || is_newest);
	}
	assert_int_equal(hub_count(w->hub).lagged[LAG_LATEST], 2);
	loop_stop(w->loop);
}

static void who_falls_behind_goes_on_with_the_latest(void **state)
{
	static const char *const rules[] = { "a.x/=latest:100" };

	(void)state;
	run_with_lag(fall_behind, rules, 1);
}

/* Who is sent away may come back, and have all of it. */
static void be_sent_away(struct world *w)
{
	struct client *c = w->client;
	struct position pos;

	if (w->step == 0) {
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(subscribe(&c[i],
						   i < 2 ? "a.x/" : "b.y/",
						   NULL, false, &pos),
					 0);
			c[i].last = pos.offset;
			c[i].choked = c[i].taken = true;
			hub_choked(w->hub, &c[i].hub);
		}
		/* one that wants nothing reads no answers, either */
		hub_choked(w->hub, &c[3].hub);
	}
	if (w->step < 100) {
		write_events(w, 30, true);
		return;
	}
	if (w->step == 100) {
		/* one reads again, and one is found to read nothing, twice */
		unchoke(w, &c[0]);
		unchoke(w, &c[2]);
		hub_judge_choked(w->hub);
		assert_int_equal(c[1].lagged, 0);
		hub_judge_choked(w->hub);
		hub_judge_choked(w->hub);
		assert_int_equal(c[3].lagged, 0);
	}
	if (w->step < 200)
		return;
	if (w->step == 200) {
		assert_int_equal(hub_count(w->hub).lagged[LAG_DISCONNECT], 2);
		for (size_t i = 0; i < 2; i++) {
			uint64_t at = hub_position(w->hub, &c[i].hub).offset;

			assert_int_equal(c[i].lagged, 1);
			assert_int_equal(c[i].got, 0);
			hub_leave(w->hub, &c[i].hub);
			c[i].choked = c[i].taken = c[i].hub.blocked = false;
			assert_int_equal(
				subscribe(&c[i], "a.x/", &at, false, &pos), 0);
		}
	}
	assert_true(w->step < 100000);
	for (size_t i = 0; i < 3; i++)
		if (c[i].hub.state != HUB_LIVE)
			return;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(c[i].broken, 0);
		assert_int_equal(c[i].lagged, i < 2);
		for (uint64_t o = c[i].last + 1; o <= w->head; o++)
			assert_false(is_for(&c[i], o));
	}
	loop_stop(w->loop);
}

static void who_falls_behind_may_be_sent_away_and_come_back(void **state)
{
	static const char *const rules[] = { "a.x/=disconnect:100" };

	(void)state;
	run_with_lag(be_sent_away, rules, 1);
}

static void ask_wrongly(struct world *w)
{
	struct client *c = &w->client[0];
	uint64_t ahead = w->head + 1000;
	struct position pos;

	/* a position ahead of the journal is nobody's honest one */
	assert_int_equal(subscribe(c, "a.", &ahead, false, &pos), 1);
	assert_int_equal(pos.offset, w->head);
	/* another journal */
	c->last = w->head;
	hub_epoch(w->hub, (struct position){ w->epoch + 1, 7 });
	assert_int_equal(c->broken, 1);
	assert_int_equal(c->last, 7);
	assert_int_equal(hub_position(w->hub, &c->hub).epoch, w->epoch + 1);
	loop_stop(w->loop);
}

static void what_cannot_be_is_refused_or_said(void **state)
{
	(void)state;
	run(ask_wrongly);
}

static void wait_for_one(struct world *w)
{
	struct client *c = &w->client[0];
	struct position pos;

	if (w->step == 0) {
		c->hub.waiter = true;
		assert_int_equal(subscribe(c, "", &w->head, false, &pos), 0);
		write_events(w, 3, true);
	}
	if (c->woken) {
		assert_null(c->hub.group);
		assert_int_equal(c->got, 0);
		loop_stop(w->loop);
	}
	assert_true(w->step < 100000);
}

static void a_waiter_is_woken_and_sent_nothing(void **state)
{
	(void)state;
	run(wait_for_one);
}

/* Prune the newest event of "a." that is not the head. */
static void prune_one(struct world *w)
{
	uint64_t at = w->head - 1;
	struct err e;

	while (strncmp(w->topic[at], "a.", 2) != 0)
		at--;
	assert_int_equal(journal_write_begin(w->writer, &e), 0);
	assert_int_equal(journal_write_prune(w->writer, at, &e), 1);
	assert_int_equal(journal_write_commit(w->writer, &e), 0);
	w->topic[at] = ""; /* nobody is owed it */
}

static void lose_some(struct world *w)
{
	struct client *behind = w->client, *live = w->client + 2;
	static const char *const pattern[] = { "a.", "b." };
	const uint64_t start = 0;
	struct position pos;

	if (w->step == 0) {
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(subscribe(&live[i], pattern[i], NULL,
						   false, &pos),
					 0);
			live[i].last = pos.offset;
			assert_int_equal(subscribe(&behind[i], pattern[i],
						   &start, false, &pos),
					 0);
		}
		prune_one(w);
	}
	assert_true(w->step < 100000);
	if (behind[0].hub.state != HUB_LIVE || behind[1].hub.state != HUB_LIVE)
		return;
	/* Only what is wanted counts, and it is said once. */
	assert_int_equal(behind[0].broken, 1);
	assert_int_equal(behind[1].broken, 0);
	assert_int_equal(live[0].broken, 0);
	/* The gateway itself was too slow. */
	write_events(w, 30, false);
	prune_one(w);
	hub_gap(w->hub);
	assert_int_equal(live[0].broken, 1);
	assert_int_equal(live[1].broken, 0);
	assert_int_equal(behind[0].broken, 2);
	assert_int_equal(behind[1].broken, 0);
	/* Who comes back is told of it, too. */
	hub_leave(w->hub, &live[0].hub);
	hub_leave(w->hub, &live[1].hub);
	assert_int_equal(subscribe(&live[0], "a.", &live[0].last, false, &pos),
			 1);
	assert_int_equal(subscribe(&live[1], "b.", &live[1].last, false, &pos),
			 0);
	loop_stop(w->loop);
}

static void clients_are_told_what_of_theirs_was_pruned(void **state)
{
	(void)state;
	run(lose_some);
}

/* One is live, one's socket takes no more, one wants something else. */
static void count_lags(struct world *w)
{
	struct hub_lag lag[HUB_TRANSPORTS][HUB_CLASSES];
	struct position pos;

	if (w->step == 1 && w->flushed == 0) {
		w->step--; /* at the next tick */
		return;
	}
	switch (w->step) {
	case 0:
		w->client[1].hub.transport = HUB_SSE;
		w->client[1].choked = true;
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(subscribe(&w->client[i], "", NULL,
						   false, &pos),
					 0);
		assert_int_equal(
			subscribe(&w->client[2], "no", NULL, false, &pos), 0);
		for (size_t i = 0; i < 3; i++)
			w->client[i].last = pos.offset;
		write_events(w, 1, true);
		break;
	case 1:
		assert_int_equal(w->flushed, 1);
		write_events(w, 5, true);
		break;
	default:
		if (w->flushed < 6)
			return; /* at the next tick */
		hub_lags(w->hub, lag);
		assert_int_equal(w->flushed, 6);
		assert_int_equal(w->recorded, w->now_us - 1);
		assert_int_equal(lag[HUB_WEBSOCKET][HUB_CLASS_LIVE].clients, 2);
		assert_int_equal(lag[HUB_WEBSOCKET][HUB_CLASS_LIVE].events, 0);
		assert_int_equal(lag[HUB_SSE][HUB_CLASS_CHOKED].clients, 1);
		assert_int_equal(lag[HUB_SSE][HUB_CLASS_CHOKED].events, 5);
		hub_leave(w->hub, &w->client[1].hub);
		hub_lags(w->hub, lag);
		assert_int_equal(lag[HUB_SSE][HUB_CLASS_CHOKED].clients, 0);
		loop_stop(w->loop);
	}
}

static void lags_are_counted_by_class(void **state)
{
	(void)state;
	run(count_lags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			last_is_in_order_and_has_no_position_until_it_is_whole),
		cmocka_unit_test(last_is_printed_once_for_many),
		cmocka_unit_test(later_patterns_are_sent_what_they_missed),
		cmocka_unit_test(what_cannot_be_is_refused_or_said),
		cmocka_unit_test(filters_hold_for_what_was),
		cmocka_unit_test(what_waits_for_a_client_is_bounded),
		cmocka_unit_test(lags_are_counted_by_class),
		cmocka_unit_test(who_comes_back_together_is_served_together),
		cmocka_unit_test(who_falls_behind_goes_on_with_the_latest),
		cmocka_unit_test(
			who_falls_behind_may_be_sent_away_and_come_back),
		cmocka_unit_test(what_is_for_many_goes_out_in_slices),
		cmocka_unit_test(all_wait_in_turn),
		cmocka_unit_test(a_waiter_is_woken_and_sent_nothing),
		cmocka_unit_test(clients_are_told_what_of_theirs_was_pruned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
