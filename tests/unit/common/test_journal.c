#include "common/journal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/since.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)

static const int64_t T0 = INT64_C(1700000000) * SECOND;

static struct journal *create(const char *dir)
{
	struct err e = { 0 };
	struct journal *j = journal_create(dir, &e);

	if (!j)
		fail_msg("%s", e.msg);
	return j;
}

/* Append one event inside an open transaction; its offset. */
static uint64_t append(struct journal *j, const char *topic, const char *data,
		       const char *ext, int64_t now_us)
{
	struct event ev = { .topic = str_from(topic),
			    .source = STR("weir/test/1"),
			    .id = 1,
			    .time_us = now_us,
			    .ext = str_from(ext),
			    .data = str_from(data) };
	struct err e = { 0 };

	if (journal_write_append(j, &ev, now_us, &e))
		fail_msg("%s", e.msg);
	return ev.offset;
}

static void begin(struct journal *j)
{
	struct err e = { 0 };

	if (journal_write_begin(j, &e))
		fail_msg("%s", e.msg);
}

static void commit(struct journal *j)
{
	struct err e = { 0 };

	if (journal_write_commit(j, &e))
		fail_msg("%s", e.msg);
}

/* n events of topics a.a/0, a.a/1 and a.a/2 in turn, a second apart. */
static void append_many(struct journal *j, int n)
{
	char topic[16];

	begin(j);
	for (int i = 0; i < n; i++) {
		snprintf(topic, sizeof(topic), "a.a/%d", i % 3);
		append(j, topic, "1", NULL, T0 + i * SECOND);
	}
	commit(j);
}

static void prune(struct journal *j, int n, ...)
{
	struct err e = { 0 };
	va_list ap;

	begin(j);
	va_start(ap, n);
	while (n-- > 0)
		assert_int_equal(
			journal_write_prune(j, va_arg(ap, unsigned), &e), 1);
	va_end(ap);
	commit(j);
}

/* What a walk meets, as "1 2 3"; stops after `stop` of them. */
struct walk {
	char text[400];
	size_t n, stop;
};

static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct walk *w = arg;
	size_t len = strlen(w->text);

	(void)e;
	snprintf(w->text + len, sizeof(w->text) - len, "%s%llu", len ? " " : "",
		 (unsigned long long)ev->offset);
	return ++w->n == w->stop;
}

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct walk *w = arg;
	size_t len = strlen(w->text);

	(void)e;
	snprintf(w->text + len, sizeof(w->text) - len, "%s%.*s=%llu(%llu)",
		 len ? " " : "", STR_ARG(t->topic), (unsigned long long)t->last,
		 (unsigned long long)t->count);
	return 0;
}

static void scans_as(struct journal *j, struct journal_scan scan, int want_rc,
		     const char *want, uint64_t want_next)
{
	struct walk w = { .n = 0 };
	struct err e = { 0 };
	uint64_t next = 0;

	assert_int_equal(journal_scan(j, &scan, on_event, &w, &next, &e),
			 want_rc);
	assert_string_equal(w.text, want);
	assert_int_equal(next, want_next);
}

static void count_problem(void *arg, const char *text)
{
	(void)text;
	++*(unsigned *)arg;
}

static unsigned problems(struct journal *j)
{
	struct err e = { 0 };
	unsigned n = 0;
	uint64_t events;

	if (journal_verify(j, count_problem, &n, &events, &e))
		fail_msg("%s", e.msg);
	return n;
}

/* ---- reading ---- */

