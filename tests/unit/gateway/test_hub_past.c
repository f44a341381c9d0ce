/*
 * What clients of the hub ask for of the past: the last of each topic, what
 * later patterns have missed, filters over it, and how much of it.
 */
#include "tests/unit/gateway/hub_script.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			last_is_in_order_and_has_no_position_until_it_is_whole),
		cmocka_unit_test(last_is_printed_once_for_many),
		cmocka_unit_test(later_patterns_are_sent_what_they_missed),
		cmocka_unit_test(filters_hold_for_what_was),
		cmocka_unit_test(what_waits_for_a_client_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
