/*
 * Every event once and in order, whatever feed and journal give: over a bus
 * and in a time of the test's own. The journal is written by a child, as by
 * the store: one process must not open it twice.
 */
#include "common/follow.h"

#include <sys/wait.h>
#include <sysexits.h>

#include "tests/unit/cases.h"
#include "tests/unit/fake_bus.h"
#include "tests/unit/tmpdir.h"

#define T0     INT64_C(1700000000000000)
#define SECOND INT64_C(1000000)

struct test {
	const char *dir;
	struct loop loop;
	struct bus *bus;
	struct bus_sock *feed;
	struct follow_conf conf;
	struct follow *f;
	uint32_t epoch;
	uint64_t prunes_at; /* the event after which two more are pruned */
	struct buf seen;    /* "1 2 | gap 3-4 | epoch 7 | clock 9" */
};

static int prune_in_child(const char *dir, uint64_t a, uint64_t b)
{
	struct journal *j = journal_create(dir, NULL);
	int rc = j ? journal_write_begin(j, NULL) : -1;

	if (rc == 0 && (journal_write_prune(j, a, NULL) != 1 ||
			journal_write_prune(j, b, NULL) != 1))
		rc = -1;
	if (rc == 0)
		rc = journal_write_commit(j, NULL);
	journal_close(&j);
	return rc == 0 ? 0 : 1;
}

static void store_prunes(struct test *t, uint64_t a, uint64_t b)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(prune_in_child(t->dir, a, b));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- what follow tells, as text ---- */

static void on_event(void *arg, const struct event *ev)
{
	struct test *t = arg;

	buf_addf(&t->seen, "%llu ", (unsigned long long)ev->offset);
	if (ev->offset == t->prunes_at)
		store_prunes(t, ev->offset + 1, ev->offset + 2);
}

static void on_slice_end(void *arg)
{
	struct test *t = arg;

	buf_puts(&t->seen, "| ");
}

static void on_gap(void *arg, uint64_t from, uint64_t to)
{
	struct test *t = arg;

	buf_addf(&t->seen, "gap %llu-%llu ", (unsigned long long)from,
		 (unsigned long long)to);
}

static void on_epoch(void *arg, struct position pos)
{
	struct test *t = arg;

	buf_addf(&t->seen, "epoch %llu ", (unsigned long long)pos.offset);
}

static void on_clock(void *arg, int64_t clock_us)
{
	struct test *t = arg;

	buf_addf(&t->seen, "clock %lld ", (long long)(clock_us - T0) / SECOND);
}

static void on_control(void *arg, const struct bus_msg *m)
{
	struct test *t = arg;

	buf_addf(&t->seen, "%.*s ", STR_ARG(m->topic));
}

/* ---- the store ---- */

static struct event event_at(uint32_t epoch, uint64_t offset)
{
	return (struct event){ .topic = STR("test.n"),
			       .source = STR("weir/test/1"),
			       .id = offset,
			       .time_us = T0,
			       .recorded_us = T0,
			       .data = STR("1"),
			       .offset = offset,
			       .epoch = epoch };
}

/* In a child: append n events. Its exit status tells whether it could. */
static int append_in_child(const char *dir, int n, int fd)
{
	struct journal *j = journal_create(dir, NULL);
	struct journal_head head;
	int rc = j ? journal_write_begin(j, NULL) : -1;

	for (int i = 0; rc == 0 && i < n; i++) {
		struct event ev = event_at(0, 1);

		rc = journal_write_append(j, &ev, T0, NULL);
	}
	if (rc == 0)
		rc = journal_write_commit(j, NULL);
	if (rc == 0) {
		journal_newest(j, &head);
		if (write(fd, &head.epoch, sizeof(head.epoch)) < 0)
			rc = -1;
	}
	journal_close(&j);
	return rc == 0 ? 0 : 1;
}

static void store_appends(struct test *t, int n)
{
	int fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0)
		_exit(append_in_child(t->dir, n, fd[1]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fd[0], &t->epoch, sizeof(t->epoch)),
			 sizeof(t->epoch));
	close(fd[0]);
	close(fd[1]);
}

static void store_publishes(struct test *t, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		struct event ev = event_at(t->epoch, i);
		struct buf attrs = { 0 };
		struct err e;

		event_print_attrs(&ev, &attrs);
		bus_send(t->feed, ev.topic, buf_str(&attrs), ev.data, &e);
		buf_free(&attrs);
	}
}