static void a_scan_gives_every_event_once_in_either_direction(void **state)
{
	struct journal *j = create(*state);

	scans_as(j, (struct journal_scan){ .from = 1 }, 0, "", 1);
	append_many(j, 5);
	scans_as(j, (struct journal_scan){ .from = 1 }, 0, "1 2 3 4 5", 6);
	scans_as(j, (struct journal_scan){ .from = 4 }, 0, "4 5", 6);
	scans_as(j, (struct journal_scan){ .from = 6 }, 0, "", 6);
	scans_as(j, (struct journal_scan){ .from = 2, .until = 3 }, 0, "2 3",
		 4);
	scans_as(j, (struct journal_scan){ .from = 1, .budget = 2 }, 1, "1 2",
		 3);
	scans_as(j,
		 (struct journal_scan){ .from = UINT64_MAX, .reverse = true },
		 0, "5 4 3 2 1", 0);
	scans_as(
		j,
		(struct journal_scan){ .from = 4, .until = 3, .reverse = true },
		0, "4 3", 2);
	scans_as(j, (struct journal_scan){ .from = 0, .reverse = true }, 0, "",
		 0);
	prune(j, 2, 2, 3);
	scans_as(j, (struct journal_scan){ .from = 2 }, 0, "4 5", 6);
	scans_as(j, (struct journal_scan){ .from = 3, .reverse = true }, 0, "1",
		 0);
	journal_close(&j);
}

static void topics_have_a_count_and_a_chain(void **state)
{
	struct journal *j = create(*state);
	struct walk w = { .n = 0 };
	struct err e = { 0 };

	append_many(j, 8);
	assert_int_equal(journal_topics(j, STR("a.a/"), (struct str){ 0 },
					on_topic, &w, &e),
			 0);
	assert_string_equal(w.text, "a.a/0=7(3) a.a/1=8(3) a.a/2=6(2)");
	w = (struct walk){ .n = 0 };
	assert_int_equal(
		journal_topics(j, STR(""), STR("a.a/1"), on_topic, &w, &e), 0);
	assert_string_equal(w.text, "a.a/2=6(2)");
	w = (struct walk){ .n = 0 };
	assert_int_equal(journal_topics(j, STR("a.a/1"), (struct str){ 0 },
					on_topic, &w, &e),
			 0);
	assert_string_equal(w.text, "a.a/1=8(3)");
	w = (struct walk){ .n = 0 };
	assert_int_equal(journal_history(j, STR("a.a/1"), 0, on_event, &w, &e),
			 0);
	assert_string_equal(w.text, "8 5 2");
	w = (struct walk){ .n = 0 };
	assert_int_equal(journal_history(j, STR("a.a/1"), 7, on_event, &w, &e),
			 0);
	assert_string_equal(w.text, "5 2");
	prune(j, 1, 2);
	w = (struct walk){ .n = 0 };
	assert_int_equal(journal_history(j, STR("a.a/1"), 0, on_event, &w, &e),
			 0);
	assert_string_equal(w.text, "8 5");
	w = (struct walk){ .n = 0 };
	assert_int_equal(
		journal_history(j, STR("none.such"), 0, on_event, &w, &e), 0);
	assert_string_equal(w.text, "");
	assert_int_equal(problems(j), 0);
	journal_close(&j);
}

static void state_is_the_last_value_until_it_is_null(void **state)
{
	struct journal *j = create(*state);
	struct walk w = { .n = 0 };
	struct err e = { 0 };

	begin(j);
	append(j, "watch.set/a", "{\"id\":\"a\"}", NULL, T0);
	append(j, "watch.set/b", "{\"id\":\"b\"}", NULL, T0);
	append(j, "price.update/a", "1", NULL, T0);
	append(j, "watch.set/a", "{\"id\":\"a\",\"n\":2}", NULL, T0);
	append(j, "watch.set/b", "null", NULL, T0);
	append(j, "price.update/b", "1", NULL, T0);
	commit(j);
	assert_int_equal(journal_retained(j, STR(""), on_event, &w, &e), 0);
	assert_string_equal(w.text, "4");
	/* The value of a topic is never pruned, whatever asks for it. */
	begin(j);
	assert_int_equal(journal_write_prune(j, 4, &e), 0);
	assert_int_equal(journal_write_prune(j, 1, &e), 1);
	commit(j);
	w = (struct walk){ .n = 0 };
	assert_int_equal(journal_retained(j, STR("watch."), on_event, &w, &e),
			 0);
	assert_string_equal(w.text, "4");
	assert_int_equal(problems(j), 0);
	journal_close(&j);
}

