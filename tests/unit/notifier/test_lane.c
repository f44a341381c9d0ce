#include "cmd/notifier/lane.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define SECOND INT64_C(1000000)

static const struct kind kind = { .name = "kind" };
static const struct channel hook = {
	.name = "hook", .kind = &kind, .parallel = 2, .retry_life_ms = 3600000
};

static struct lane *fill(const struct channel *c, uint64_t n)
{
	struct lane *l = lane_new(c, STR("gone"), 0);
	struct row row = { .state = ROW_WAITING };

	for (uint64_t seq = 1; seq <= n; seq++)
		lane_add(l, seq, &row);
	return l;
}

static void rows_come_back_as_they_were(void **state)
{
	struct row row = { .state = ROW_OLD,
			   .told = true,
			   .urgent = true,
			   .attempt = 9,
			   .born_us = -5,
			   .due_us = INT64_MAX,
			   .part = 3,
			   .message = STR("815"),
			   .self = 3,
			   .update = UINT64_MAX,
			   .tried = STR("a\nb"),
			   .target = STR("phone"),
			   .line = STR("{}") };
	struct row got;
	struct buf b = { 0 };

	(void)state;
	row_print(&row, &b);
	assert_true(row_read(buf_str(&b), &got));
	assert_int_equal(got.state, ROW_OLD);
	assert_true(got.told && got.urgent);
	assert_int_equal(got.attempt, 9);
	assert_int_equal(got.born_us, -5);
	assert_int_equal(got.due_us, INT64_MAX);
	assert_int_equal(got.part, 3);
	assert_true(str_is(got.message, "815"));
	assert_int_equal(got.self, 3);
	assert_true(got.update == UINT64_MAX);
	assert_true(str_is(got.tried, "a\nb"));
	assert_true(str_is(got.target, "phone"));
	assert_true(str_is(got.line, "{}"));
	/* What is cut short is damaged, up to the text that may be empty. */
	for (size_t len = 0; len < b.len - 2; len++)
		assert_false(row_read((struct str){ b.p, len }, &got));
	buf_free(&b);
}

static void rows_of_earlier_versions_are_read(void **state)
{
	/* born, due, attempt, target's length, state, told, six zeroes. */
	static const unsigned char old[] = {
		5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0,   0,   2,	 0,
		0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 'p', '{', '}',
	};
	struct row got;

	(void)state;
	assert_true(
		row_read((struct str){ (const char *)old, sizeof(old) }, &got));
	assert_int_equal(got.state, ROW_BEGUN);
	assert_true(got.told);
	assert_int_equal(got.born_us, 5);
	assert_int_equal(got.due_us, 7);
	assert_int_equal(got.attempt, 2);
	assert_int_equal(got.part, 0);
	assert_true(got.update == 0 && got.self == 0);
	assert_int_equal(got.tried.len, 0);
	assert_true(str_is(got.target, "p"));
	assert_true(str_is(got.line, "{}"));
}

static enum lane_turn judge(struct lane *l, enum outcome_end end,
			    const char *reason, int64_t s)
{
	const struct outcome o = { .end = end, .reason = reason };

	return lane_judge(l, &o, s * SECOND);
}

static void a_channel_is_down_when_nothing_gets_through(void **state)
{
	struct channel c = hook;
	struct lane *l;

	(void)state;
	c.down_after_ms = 60000;
	l = fill(&c, 0);
	assert_int_equal(judge(l, OUTCOME_RETRY, "network", 100), LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_UNKNOWN, "timeout", 159), LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_SENT, "", 159), LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_RETRY, "network", 200), LANE_SAME);
	/* That it wants less of us is an answer. */
	assert_int_equal(judge(l, OUTCOME_RETRY, "rate-limit", 300), LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_RETRY, "server-error", 260),
			 LANE_DOWN);
	assert_string_equal(l->down_reason, "server-error");
	assert_int_equal(l->down_us, 200 * SECOND);
	assert_int_equal(judge(l, OUTCOME_RETRY, "network", 900), LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_SENT, "", 901), LANE_UP);
	assert_int_equal(judge(l, OUTCOME_SENT, "", 902), LANE_SAME);
	lane_free(&l);
}

