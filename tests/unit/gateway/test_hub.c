/*
 * The hub, one promise after the other: clients that are slow, wait, fall
 * behind and come back. What they ask for of the past: test_hub_past.c. All of
 * it together, in any order: test_hub_model.c.
 */
#include "tests/unit/gateway/hub_script.h"

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
		cmocka_unit_test(who_comes_back_together_is_served_together),
		cmocka_unit_test(what_is_for_many_goes_out_in_slices),
		cmocka_unit_test(all_wait_in_turn),
		cmocka_unit_test(who_falls_behind_goes_on_with_the_latest),
		cmocka_unit_test(
			who_falls_behind_may_be_sent_away_and_come_back),
		cmocka_unit_test(what_cannot_be_is_refused_or_said),
		cmocka_unit_test(a_waiter_is_woken_and_sent_nothing),
		cmocka_unit_test(clients_are_told_what_of_theirs_was_pruned),
		cmocka_unit_test(lags_are_counted_by_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
