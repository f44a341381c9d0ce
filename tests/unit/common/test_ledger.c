#include "common/ledger.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

static struct ledger *open_as(const char *path, bool pure)
{
	struct ledger_conf conf = { .path = path,
				    .tool = "test",
				    .pure = pure };
	struct err e = { 0 };
	struct ledger *l = ledger_open(&conf, &e);

	if (!l)
		fail_msg("%s", e.msg);
	return l;
}

static void ok(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->msg);
}

/* Emit events whose data are the numbers from..to, in one transaction. */
static void emit(struct ledger *l, unsigned from, unsigned to)
{
	struct err e = { 0 };
	char text[16];

	ok(ledger_begin(l, &e), &e);
	for (unsigned i = from; i <= to; i++) {
		struct event ev = { .topic = STR("test.n"), .time_us = 1 };

		snprintf(text, sizeof(text), "%u", i);
		ev.data = str_from(text);
		ok(ledger_emit(l, &ev, &e), &e);
	}
	ok(ledger_commit(l, &e), &e);
}

/* What the queue would send now, as "1=10 2=11": ids and data. */
static const char *waits(struct ledger *l)
{
	static char text[512];
	struct producer_queue q = ledger_queue(l);
	struct err e = { 0 };
	uint64_t first, last;

	text[0] = '\0';
	q.range(q.arg, &first, &last);
	for (uint64_t id = first; id <= last; id++) {
		size_t len = strlen(text);
		struct event ev;

		ok(q.get(q.arg, id, &ev, &e), &e);
		assert_true(str_eq(ev.source, q.source(q.arg)));
		assert_int_equal(ev.id, id);
		snprintf(text + len, sizeof(text) - len, "%s%llu=%.*s",
			 len ? " " : "", (unsigned long long)id,
			 STR_ARG(ev.data));
	}
	q.rest(q.arg);
	return text;
}

static void acked(struct ledger *l, uint64_t id)
{
	struct producer_queue q = ledger_queue(l);
	struct err e = { 0 };

	ok(q.acked(q.arg, id, &e), &e);
}

static int conflict(struct ledger *l, uint64_t store_last)
{
	struct producer_queue q = ledger_queue(l);
	struct err e = { 0 };
	int rc = q.conflict(q.arg, store_last, &e);

	if (rc < 0)
		fail_msg("%s", e.msg);
	return rc;
}

static char *source_of(struct ledger *l)
{
	struct str s = ledger_source(l);

	return xstrndup(s.p, s.len);
}

/* ---- transactions ---- */

static void state_position_and_events_are_kept_together_or_not(void **state)
{
	struct ledger *l = open_as(*state, true);
	const struct position p = { 7, 9 };
	struct event ev = { .topic = STR("test.n"), .data = STR("1") };
	struct err e = { 0 };
	struct str val;

	ok(ledger_begin(l, &e), &e);
	assert_true(ledger_in_txn(l));
	ok(ledger_put(l, STR("k"), STR("v"), &e), &e);
	ok(ledger_set_position(l, p, &e), &e);
	ok(ledger_emit(l, &ev, &e), &e);
	ledger_abort(l);
	assert_false(ledger_in_txn(l));
	ledger_close(&l);
	l = open_as(*state, true);
	assert_int_equal(ledger_position(l).offset, 0);
	assert_int_equal(ledger_outbox_count(l), 0);
	ok(ledger_begin(l, &e), &e);
	assert_int_equal(ledger_get(l, STR("k"), &val, &e), 0);
	ok(ledger_put(l, STR("k"), STR("v"), &e), &e);
	ok(ledger_set_position(l, p, &e), &e);
	ok(ledger_emit(l, &ev, &e), &e);
	ok(ledger_commit(l, &e), &e);
	ledger_close(&l);
	l = open_as(*state, true);
	assert_int_equal(ledger_position(l).epoch, 7);
	assert_int_equal(ledger_position(l).offset, 9);
	assert_string_equal(waits(l), "1=1");
	ok(ledger_begin(l, &e), &e);
	assert_int_equal(ledger_get(l, STR("k"), &val, &e), 1);
	assert_true(str_is(val, "v"));
	assert_int_equal(ledger_del(l, STR("k"), &e), 1);
	assert_int_equal(ledger_del(l, STR("k"), &e), 0);
	ledger_abort(l);
	ledger_close(&l);
}

static int delete_even(void *arg, struct str key, struct str val, struct err *e)
{
	struct ledger *l = arg;

	(void)val;
	if ((key.p[key.len - 1] - '0') % 2 == 0)
		return ledger_del(l, key, e) < 0 ? -1 : 0;
	return str_is(key, "b/7"); /* far enough */
}