static void a_channel_is_down_when_it_wants_nothing_of_us(void **state)
{
	struct channel c = hook;
	struct lane *l;

	(void)state;
	c.down_after_ms = 60000;
	l = fill(&c, 0);
	assert_int_equal(judge(l, OUTCOME_FAILED, "auth", 1), LANE_DOWN);
	/* And is left alone for a while, each time a longer one. */
	assert_true(l->pause_us > SECOND);
	judge(l, OUTCOME_FAILED, "auth", 2);
	assert_int_equal(l->failures, 2);
	assert_int_equal(judge(l, OUTCOME_SENT, "", 3), LANE_UP);
	for (int i = 1; i < LANE_REJECTS; i++)
		assert_int_equal(judge(l, OUTCOME_FAILED, "rejected", 4),
				 LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_SENT, "", 5), LANE_SAME);
	for (int i = 1; i < LANE_REJECTS; i++)
		assert_int_equal(judge(l, OUTCOME_FAILED, "rejected", 6),
				 LANE_SAME);
	/* One that is none of the channel's. */
	assert_int_equal(judge(l, OUTCOME_FAILED, "bad-notification", 6),
			 LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_FAILED, "rejected", 6), LANE_DOWN);
	lane_free(&l);
}

/* Not tried again before it is another one; nothing waits for that. */
static void a_channel_that_is_gone_is_left_alone(void **state)
{
	struct channel c = hook;
	struct lane *l;
	int64_t wait_ms;

	(void)state;
	c.down_after_ms = 60000;
	l = fill(&c, 2);
	assert_int_equal(judge(l, OUTCOME_RETRY, "network", 1), LANE_SAME);
	assert_int_equal(judge(l, OUTCOME_FAILED, "gone", 2), LANE_DOWN);
	assert_string_equal(l->down_reason, "gone");
	assert_null(lane_next(l, 9999 * SECOND, 0, &wait_ms));
	assert_int_equal(wait_ms, -1);
	l->job[0]->stuck = true;
	assert_int_equal(lane_refugee(l, 9999 * SECOND)->seq, 1);
	lane_bind(l, &c, 0);
	assert_true(l->down);
	assert_null(lane_refugee(l, 9999 * SECOND));
	assert_int_equal(lane_next(l, 9999 * SECOND, 0, &wait_ms)->seq, 1);
	/* Also one that was down for another reason. */
	assert_int_equal(judge(l, OUTCOME_FAILED, "gone", 3), LANE_SAME);
	assert_null(lane_next(l, 9999 * SECOND, 0, &wait_ms));
	assert_int_equal(judge(l, OUTCOME_SENT, "", 4), LANE_UP);
	assert_non_null(lane_next(l, 9999 * SECOND, 0, &wait_ms));
	lane_free(&l);
}

static void what_waits_for_a_dead_channel_may_go_but_for_the_trial(void **state)
{
	struct lane *l = fill(&hook, 2);

	(void)state;
	assert_null(lane_refugee(l, SECOND));
	l->down = true;
	l->pause_us = 5 * SECOND;
	assert_int_equal(lane_refugee(l, SECOND)->seq, 1);
	l->job[0]->stuck = true;
	assert_int_equal(lane_refugee(l, SECOND)->seq, 2);
	l->job[1]->state = JOB_SENDING;
	assert_null(lane_refugee(l, SECOND));
	l->job[1]->state = JOB_WAITING;
	/* After the pause the next one shows whether it works. */
	assert_null(lane_refugee(l, 5 * SECOND));
	/* Another configuration: all is tried again. */
	lane_bind(l, &hook, 0);
	assert_false(l->job[0]->stuck);
	assert_int_equal(l->pause_us, 0);
	lane_free(&l);
}

static void a_change_follows_the_message_that_it_changes(void **state)
{
	struct lane *l = lane_new(&hook, STR(""), 0);
	struct row row = { .state = ROW_WAITING, .self = 7 };
	int64_t wait_ms;

	(void)state;
	lane_add(l, 1, &row);
	row = (struct row){ .state = ROW_WAITING, .self = 8, .update = 7 };
	lane_add(l, 2, &row);
	row = (struct row){ .state = ROW_WAITING, .self = 9, .update = 7 };
	lane_add(l, 3, &row);
	l->job[0]->state = JOB_SENDING;
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	lane_drop(l, l->job[0]);
	assert_int_equal(lane_next(l, SECOND, 0, &wait_ms)->seq, 2);
	l->job[0]->state = JOB_SENDING;
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	lane_free(&l);
}