/* $head: the newest offset, and the clock in seconds after T0 */
static void store_beats(struct test *t, uint64_t head, int clock_s)
{
	char attrs[100], text[CLK_TEXT_SIZE];
	struct err e;

	snprintf(attrs, sizeof(attrs), "%08x %llu %s", t->epoch,
		 (unsigned long long)head,
		 clk_format(T0 + clock_s * SECOND, text));
	bus_send(t->feed, STR("$head"), str_from(attrs), STR(""), &e);
}

/* ---- the follower ---- */

static void open_test(struct test *t, void **state)
{
	*t = (struct test){ .dir = *state };
	t->bus = bus_new(NULL, NULL);
	t->feed = bus_open(t->bus, BUS_FEED, NULL);
	t->conf = (struct follow_conf){ .loop = &t->loop,
					.bus = t->bus,
					.dir = t->dir,
					.arg = t,
					.event = on_event,
					.slice_end = on_slice_end,
					.clock = on_clock,
					.gap = on_gap,
					.epoch = on_epoch,
					.control = on_control };
}

static void start(struct test *t)
{
	t->f = follow_new(&t->conf, NULL);
	assert_non_null(t->f);
}

static void close_test(struct test *t)
{
	follow_free(&t->f);
	bus_close(&t->feed);
	bus_free(&t->bus);
	buf_free(&t->seen);
	assert_null(t->loop.timers);
	assert_null(t->loop.works);
}

/* Let it do what it can, and time enough pass for it to try again. */
static void sees(struct test *t, const char *want)
{
	fake_loop_turn(&t->loop, 250);
	fake_loop_turn(&t->loop, 250);
	while (t->seen.len && t->seen.p[t->seen.len - 1] == ' ')
		t->seen.p[--t->seen.len] = '\0';
	assert_string_equal(buf_str(&t->seen).p, want);
	buf_reset(&t->seen);
}

static void first_the_journal_then_the_feed(void **state)
{
	struct test t;

	open_test(&t, state);
	store_appends(&t, 3);
	start(&t);
	assert_int_equal(follow_heard_ms(t.f), -1);
	sees(&t, "1 2 3 |");
	assert_true(follow_caught_up(t.f));
	/* Of what the journal gave already, the feed's is passed over. */
	store_publishes(&t, 2, 5);
	sees(&t, "4 5 |");
	assert_int_equal(follow_position(t.f).offset, 5);
	assert_int_equal(follow_position(t.f).epoch, t.epoch);
	assert_true(follow_heard_ms(t.f) >= 0);
	close_test(&t);
}

static void it_goes_on_behind_a_position_or_at_the_head(void **state)
{
	struct test t;

	open_test(&t, state);
	store_appends(&t, 5);
	t.conf.from = (struct position){ t.epoch, 3 };
	start(&t);
	sees(&t, "4 5 |");
	follow_free(&t.f);
	t.conf.from = (struct position){ 0, 0 };
	t.conf.at_head = true;
	start(&t);
	sees(&t, "");
	store_publishes(&t, 6, 6);
	sees(&t, "6 |");
	close_test(&t);
}

static void what_the_feed_left_out_comes_from_the_journal(void **state)
{
	struct test t;

	open_test(&t, state);
	store_appends(&t, 2);
	start(&t);
	sees(&t, "1 2 |");
	store_appends(&t, 4);
	store_publishes(&t, 5, 6);
	sees(&t, "3 4 5 6 |");
	/* The newest was missed: the heartbeat tells. */
	store_appends(&t, 1);
	store_beats(&t, 7, 1);
	sees(&t, "7 |");
	close_test(&t);
}

static void the_clock_is_told_once_all_before_it_was(void **state)
{
	struct test t;

	open_test(&t, state);
	store_appends(&t, 2);
	start(&t);
	store_beats(&t, 2, 1);
	store_publishes(&t, 3, 3);
	store_beats(&t, 3, 2);
	store_beats(&t, 2, 3); /* an old one, late */
	sees(&t, "1 2 clock 1 3 clock 2 |");
	store_appends(&t, 2);
	store_beats(&t, 4, 4);
	sees(&t, "4 |");
	store_beats(&t, 4, 5);
	sees(&t, "clock 5");
	close_test(&t);
}

static void work_is_done_in_slices(void **state)
{
	struct test t;

	open_test(&t, state);
	store_appends(&t, 5);
	t.conf.slice = 2;
	start(&t);
	store_publishes(&t, 6, 7);
	sees(&t, "1 2 | 3 4 | 5 6 | 7 |");
	close_test(&t);
}