static void the_newest_event_is_never_pruned(void **state)
{
	struct journal *j = create(*state);
	struct journal_head head;
	struct err e = { 0 };

	append_many(j, 3);
	begin(j);
	for (uint64_t i = 1; i <= 4; i++)
		assert_int_equal(journal_write_prune(j, i, &e), i < 3);
	commit(j);
	assert_int_equal(journal_head(j, &head, &e), 0);
	assert_int_equal(head.offset, 3);
	assert_int_equal(head.first, 3);
	journal_close(&j);
	j = create(*state);
	begin(j);
	assert_int_equal(append(j, "a.a", "1", NULL, T0), 4);
	commit(j);
	journal_close(&j);
}

static void an_aborted_batch_leaves_no_trace(void **state)
{
	struct journal *j = create(*state);
	struct walk w = { .n = 0 };
	struct err e = { 0 };

	append_many(j, 3);
	begin(j);
	append(j, "a.a/0", "9", NULL, T0);
	append(j, "b.b", "9", NULL, T0);
	journal_write_abort(j);
	append_many(j, 1); /* a.a/0 */
	assert_int_equal(journal_topics(j, STR(""), (struct str){ 0 }, on_topic,
					&w, &e),
			 0);
	assert_string_equal(w.text, "a.a/0=4(2) a.a/1=2(1) a.a/2=3(1)");
	assert_int_equal(problems(j), 0);
	journal_close(&j);
}

static void recorded_time_never_runs_backwards(void **state)
{
	struct journal *j = create(*state);
	struct journal_head head;
	struct err e = { 0 };

	begin(j);
	append(j, "a.a", "1", NULL, T0 + 10);
	append(j, "a.a", "1", NULL, T0);
	commit(j);
	assert_int_equal(journal_head(j, &head, &e), 0);
	assert_int_equal(head.recorded_us, T0 + 10);
	assert_int_equal(journal_write_clock(j, T0 + 50), T0 + 50);
	journal_close(&j);
	/* What was recorded or announced is known after a restart, too. */
	j = create(*state);
	begin(j);
	append(j, "a.a", "1", NULL, T0);
	commit(j);
	assert_int_equal(journal_head(j, &head, &e), 0);
	assert_int_equal(head.recorded_us, T0 + 50);
	assert_int_equal(journal_write_clock(j, T0 + 60), T0 + 60);
	journal_close(&j);
	j = create(*state);
	assert_int_equal(journal_write_clock(j, T0), T0 + 60);
	journal_close(&j);
}

/* ---- what came from outside ---- */

static void a_pair_from_outside_is_known_for_a_day(void **state)
{
	struct journal *j = create(*state);
	struct err e = { 0 };
	uint64_t offset = 0;

	begin(j);
	append(j, "a.a", "1", "{\"originsource\":\"shop\",\"originid\":\"7\"}",
	       T0);
	append(j, "a.a", "1",
	       "{\"originsource\":\"weir/scraper/-\",\"originid\":\"1\"}", T0);
	commit(j);
	assert_int_equal(
		journal_origin(j, STR("shop"), STR("7"), T0, &offset, &e), 1);
	assert_int_equal(offset, 1);
	assert_int_equal(
		journal_origin(j, STR("shop"), STR("8"), T0, &offset, &e), 0);
	assert_int_equal(journal_origin(j, STR("weir/scraper/-"), STR("1"), T0,
					&offset, &e),
			 0);
	begin(j);
	assert_int_equal(journal_write_sweep(j, T0 + DAY - SECOND, 100, &e), 0);
	assert_false(journal_write_changed(j));
	/* It may lie there for longer, but is not taken for known. */
	assert_int_equal(journal_origin(j, STR("shop"), STR("7"), T0 + 1,
					&offset, &e),
			 0);
	assert_int_equal(journal_write_sweep(j, T0 + DAY + SECOND, 100, &e), 0);
	assert_true(journal_write_changed(j));
	commit(j);
	assert_int_equal(
		journal_origin(j, STR("shop"), STR("7"), T0, &offset, &e), 0);
	journal_close(&j);
}