static void what_is_urgent_goes_first(void **state)
{
	struct lane *l = fill(&hook, LANE_WINDOW);
	struct row row = { .state = ROW_WAITING, .urgent = true };
	int64_t wait_ms;

	(void)state;
	/* Beyond the window, and as many as there is room for. */
	for (uint64_t seq = LANE_WINDOW + 2; seq < LANE_WINDOW + 80; seq += 2)
		lane_add_urgent(l, seq, &row);
	assert_int_equal(l->n, LANE_WINDOW + LANE_URGENT);
	lane_add_urgent(l, LANE_WINDOW + 2, &row);
	row.update = 5;
	lane_add_urgent(l, LANE_WINDOW + 81, &row);
	assert_int_equal(l->n, LANE_WINDOW + LANE_URGENT);
	assert_int_equal(lane_next(l, SECOND, 0, &wait_ms)->seq,
			 LANE_WINDOW + 2);
	/* One that waits for another try lets the others go. */
	l->job[LANE_WINDOW]->due_us = 2 * SECOND;
	assert_int_equal(lane_next(l, SECOND, 0, &wait_ms)->seq,
			 LANE_WINDOW + 4);
	while (l->n > LANE_WINDOW + 1)
		lane_drop(l, l->job[l->n - 1]);
	assert_int_equal(lane_next(l, SECOND, 0, &wait_ms)->seq, 1);
	assert_int_equal(lane_next(l, 2 * SECOND, 0, &wait_ms)->seq,
			 LANE_WINDOW + 2);
	lane_free(&l);
}

static void urgent_ones_are_there_once_when_their_turn_comes(void **state)
{
	struct lane *l = fill(&hook, LANE_WINDOW);
	struct row row = { .state = ROW_WAITING, .urgent = true };
	const struct job *urgent;

	(void)state;
	lane_add_urgent(l, LANE_WINDOW + 2, &row);
	urgent = l->job[LANE_WINDOW];
	row.urgent = false;
	assert_null(lane_add(l, LANE_WINDOW + 1, &row));
	while (!lane_wants_rows(l))
		lane_drop(l, l->job[0]);
	assert_non_null(lane_add(l, LANE_WINDOW + 1, &row));
	assert_ptr_equal(lane_add(l, LANE_WINDOW + 2, &row), urgent);
	assert_int_equal(l->loaded, LANE_WINDOW + 2);
	assert_non_null(lane_add(l, LANE_WINDOW + 3, &row));
	for (size_t i = 1; i < l->n; i++)
		assert_true(l->job[i - 1]->seq < l->job[i]->seq);
	lane_free(&l);
}

static void keys_sort_by_number_and_belong_to_one_lane(void **state)
{
	char a[LANE_KEY_MAX], b[LANE_KEY_MAX], p[LANE_KEY_MAX], id[STR_ID_MAX];
	struct str key, name;
	uint64_t seq;

	(void)state;
	key = row_key(STR("x"), 255, a);
	assert_true(str_cmp(key, row_key(STR("x"), 256, b)) < 0);
	assert_true(str_starts(key, row_prefix(STR("x"), p)));
	assert_false(
		str_starts(row_key(STR("x.y"), 1, b), row_prefix(STR("x"), p)));
	assert_true(row_unkey(key, &name, &seq));
	assert_true(str_is(name, "x"));
	assert_int_equal(seq, 255);
	memset(id, 'z', sizeof(id));
	key = row_key((struct str){ id, sizeof(id) }, UINT64_MAX, a);
	assert_true(row_unkey(key, &name, &seq));
	assert_int_equal(name.len, STR_ID_MAX);
	assert_int_equal(seq, UINT64_MAX);
	assert_false(row_unkey(STR("q//12345678"), &name, &seq));
	assert_false(row_unkey(STR("i/x/12345678"), &name, &seq));
	assert_false(row_unkey(STR("q/x"), &name, &seq));
}