static void keys_with_a_prefix_are_walked_and_may_be_deleted(void **state)
{
	struct ledger *l = open_as(*state, true);
	struct err e = { 0 };
	struct str val;
	char key[8];

	ok(ledger_begin(l, &e), &e);
	for (int i = 0; i < 30; i++) {
		snprintf(key, sizeof(key), "%c/%d", 'a' + i / 10, i % 10);
		ok(ledger_put(l, str_from(key), STR("x"), &e), &e);
	}
	ok(ledger_each(l, STR("b/"), delete_even, l, &e), &e);
	for (int i = 0; i < 30; i++) {
		bool gone = i / 10 == 1 && i % 2 == 0 && i % 10 < 8;

		snprintf(key, sizeof(key), "%c/%d", 'a' + i / 10, i % 10);
		assert_int_equal(ledger_get(l, str_from(key), &val, &e), !gone);
	}
	ledger_abort(l);
	ledger_close(&l);
}

static void a_bad_event_of_our_own_is_an_error_of_ours(void **state)
{
	struct ledger *l = open_as(*state, true);
	struct event ev = { .topic = STR("no topic"), .data = STR("1") };
	struct err e = { 0 };

	ok(ledger_begin(l, &e), &e);
	assert_int_equal(ledger_emit(l, &ev, &e), -1);
	assert_int_equal(e.code, EX_SOFTWARE);
	ev.topic = STR("test.n");
	ev.data = STR("{");
	assert_int_equal(ledger_emit(l, &ev, &e), -1);
	ledger_abort(l);
	assert_int_equal(ledger_outbox_count(l), 0);
	ledger_close(&l);
}

static void a_second_process_is_refused(void **state)
{
	struct ledger *l = open_as(*state, true);
	struct ledger_conf conf = { .path = *state, .tool = "test" };
	struct err e = { 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ledger_open(&conf, &e) ? 0 : e.code);
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), EX_TEMPFAIL);
	ledger_close(&l);
}

/* ---- the outbox ---- */

static void what_is_acknowledged_leaves(void **state)
{
	struct ledger *l = open_as(*state, true);

	emit(l, 1, 3);
	emit(l, 4, 5);
	assert_string_equal(waits(l), "1=1 2=2 3=3 4=4 5=5");
	acked(l, 2);
	assert_string_equal(waits(l), "3=3 4=4 5=5");
	acked(l, 1); /* late */
	assert_int_equal(ledger_outbox_count(l), 3);
	ledger_close(&l);
	l = open_as(*state, true);
	assert_string_equal(waits(l), "3=3 4=4 5=5");
	acked(l, 99);
	assert_int_equal(ledger_outbox_count(l), 0);
	emit(l, 6, 6);
	assert_string_equal(waits(l), "6=6");
	ledger_close(&l);
}

static int collect(void *arg, const struct event *ev, struct err *e)
{
	struct buf *b = arg;

	buf_add_str(b, ev->data);
	if (str_is(ev->data, "13"))
		return err_set(e, EX_IOERR, "no further");
	return 0;
}

static void a_drain_hands_out_all_and_forgets_them(void **state)
{
	struct ledger *l = open_as(*state, true);
	struct buf b = { 0 };
	struct err e = { 0 };

	emit(l, 1, 3);
	ok(ledger_drain(l, collect, &b, &e), &e);
	assert_string_equal(b.p, "123");
	assert_int_equal(ledger_outbox_count(l), 0);
	emit(l, 12, 14);
	assert_int_equal(ledger_drain(l, collect, &b, &e), -1);
	assert_int_equal(ledger_outbox_count(l), 3);
	buf_free(&b);
	ledger_close(&l);
}

/* ---- identities ---- */

static void a_copied_ledger_takes_a_new_identity_after_the_old(void **state)
{
	struct ledger *l =
		open_as(tmpdir_path(*state, "a", (char[256]){ 0 }), true);
	char from[256], to[256], dir[256], *old = source_of(l), *new;

	emit(l, 1, 3);
	acked(l, 1);
	ledger_close(&l);
	mkdir(tmpdir_path(*state, "b", dir), 0700);
	tmpdir_copy(tmpdir_path(*state, "a/data.mdb", from),
		    tmpdir_path(*state, "b/data.mdb", to));
	l = open_as(dir, true);
	new = source_of(l);
	assert_string_not_equal(old, new);
	assert_int_equal(strncmp(new, "weir/test/", 10), 0);
	emit(l, 4, 5);
	assert_int_equal(ledger_outbox_count(l), 4);
	/* What was numbered under the old name goes first, as it was. */
	assert_string_equal(waits(l), "2=2 3=3");
	acked(l, 3);
	assert_string_equal(waits(l), "1=4 2=5");
	ledger_close(&l);
	l = open_as(dir, true);
	assert_true(str_is(ledger_source(l), new));
	ledger_close(&l);
	free(old);
	free(new);
}

/* The inode's number is free, and the copy is likely to get it. */
static void a_copy_in_the_place_of_a_removed_ledger_is_one_too(void **state)
{
	struct ledger *l = open_as(*state, true);
	char file[256], copy[256], *old = source_of(l);

	emit(l, 1, 3);
	tmpdir_copy(tmpdir_path(*state, "data.mdb", file),
		    tmpdir_path(*state, "copy", copy));
	ledger_close(&l);
	assert_int_equal(unlink(file), 0);
	tmpdir_copy(copy, file);
	l = open_as(*state, true);
	assert_false(str_is(ledger_source(l), old));
	ledger_close(&l);
	free(old);
}