static void sweeping_keeps_up_with_the_table(void **state)
{
	enum { PER_TURN = 3, ROWS = JOURNAL_SWEEP_TURNS * PER_TURN };
	struct journal *j = create(*state);
	struct err e = { 0 };
	char name[32];
	uint64_t last;
	unsigned left = 0;

	begin(j);
	for (int i = 0; i < ROWS; i++) {
		snprintf(name, sizeof(name), "weir/pub/%05d", i);
		assert_int_equal(journal_write_set_source(j, str_from(name), 5,
							  true, T0, &e),
				 0);
	}
	assert_int_equal(journal_write_sweep(j, T0 + 8 * DAY, 1, &e), 0);
	commit(j);
	for (int i = 0; i < ROWS; i++) {
		snprintf(name, sizeof(name), "weir/pub/%05d", i);
		left += journal_source(j, str_from(name), &last, &e) == 1;
	}
	assert_int_equal(left, ROWS - PER_TURN);
	journal_close(&j);
}

static void sweeping_goes_on_where_it_stopped(void **state)
{
	struct journal *j = create(*state);
	struct err e = { 0 };
	char name[32];
	uint64_t last;
	unsigned left = 0;

	begin(j);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "weir/pub/%02d", i);
		assert_int_equal(journal_write_set_source(j, str_from(name), 5,
							  i % 2, T0, &e),
				 0);
	}
	commit(j);
	/* The transient half expires after a week; the others never do. */
	for (int i = 0; i < 20; i++) {
		begin(j);
		assert_int_equal(journal_write_sweep(j, T0 + 8 * DAY, 7, &e),
				 0);
		commit(j);
	}
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "weir/pub/%02d", i);
		left += journal_source(j, str_from(name), &last, &e) == 1;
	}
	assert_int_equal(left, 25);
	journal_close(&j);
}

static void pruning_is_held_by_the_slowest_stage_that_lives(void **state)
{
	struct journal *j = create(*state);
	struct journal_head head;
	struct err e = { 0 };
	uint64_t floor = 0;

	append_many(j, 9);
	journal_newest(j, &head);
	assert_int_equal(journal_write_floor(j, T0, &floor, &e), 0);
	assert_int_equal(floor, 9);
	begin(j);
	journal_write_stage(j, STR("weir/a/1"),
			    (struct position){ head.epoch, 7 }, T0, &e);
	journal_write_stage(j, STR("weir/b/1"),
			    (struct position){ head.epoch, 4 }, T0, &e);
	journal_write_stage(j, STR("weir/c/1"),
			    (struct position){ head.epoch, 1 }, T0 - DAY, &e);
	commit(j);
	assert_int_equal(journal_write_floor(j, T0, &floor, &e), 0);
	assert_int_equal(floor, 4);
	begin(j);
	journal_write_stage(j, STR("weir/d/1"), (struct position){ 1, 500 }, T0,
			    &e);
	commit(j);
	assert_int_equal(journal_write_floor(j, T0, &floor, &e), 0);
	assert_int_equal(floor, 0);
	journal_close(&j);
}

/* ---- positions and times ---- */