static void the_window_is_bounded_and_refilled_when_half_empty(void **state)
{
	struct lane *l = lane_new(&hook, STR(""), 0);
	struct row row = { .state = ROW_WAITING };

	(void)state;
	assert_true(lane_wants_rows(l));
	l->whole = true;
	for (uint64_t seq = 1; seq <= LANE_WINDOW; seq++)
		assert_non_null(lane_add(l, seq, &row));
	assert_true(l->whole);
	assert_null(lane_add(l, LANE_WINDOW + 1, &row));
	assert_false(l->whole);
	assert_int_equal(l->loaded, LANE_WINDOW);
	while (l->n >= LANE_WINDOW / 2) {
		assert_false(lane_wants_rows(l));
		lane_drop(l, l->job[0]);
	}
	assert_true(lane_wants_rows(l));
	lane_free(&l);
}

static void what_a_crash_left_is_judged_before_it_is_sent(void **state)
{
	struct lane *l = lane_new(&hook, STR(""), 0);
	struct row row = { .state = ROW_BEGUN };
	int64_t wait_ms;

	(void)state;
	lane_add(l, 1, &row);
	row.state = ROW_OLD;
	lane_add(l, 2, &row);
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	assert_int_equal(wait_ms, -1);
	assert_int_equal(lane_find(l, JOB_UNSETTLED)->seq, 1);
	row.state = ROW_WAITING;
	lane_add(l, 3, &row);
	assert_int_equal(lane_next(l, SECOND, 0, &wait_ms)->seq, 3);
	lane_free(&l);
}

static void a_channel_that_is_gone_sends_nothing(void **state)
{
	struct lane *l = fill(NULL, 1);
	int64_t wait_ms;

	(void)state;
	assert_string_equal(l->channel.name, "gone");
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	assert_non_null(lane_find(l, JOB_UNSETTLED));
	lane_free(&l);
}

static void what_is_due_first_goes_first_the_older_of_equals(void **state)
{
	struct lane *l = fill(&hook, 3);
	int64_t wait_ms;

	(void)state;
	assert_int_equal(lane_next(l, 0, 0, &wait_ms)->seq, 1);
	l->job[0]->due_us = 5 * SECOND;
	assert_int_equal(lane_next(l, 0, 0, &wait_ms)->seq, 2);
	l->job[1]->due_us = 3 * SECOND;
	l->job[2]->due_us = 2 * SECOND + 1;
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	assert_int_equal(wait_ms, 1001);
	assert_int_equal(lane_next(l, 3 * SECOND, 0, &wait_ms)->seq, 3);
	lane_free(&l);
}

static void no_more_are_under_way_than_the_channel_allows(void **state)
{
	struct lane *l = fill(&hook, 3);
	int64_t wait_ms;

	(void)state;
	l->active = 2;
	assert_null(lane_next(l, 0, 0, &wait_ms));
	assert_int_equal(wait_ms, -1);
	l->active = 1;
	assert_non_null(lane_next(l, 0, 0, &wait_ms));
	lane_free(&l);
}

static void the_rate_is_asked_last(void **state)
{
	struct channel slow = hook;
	struct lane *l;
	int64_t wait_ms;

	(void)state;
	slow.rate = 6;
	l = fill(&slow, 3);
	assert_non_null(lane_next(l, 0, 0, &wait_ms));
	bucket_take(&l->bucket);
	assert_null(lane_next(l, 0, 0, &wait_ms));
	assert_int_equal(wait_ms, 10000);
	assert_non_null(lane_next(l, 0, 10000, &wait_ms));
	lane_free(&l);
}

static void a_failure_slows_the_lane_down_once(void **state)
{
	struct lane *l = fill(&hook, 3);
	struct outcome o = { .end = OUTCOME_RETRY };
	int64_t wait_ms;

	(void)state;
	l->job[0]->attempt = l->job[1]->attempt = 1;
	assert_int_equal(lane_retry_at(l, l->job[0], &o, 0, 500), SECOND);
	/* Two that were under way together say nothing new. */
	assert_int_equal(lane_retry_at(l, l->job[1], &o, 0, 0), SECOND / 2);
	assert_int_equal(l->failures, 1);
	assert_null(lane_next(l, 0, 0, &wait_ms));
	assert_int_equal(wait_ms, 1000);
	lane_retry_at(l, l->job[0], &o, SECOND, 0);
	assert_int_equal(l->failures, 2);
	lane_free(&l);
}