static void a_journal_may_come_later(void **state)
{
	struct test t;

	open_test(&t, state);
	start(&t);
	sees(&t, "");
	assert_null(follow_journal(t.f));
	assert_false(follow_caught_up(t.f));
	store_appends(&t, 2);
	sees(&t, "1 2 |");
	assert_non_null(follow_journal(t.f));
	close_test(&t);
}

static void another_journal_is_told_and_read(void **state)
{
	char path[256];
	struct test t;

	open_test(&t, state);
	store_appends(&t, 3);
	start(&t);
	sees(&t, "1 2 3 |");
	tmpdir_remove(tmpdir_path(t.dir, "journal", path));
	store_appends(&t, 2);
	store_beats(&t, 2, 1);
	sees(&t, "epoch 0 1 2 |");
	assert_int_equal(follow_position(t.f).epoch, t.epoch);
	close_test(&t);
}

static void other_control_messages_are_handed_on(void **state)
{
	struct test t;
	struct err e;

	open_test(&t, state);
	store_appends(&t, 1);
	start(&t);
	bus_send(t.feed, STR("$stats/x/1"), STR("-"), STR("{}"), &e);
	bus_send(t.feed, STR("$head"), STR("nonsense"), STR(""), &e);
	bus_send(t.feed, STR("test.n"), STR("nonsense"), STR("1"), &e);
	sees(&t, "1 $stats/x/1 |");
	close_test(&t);
}

static void without_a_journal_the_feed_is_gone_by_alone(void **state)
{
	struct test t;

	open_test(&t, state);
	t.epoch = 7;
	t.conf.at_head = t.conf.feed_only = true;
	start(&t);
	store_publishes(&t, 4, 5); /* nobody knows what was before */
	sees(&t, "");
	store_beats(&t, 5, 1);
	store_publishes(&t, 6, 7);
	store_publishes(&t, 9, 9);
	sees(&t, "6 7 gap 8-8 9 |");
	store_beats(&t, 11, 2);
	store_publishes(&t, 11, 12);
	sees(&t, "gap 10-11 clock 2 12 |");
	t.epoch = 8;
	store_publishes(&t, 1, 1);
	store_beats(&t, 1, 3);
	store_publishes(&t, 2, 2);
	sees(&t, "epoch 1 2 |");
	assert_true(follow_caught_up(t.f));
	close_test(&t);
}

/*
 * While it reads, more is pruned within what was told to be missing: that is
 * told again to those who want it so.
 */
static void more_is_pruned_while_it_is_read(void **state)
{
	for (int again = 0; again < 2; again++) {
		struct test t;

		open_test(&t, state);
		store_appends(&t, 9);
		store_prunes(&t, again * 9 + 3, again * 9 + 8);
		t.conf.from = (struct position){ t.epoch, again * 9 };
		t.conf.slice = 1;
		t.conf.gap_again = again;
		t.prunes_at = again * 9 + 4;
		start(&t);
		sees(&t, again ? "10 | 11 | gap 12-17 13 | gap 14-17 16 | 18 |"
			       : "1 | 2 | gap 3-8 4 | 7 | 9 |");
		close_test(&t);
	}
}

/* The same, where the store on this machine had not begun yet. */
static void a_journal_that_comes_with_the_store_is_read(void **state)
{
	struct test t;

	open_test(&t, state);
	t.conf.at_head = t.conf.feed_only = true;
	start(&t);
	sees(&t, "");
	store_appends(&t, 1);
	store_beats(&t, 1, 1);
	sees(&t, "clock 1");
	assert_non_null(follow_journal(t.f));
	store_appends(&t, 2);
	store_publishes(&t, 3, 3);
	sees(&t, "2 3 |");
	close_test(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(first_the_journal_then_the_feed),
		tmpdir_test(it_goes_on_behind_a_position_or_at_the_head),
		tmpdir_test(what_the_feed_left_out_comes_from_the_journal),
		tmpdir_test(the_clock_is_told_once_all_before_it_was),
		tmpdir_test(work_is_done_in_slices),
		tmpdir_test(a_journal_may_come_later),
		tmpdir_test(another_journal_is_told_and_read),
		tmpdir_test(more_is_pruned_while_it_is_read),
		tmpdir_test(other_control_messages_are_handed_on),
		tmpdir_test(without_a_journal_the_feed_is_gone_by_alone),
		tmpdir_test(a_journal_that_comes_with_the_store_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