static void time_is_found_also_between_holes(void **state)
{
	struct journal *j = create(*state);
	struct err e = { 0 };
	uint64_t at;

	assert_int_equal(journal_at_time(j, T0, &at, &e), 0);
	assert_int_equal(at, 1);
	append_many(j, 40);
	prune(j, 6, 1, 2, 10, 11, 12, 20);
	for (int64_t s = -1; s < 42; s++) {
		/* Event n was recorded at T0 + n - 1 seconds. */
		uint64_t want = s < 0 ? 1 : (uint64_t)s + 1;

		while (want < 3 || (want >= 10 && want <= 12) || want == 20)
			want++;
		if (want > 41)
			want = 41;
		assert_int_equal(journal_at_time(j, T0 + s * SECOND, &at, &e),
				 0);
		if (at != want)
			fail_msg("second %lld: %llu, want %llu", (long long)s,
				 (unsigned long long)at,
				 (unsigned long long)want);
	}
	journal_close(&j);
}

static void resumes_at(struct journal *j, uint32_t epoch, uint64_t offset,
		       int want, uint64_t want_next)
{
	struct journal_want everything = { .n = 0 };
	struct err e = { 0 };
	uint64_t next = 0;

	assert_int_equal(journal_resume(j, (struct position){ epoch, offset },
					&everything, &next, &e),
			 want);
	assert_int_equal(next, want_next);
}

static void a_position_says_whether_all_after_it_is_here(void **state)
{
	struct journal *j = create(*state);
	struct journal_head head;

	journal_newest(j, &head);
	resumes_at(j, head.epoch, 0, 1, 1);
	append_many(j, 6);
	resumes_at(j, head.epoch, 0, 1, 1);
	resumes_at(j, head.epoch, 4, 1, 5);
	resumes_at(j, head.epoch, 6, 1, 7);
	resumes_at(j, head.epoch, 7, 0, 7); /* nobody was ever there */
	resumes_at(j, head.epoch ^ 1, 4, 0, 1);
	prune(j, 2, 1, 2);
	resumes_at(j, head.epoch, 0, 0, 1);
	resumes_at(j, head.epoch, 2, 1, 3);
	journal_close(&j);
}