static void a_fixed_source_stays(void **state)
{
	struct ledger_conf conf = { .tool = "test", .source = "weir/test/-" };
	struct err e = { 0 };
	struct ledger *l = ledger_open(&conf, &e); /* scratch */

	(void)state;
	assert_non_null(l);
	assert_true(str_is(ledger_source(l), "weir/test/-"));
	emit(l, 1, 1);
	assert_string_equal(waits(l), "1=1");
	ledger_close(&l);
	l = ledger_open(&conf, &e);
	assert_string_equal(waits(l), "");
	ledger_close(&l);
}

static void a_pure_ledger_that_is_behind_keeps_its_name(void **state)
{
	struct ledger *l = open_as(*state, true);
	char *was = source_of(l);

	emit(l, 1, 3);
	assert_string_equal(waits(l), "1=1 2=2 3=3");
	assert_int_equal(conflict(l, 9), 1);
	assert_true(str_is(ledger_source(l), was));
	ledger_close(&l);
	free(was);
}

static void another_takes_a_new_name_and_drops_what_the_store_has(void **state)
{
	struct ledger *l = open_as(*state, false);
	char *was = source_of(l);

	emit(l, 1, 3);
	acked(l, 1);
	ledger_close(&l);
	l = open_as(*state, false); /* asked again: it may be a copy */
	emit(l, 4, 5);
	assert_int_equal(conflict(l, 9), 0);
	assert_false(str_is(ledger_source(l), was));
	assert_string_equal(waits(l), "1=4 2=5");
	ledger_close(&l);
	l = open_as(*state, false);
	assert_string_equal(waits(l), "1=4 2=5");
	ledger_close(&l);
	free(was);
}

static void what_was_added_is_told_apart_also_after_a_restart(void **state)
{
	struct ledger *l = open_as(*state, false);

	emit(l, 1, 3);
	acked(l, 3);
	ledger_close(&l);
	for (unsigned i = 4; i <= 6; i++) { /* the store is away */
		l = open_as(*state, false);
		emit(l, i, i);
		ledger_close(&l);
	}
	l = open_as(*state, false);
	assert_int_equal(ledger_queue(l).known(l), 3);
	assert_int_equal(conflict(l, 5), 0);
	assert_string_equal(waits(l), "1=4 2=5 3=6");
	ledger_close(&l);
}

static void an_older_store_gets_what_is_still_there(void **state)
{
	struct ledger *l = open_as(*state, false);
	char *was = source_of(l);

	emit(l, 1, 5);
	assert_string_equal(waits(l), "1=1 2=2 3=3 4=4 5=5");
	acked(l, 4); /* but no commit has deleted them yet */
	assert_int_equal(conflict(l, 2), 0);
	assert_true(str_is(ledger_source(l), was));
	assert_string_equal(waits(l), "3=3 4=4 5=5");
	ledger_close(&l);
	free(was);
}

static int count_gaps(void *arg, const struct event *ev, struct err *e)
{
	struct buf *b = arg;

	(void)e;
	if (event_is(ev, "stage.gap"))
		buf_add_str(b, ev->data);
	else
		buf_addf(b, " %.*s", STR_ARG(ev->data));
	return 0;
}

static void what_an_older_store_lost_is_told(void **state)
{
	struct ledger *l = open_as(*state, true);
	struct buf b = { 0 }, want = { 0 };
	struct err e = { 0 };
	char *was = source_of(l);

	emit(l, 1, 5);
	waits(l);
	acked(l, 4);
	emit(l, 6, 6); /* and 1 to 4 are deleted */
	assert_int_equal(conflict(l, 1), 0);
	assert_false(str_is(ledger_source(l), was));
	ok(ledger_drain(l, count_gaps, &b, &e), &e);
	buf_addf(&want,
		 "{\"reason\":\"an older store took the place of the one "
		 "that had it\",\"source\":\"%s\",\"from\":\"2\","
		 "\"to\":\"4\"} 5 6",
		 was);
	assert_string_equal(b.p, want.p);
	buf_free(&b);
	buf_free(&want);
	ledger_close(&l);
	free(was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(state_position_and_events_are_kept_together_or_not),
		tmpdir_test(keys_with_a_prefix_are_walked_and_may_be_deleted),
		tmpdir_test(a_bad_event_of_our_own_is_an_error_of_ours),
		tmpdir_test(a_second_process_is_refused),
		tmpdir_test(what_is_acknowledged_leaves),
		tmpdir_test(a_drain_hands_out_all_and_forgets_them),
		tmpdir_test(a_copied_ledger_takes_a_new_identity_after_the_old),
		tmpdir_test(a_copy_in_the_place_of_a_removed_ledger_is_one_too),
		cmocka_unit_test(a_fixed_source_stays),
		tmpdir_test(a_pure_ledger_that_is_behind_keeps_its_name),
		tmpdir_test(
			another_takes_a_new_name_and_drops_what_the_store_has),
		tmpdir_test(what_was_added_is_told_apart_also_after_a_restart),
		tmpdir_test(an_older_store_gets_what_is_still_there),
		tmpdir_test(what_an_older_store_lost_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