static void what_the_receiver_asks_for_holds_up_all(void **state)
{
	struct lane *l = fill(&hook, 2);
	struct outcome o = { .end = OUTCOME_RETRY, .wait_ms = 60000 };
	int64_t wait_ms;

	(void)state;
	l->job[0]->attempt = 1;
	assert_int_equal(lane_retry_at(l, l->job[0], &o, 0, 0), 60 * SECOND);
	assert_null(lane_next(l, 0, 0, &wait_ms));
	assert_int_equal(wait_ms, 60000);
	lane_free(&l);
}

static void what_it_asks_for_ends_with_the_life_of_a_try(void **state)
{
	struct outcome o = { .wait_ms = INT64_C(31622400000) };
	struct lane *l = fill(&hook, 2);
	int64_t wait_ms;

	(void)state;
	assert_int_equal(lane_retry_at(l, l->job[0], &o, 0, 0), CLK_NONE);
	lane_drop(l, l->job[0]);
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	assert_int_equal(wait_ms, 3600000 - 1000);
	lane_free(&l);
}

static void it_may_ask_after_one_that_it_has_taken(void **state)
{
	struct lane *l = fill(&hook, 1);
	struct outcome o = { .end = OUTCOME_SENT, .reason = "" };
	int64_t wait_ms;

	(void)state;
	o.wait_ms = 1500;
	assert_int_equal(lane_judge(l, &o, 0), LANE_SAME);
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	assert_int_equal(wait_ms, 500);
	o.wait_ms = 0;
	assert_int_equal(lane_judge(l, &o, 0), LANE_SAME);
	assert_null(lane_next(l, SECOND, 0, &wait_ms));
	assert_non_null(lane_next(l, 2 * SECOND, 0, &wait_ms));
	lane_free(&l);
}

static void tries_end_with_their_number_and_with_their_life(void **state)
{
	struct channel few = hook;
	struct outcome o = { .end = OUTCOME_RETRY }, later = o;
	struct lane *l;

	(void)state;
	few.retries = 2;
	later.wait_ms = 3600001;
	l = fill(&few, 1);
	l->job[0]->attempt = 2;
	assert_true(lane_retry_at(l, l->job[0], &o, 0, 0) > 0);
	assert_int_equal(lane_retry_at(l, l->job[0], &later, 0, 0), CLK_NONE);
	l->job[0]->attempt = 3;
	assert_int_equal(lane_retry_at(l, l->job[0], &o, 0, 0), CLK_NONE);
	l->job[0]->attempt = 1;
	l->job[0]->born_us = -3600 * SECOND;
	assert_int_equal(lane_retry_at(l, l->job[0], &o, 0, 0), CLK_NONE);
	lane_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back_as_they_were),
		cmocka_unit_test(keys_sort_by_number_and_belong_to_one_lane),
		cmocka_unit_test(
			the_window_is_bounded_and_refilled_when_half_empty),
		cmocka_unit_test(what_a_crash_left_is_judged_before_it_is_sent),
		cmocka_unit_test(a_channel_that_is_gone_sends_nothing),
		cmocka_unit_test(
			what_is_due_first_goes_first_the_older_of_equals),
		cmocka_unit_test(no_more_are_under_way_than_the_channel_allows),
		cmocka_unit_test(the_rate_is_asked_last),
		cmocka_unit_test(a_failure_slows_the_lane_down_once),
		cmocka_unit_test(what_the_receiver_asks_for_holds_up_all),
		cmocka_unit_test(what_it_asks_for_ends_with_the_life_of_a_try),
		cmocka_unit_test(it_may_ask_after_one_that_it_has_taken),
		cmocka_unit_test(rows_of_earlier_versions_are_read),
		cmocka_unit_test(a_channel_is_down_when_nothing_gets_through),
		cmocka_unit_test(a_channel_is_down_when_it_wants_nothing_of_us),
		cmocka_unit_test(a_channel_that_is_gone_is_left_alone),
		cmocka_unit_test(
			what_waits_for_a_dead_channel_may_go_but_for_the_trial),
		cmocka_unit_test(what_is_urgent_goes_first),
		cmocka_unit_test(
			urgent_ones_are_there_once_when_their_turn_comes),
		cmocka_unit_test(a_change_follows_the_message_that_it_changes),
		cmocka_unit_test(
			tries_end_with_their_number_and_with_their_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