static void since_understands_positions_times_and_ages(void **state)
{
	struct journal_want all = { .n = 0 };
	struct journal *j = create(*state);
	struct journal_head head;
	struct err e = { 0 };
	struct since s;
	uint64_t at;
	char text[64], when[CLK_TEXT_SIZE];

	append_many(j, 10);
	journal_newest(j, &head);
	assert_true(since_parse(STR("5s"), T0 + 9 * SECOND, &s));
	assert_int_equal(since_first(&s, j, &all, &at, &e), 1);
	assert_int_equal(at, 5);
	/* A time as `until` includes what was recorded just then. */
	assert_int_equal(since_last(&s, j, &at, &e), 0);
	assert_int_equal(at, 5);
	clk_format(T0 + 3 * SECOND + 1, when);
	assert_true(since_parse(str_from(when), T0, &s));
	assert_int_equal(since_first(&s, j, &all, &at, &e), 1);
	assert_int_equal(at, 5);
	assert_int_equal(since_last(&s, j, &at, &e), 0);
	assert_int_equal(at, 4);
	snprintf(text, sizeof(text), "%08x:3", head.epoch);
	assert_true(since_parse(str_from(text), T0, &s));
	assert_int_equal(since_first(&s, j, &all, &at, &e), 1);
	assert_int_equal(at, 4);
	assert_int_equal(since_last(&s, j, &at, &e), 0);
	assert_int_equal(at, 3);
	snprintf(text, sizeof(text), "%08x:3", head.epoch ^ 1);
	assert_true(since_parse(str_from(text), T0, &s));
	assert_int_equal(since_first(&s, j, &all, &at, &e), 0);
	assert_int_equal(at, 1);
	assert_int_equal(since_last(&s, j, &at, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	journal_close(&j);
}

static void since_refuses_what_is_none_of_them(void **state)
{
	static const char *const bad[] = {
		"",
		"5",
		"yesterday",
		"-5s",
		"2026-13-01",
		"9b1c04e7:",
		"9b1c04e7",
		":5",
		"9B1C04E7:5",
		"9b1c04e7:-1",
		"9b1c04e7:x",
		"90d ",
		"9b1c04e7 :5",
	};
	struct since s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (since_parse(str_from(bad[i]), T0, &s))
			fail_msg("'%s' was taken", bad[i]);
	assert_true(since_parse(STR("2026-11-20"), T0, &s));
	assert_true(since_parse(STR("2026-11-20T21:00:00+01:00"), T0, &s));
}

/* ---- epochs ---- */

static uint32_t epoch_of(struct journal *j)
{
	struct journal_head head;

	journal_newest(j, &head);
	return head.epoch;
}

static void a_backup_is_another_journal_that_knows_the_old_one(void **state)
{
	struct journal *j = create(*state);
	uint32_t was = epoch_of(j);
	struct err e = { 0 };
	char path[256];

	append_many(j, 6);
	if (journal_backup(j, tmpdir_path(*state, "copy", path), &e))
		fail_msg("%s", e.msg);
	/* Not over what is there. */
	assert_int_equal(journal_backup(j, path, &e), -1);
	append_many(j, 2);
	assert_int_equal(epoch_of(j), was);
	journal_close(&j);
	j = create(path);
	assert_true(epoch_of(j) != was);
	scans_as(j, (struct journal_scan){ .from = 5 }, 0, "5 6", 7);
	resumes_at(j, was, 4, 0, 5);
	resumes_at(j, was, 6, 0, 7);
	resumes_at(j, was, 8, 0, 7); /* it went on without the copy */
	assert_int_equal(problems(j), 0);
	journal_close(&j);
}

static void a_copied_file_draws_a_new_epoch_once(void **state)
{
	struct journal *j = create(*state);
	uint32_t was = epoch_of(j), now;
	char from[256], dir[256], to[256];

	append_many(j, 3);
	journal_close(&j);
	j = create(*state);
	assert_int_equal(epoch_of(j), was);
	journal_close(&j);
	tmpdir_path(*state, "journal/data.mdb", from);
	mkdir(tmpdir_path(*state, "moved", dir), 0700);
	mkdir(tmpdir_path(*state, "moved/journal", to), 0700);
	tmpdir_copy(from, tmpdir_path(dir, "journal/data.mdb", to));
	j = create(dir);
	now = epoch_of(j);
	assert_true(now != was);
	resumes_at(j, was, 2, 0, 3);
	journal_close(&j);
	j = create(dir);
	assert_int_equal(epoch_of(j), now);
	journal_close(&j);
}

/* The name that the journal's head has beside it, or one of this text. */
static const char *head_file(void **state, uint32_t epoch, unsigned offset,
			     char out[256])
{
	char name[64];

	snprintf(name, sizeof(name), "journal/head.%08x:%u", epoch, offset);
	return tmpdir_path(*state, name, out);
}

/*
 * Copy a journal of three events, add three, and put the copy back, in the ways
 * in which people do so.
 */
static void an_older_copy_put_back_draws_a_new_epoch(void **state)
{
	enum { REMOVED, WRITTEN_OVER, WITH_ALL_FILES, WAYS };
	char file[256], copy[256], name[256];

	tmpdir_path(*state, "journal/data.mdb", file);
	tmpdir_path(*state, "copy", copy);
	for (int way = 0; way < WAYS; way++) {
		struct journal *j = create(*state);
		uint32_t was = epoch_of(j), now;
		unsigned at = (unsigned)way * 3 + 3;
		FILE *f;

		append_many(j, 3);
		tmpdir_copy(file, copy);
		append_many(j, 3);
		journal_close(&j);
		if (way == REMOVED)
			assert_int_equal(unlink(file), 0);
		tmpdir_copy(copy, file);
		if (way == WITH_ALL_FILES) {
			f = fopen(head_file(state, was, at, name), "we");
			assert_non_null(f);
			fclose(f);
		}
		j = create(*state);
		now = epoch_of(j);
		assert_true(now != was);
		resumes_at(j, was, at + 3, 0, at + 1);
		journal_close(&j);
		j = create(*state);
		assert_int_equal(epoch_of(j), now);
		journal_close(&j);
	}
}

static void what_a_power_cut_leaves_is_no_copy(void **state)
{
	struct journal *j = create(*state);
	uint32_t was = epoch_of(j);
	char from[256], to[256];

	append_many(j, 5);
	journal_close(&j);
	/* The name was not on disk yet, but one before it; or none. */
	assert_int_equal(rename(head_file(state, was, 5, from),
				head_file(state, was, 2, to)),
			 0);
	j = create(*state);
	assert_int_equal(epoch_of(j), was);
	journal_close(&j);
	assert_int_equal(unlink(from), 0);
	j = create(*state);
	assert_int_equal(epoch_of(j), was);
	journal_close(&j);
}

/* ---- damage ---- */

static void verifying_finds_a_flipped_byte(void **state)
{
	struct journal *j = create(*state);
	static char block[1 << 20];
	struct err e = { 0 };
	char path[256], *at;
	size_t n;
	FILE *f;

	begin(j);
	append(j, "a.a", "\"here is the needle\"", NULL, T0);
	append(j, "a.a", "\"and some hay\"", NULL, T0);
	commit(j);
	assert_int_equal(problems(j), 0);
	journal_close(&j);
	f = fopen(tmpdir_path(*state, "journal/data.mdb", path), "r+e");
	n = fread(block, 1, sizeof(block), f);
	for (size_t i = 0; i + 6 < n; i++) {
		at = block + i;
		if (memcmp(at, "needle", 6) == 0) {
			fseek(f, (long)i, SEEK_SET);
			fputc('N', f);
		}
	}
	fclose(f);
	j = journal_open(*state, &e);
	assert_non_null(j);
	assert_true(problems(j) > 0);
	scans_as(j, (struct journal_scan){ .from = 1 }, -1, "", 2);
	scans_as(j, (struct journal_scan){ .from = 2 }, 0, "2", 3);
	journal_close(&j);
}

static void a_reader_without_a_journal_is_told_so(void **state)
{
	struct err e = { 0 };

	assert_null(journal_open(*state, &e));
	assert_int_equal(e.code, EX_NOINPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(a_scan_gives_every_event_once_in_either_direction),
		tmpdir_test(topics_have_a_count_and_a_chain),
		tmpdir_test(state_is_the_last_value_until_it_is_null),
		tmpdir_test(the_newest_event_is_never_pruned),
		tmpdir_test(an_aborted_batch_leaves_no_trace),
		tmpdir_test(recorded_time_never_runs_backwards),
		tmpdir_test(a_pair_from_outside_is_known_for_a_day),
		tmpdir_test(sweeping_keeps_up_with_the_table),
		tmpdir_test(sweeping_goes_on_where_it_stopped),
		tmpdir_test(pruning_is_held_by_the_slowest_stage_that_lives),
		tmpdir_test(time_is_found_also_between_holes),
		tmpdir_test(a_position_says_whether_all_after_it_is_here),
		tmpdir_test(since_understands_positions_times_and_ages),
		cmocka_unit_test(since_refuses_what_is_none_of_them),
		tmpdir_test(a_backup_is_another_journal_that_knows_the_old_one),
		tmpdir_test(a_copied_file_draws_a_new_epoch_once),
		tmpdir_test(an_older_copy_put_back_draws_a_new_epoch),
		tmpdir_test(what_a_power_cut_leaves_is_no_copy),
		tmpdir_test(verifying_finds_a_flipped_byte),
		tmpdir_test(a_reader_without_a_journal_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
