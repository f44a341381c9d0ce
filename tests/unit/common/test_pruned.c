/* What is known of events that were pruned. */
#include <string.h>
#include <sys/stat.h>

#include "common/db.h"
#include "common/journal.h"
#include "common/since.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

#define DAY INT64_C(86400000000)

static const int64_t T0 = INT64_C(1700000000) * 1000000;

struct story {
	const char *dir;
	struct journal *j;
	int64_t now_us;
};

static void ok(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->msg);
}

static void story_open(struct story *s)
{
	struct err e = { 0 };

	s->j = journal_create(s->dir, &e);
	ok(!s->j, &e);
}

static void add(struct story *s, struct str topic)
{
	struct event ev = { .topic = topic,
			    .source = STR("weir/test/1"),
			    .id = 1,
			    .time_us = s->now_us,
			    .data = STR("1") };
	struct err e = { 0 };

	ok(journal_write_append(s->j, &ev, s->now_us, &e), &e);
}

static void prune(struct story *s, struct str offset)
{
	struct err e = { 0 };
	uint64_t n;

	assert_true(str_u64(offset, &n));
	ok(journal_write_prune(s->j, n, &e) < 0, &e);
}

/* One step: a verb, and words that it is done with. */
static void step(struct story *s, struct str text)
{
	struct str rest, word, verb = str_cut(text, ' ', &rest);
	struct err e = { 0 };
	int64_t ms;

	if (str_is(verb, "reopen")) {
		journal_close(&s->j);
		story_open(s);
		return;
	}
	if (str_is(verb, "later")) {
		assert_true(str_duration_ms(rest, &ms));
		s->now_us += ms * 1000;
		return;
	}
	ok(journal_write_begin(s->j, &e), &e);
	if (str_is(verb, "sweep"))
		ok(journal_write_sweep(s->j, s->now_us, 100, &e), &e);
	while (str_token(&rest, " ", &word))
		if (str_is(verb, "add"))
			add(s, word);
		else
			prune(s, word);
	if (str_is(verb, "undone"))
		journal_write_abort(s->j);
	else
		ok(journal_write_commit(s->j, &e), &e);
}

/* "PATTERN PATTERN@OFFSET"; without a pattern, everything. */
static bool is_lost(struct journal *j, struct str ask)
{
	struct str offset, word, patterns = str_cut(ask, '@', &offset);
	struct str pattern[4];
	struct journal_want want = { .pattern = pattern };
	struct journal_head head;
	struct err e = { 0 };
	uint64_t n, next;
	int rc;

	while (str_token(&patterns, " ", &word))
		pattern[want.n++] = word;
	assert_true(str_u64(offset, &n));
	ok(journal_head(j, &head, &e), &e);
	rc = journal_resume(j, (struct position){ head.epoch, n }, &want, &next,
			    &e);
	ok(rc < 0, &e);
	return rc == 0;
}

static void print_problem(void *arg, const char *text)
{
	print_message("# %s\n", text);
	++*(unsigned *)arg;
}

static unsigned problems(struct journal *j)
{
	struct err e = { 0 };
	uint64_t events;
	unsigned n = 0;

	ok(journal_verify(j, print_problem, &n, &events, &e), &e);
	return n;
}

static bool judge(const struct json *c, void *ctx)
{
	const char *const *dir = ctx;
	static int number;
	char path[256], name[16];
	struct story s = { .now_us = T0 };
	bool good = true;

	snprintf(name, sizeof(name), "%d", number++);
	s.dir = tmpdir_path(*dir, name, path);
	mkdir(path, 0700);
	story_open(&s);
	json_each (at, json_member(c, "do"))
		step(&s, str_from(json_string(at)));
	json_each (ask, json_member(c, "lost")) {
		if (is_lost(s.j, str_from(json_key(ask))) == json_true(ask))
			continue;
		print_message("# %s: %s\n", cases_str(c, "story").p,
			      json_key(ask));
		good = false;
	}
	good &= problems(s.j) == 0;
	journal_close(&s.j);
	return good;
}

static void each_story_of_retention_is_told_truly(void **state)
{
	struct cases_count count = cases_run("tests/fixtures/journal",
					     "pruned.jsonl", judge, state);

	assert_true(count.n > 15);
	assert_int_equal(count.good, count.n);
}

static struct story begin_story(void **state, const char *const *steps)
{
	struct story s = { .dir = *state, .now_us = T0 };

	story_open(&s);
	for (; *steps; steps++)
		step(&s, str_from(*steps));
	return s;
}

static int ask(struct journal *j, uint64_t after, struct journal_want *want)
{
	struct err e = { 0 };
	int rc = journal_pruned(j, after, want, &e);

	ok(rc < 0, &e);
	return rc;
}

static void a_reader_is_told_once_and_again_when_more_goes(void **state)
{
	static const char *const steps[] = {
		"add a.n b.n a.n b.n a.n b.n a.n b.n a.n b.n", "prune 3", NULL
	};
	struct story s = begin_story(state, steps);
	struct str pattern = STR("a.");
	struct journal_want whole = { .pattern = &pattern, .n = 1 };
	struct journal_want told = whole;

	assert_int_equal(ask(s.j, 1, &told), 1);
	assert_int_equal(told.told, 3);
	assert_int_equal(ask(s.j, 1, &told), 0);
	assert_int_equal(ask(s.j, 3, &whole), 0);
	step(&s, STR("prune 4"));
	assert_int_equal(ask(s.j, 3, &told), 0);
	assert_int_equal(ask(s.j, 3, &whole), 0);
	step(&s, STR("prune 7"));
	/* Lower than what went last, and yet ahead of these two. */
	step(&s, STR("prune 5"));
	assert_int_equal(ask(s.j, 4, &told), 1);
	assert_int_equal(ask(s.j, 4, &whole), 1);
	assert_int_equal(whole.told, 7);
	assert_int_equal(ask(s.j, 7, &whole), 0);
	/* More than was told, before the reader got as far as that. */
	step(&s, STR("prune 9"));
	assert_int_equal(ask(s.j, 5, &whole), 1);
	assert_int_equal(whole.told, 9);
	assert_int_equal(ask(s.j, 5, &whole), 0);
	journal_close(&s.j);
}

static bool time_is_whole(struct journal *j, int64_t us, const char *topic,
			  uint64_t want_next)
{
	struct since since = { .is_position = false, .us = us };
	struct str pattern = str_from(topic);
	struct journal_want want = { .pattern = &pattern, .n = 1 };
	struct err e = { 0 };
	uint64_t next;
	int rc = since_first(&since, j, &want, &next, &e);

	ok(rc < 0, &e);
	assert_int_equal(next, want_next);
	return rc;
}

static void a_time_counts_what_may_have_been_recorded_after_it(void **state)
{
	static const char *const steps[] = { "add a.n",	 "later 1d", "add b.n",
					     "later 1d", "add a.n",  "later 1d",
					     "add b.n",	 "prune 2",  NULL };
	struct story s = begin_story(state, steps);

	assert_false(time_is_whole(s.j, T0, "b.n", 1));
	assert_false(time_is_whole(s.j, T0 + 1 * DAY, "b.n", 3));
	assert_true(time_is_whole(s.j, T0 + 1 * DAY, "a.n", 3));
	assert_true(time_is_whole(s.j, T0 + 3 * DAY, "b.n", 4));
	assert_true(time_is_whole(s.j, T0 + 9 * DAY, "b.n", 5));
	journal_close(&s.j);
}

enum { BATCH = 8192 };

/* Topics t.n/N, each with one event that is pruned, and one that stays. */
static void prune_topics(struct story *s, unsigned n)
{
	struct err e = { 0 };
	char topic[32];

	for (unsigned done = 0; done < n; done += BATCH) {
		ok(journal_write_begin(s->j, &e), &e);
		for (unsigned i = done; i < done + BATCH; i++) {
			snprintf(topic, sizeof(topic), "t.n/%u", i);
			add(s, str_from(topic));
		}
		if (done + BATCH == n)
			add(s, STR("stays.n"));
		ok(journal_write_commit(s->j, &e), &e);
	}
	for (unsigned done = 0; done < n; done += BATCH) {
		ok(journal_write_begin(s->j, &e), &e);
		for (unsigned i = done; i < done + BATCH; i++)
			ok(journal_write_prune(s->j, i + 1, &e) != 1, &e);
		ok(journal_write_commit(s->j, &e), &e);
	}
	step(s, STR("sweep"));
}

static void more_topics_that_are_gone_than_the_limit_are_given_up(void **state)
{
	struct story s = begin_story(state, (const char *const[]){ NULL });
	struct err e = { 0 };
	uint64_t n;

	prune_topics(&s, JOURNAL_PRUNED_MAX);
	assert_true(is_lost(s.j, STR("t.n/@0")));
	assert_false(is_lost(s.j, STR("stays.n@0")));
	step(&s, STR("add t.n/more stays.n"));
	step(&s, STR("prune 131074"));
	step(&s, STR("sweep"));
	assert_true(is_lost(s.j, STR("stays.n@0")));
	assert_true(is_lost(s.j, STR("t.n/@0")));
	assert_false(is_lost(s.j, STR("t.n/@131074")));
	ok(journal_pruned_topics(s.j, &n, &e), &e);
	assert_true(n <= JOURNAL_PRUNED_MAX);
	journal_close(&s.j);
}

/* One reader asks for many: what it learnt holds until more is pruned. */
static void a_long_walk_answers_until_more_is_pruned(void **state)
{
	struct story s = begin_story(state, (const char *const[]){ NULL });
	struct journal *reader;
	struct err e = { 0 };

	prune_topics(&s, BATCH);
	reader = journal_open(s.dir, &e);
	ok(!reader, &e);
	step(&s, STR("add stays.n t.n/5 t.m/5 stays.n"));
	step(&s, STR("prune 8194")); /* of stays.n */
	for (int i = 0; i < 2; i++) {
		assert_true(is_lost(reader, STR("t.n/@8191")));
		assert_false(is_lost(reader, STR("t.n/@8192")));
		assert_true(is_lost(reader, STR("t.@8191")));
		assert_false(is_lost(reader, STR("t.@8192")));
	}
	step(&s, STR("prune 8195")); /* of t.n/5 */
	for (int i = 0; i < 2; i++) {
		assert_true(is_lost(reader, STR("t.n/@8194")));
		assert_false(is_lost(reader, STR("t.n/@8195")));
		assert_true(is_lost(reader, STR("t.@8194")));
	}
	step(&s, STR("prune 8196")); /* of t.m/5 */
	assert_false(is_lost(reader, STR("t.n/@8195")));
	assert_true(is_lost(reader, STR("t.@8195")));
	assert_false(is_lost(reader, STR("t.@8196")));
	journal_close(&reader);
	journal_close(&s.j);
}

/* ---- the journal's file ---- */

/* A journal of format 1; 1 and 4 were pruned from test.n, test.keep is whole. */
static void put_old_file(const char *dir)
{
	char path[256];

	mkdir(tmpdir_path(dir, "journal", path), 0700);
	tmpdir_copy("tests/fixtures/journal/format1.mdb",
		    tmpdir_path(dir, "journal/data.mdb", path));
}

static void says_what_format_1_lets_it(struct journal *j)
{
	assert_true(is_lost(j, STR("test.n/@3")));
	assert_true(is_lost(j, STR("test.keep@0")));
	assert_false(is_lost(j, STR("test.keep@4")));
	assert_false(is_lost(j, STR("@4")));
	assert_int_equal(problems(j), 0);
}

static void an_older_file_is_read_as_it_is(void **state)
{
	struct err e = { 0 };
	struct journal *j;

	put_old_file(*state);
	j = journal_open(*state, &e);
	ok(!j, &e);
	says_what_format_1_lets_it(j);
	journal_close(&j);
}

static void an_older_file_is_brought_up_by_the_first_writer(void **state)
{
	struct story s = { .dir = *state, .now_us = T0 + 9999 * DAY };
	struct err e = { 0 };
	struct journal *reader;

	put_old_file(*state);
	reader = journal_open(*state, &e);
	ok(!reader, &e);
	story_open(&s);
	says_what_format_1_lets_it(s.j);
	step(&s, STR("reopen"));
	says_what_format_1_lets_it(s.j);
	step(&s, STR("prune 5"));
	assert_true(is_lost(s.j, STR("test.n/@4")));
	assert_false(is_lost(s.j, STR("test.keep@4")));
	assert_int_equal(problems(s.j), 0);
	/* Who had it open reads on, and knows more from then on. */
	assert_true(is_lost(reader, STR("test.n/@4")));
	assert_false(is_lost(reader, STR("test.keep@4")));
	journal_close(&reader);
	journal_close(&s.j);
}

/* Change a row behind the journal's back. */
static void tamper(const char *dir, const char *table, struct str key,
		   struct str val)
{
	char path[256];
	struct err e = { 0 };
	struct db_txn *txn;
	struct db *db = db_open(tmpdir_path(dir, "journal", path), 0,
				(size_t)1 << 30, &e);
	db_table t;

	ok(!db || db_table_open(db, table, &t, &e) != 1 ||
		   db_begin(db, true, &txn, &e),
	   &e);
	if (val.p)
		ok(db_put(txn, t, key, val, 0, &e), &e);
	else
		ok(db_del(txn, t, key, &e) < 0, &e);
	ok(db_commit(&txn, &e), &e);
	db_close(&db);
}

static void verifying_finds_what_pruning_did_not_tell(void **state)
{
	static const char *const steps[] = { "add a.n b.n a.n b.n", "prune 1",
					     NULL };
	const uint64_t lies[][3] = { { 0, 0, 0 }, { 1, 0, 9 }, { 2, 0, 1 } };
	const uint64_t there = 2;
	struct story s = begin_story(state, steps);

	assert_int_equal(problems(s.j), 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		journal_close(&s.j);
		tamper(*state, "meta", STR("pruned"),
		       (struct str){ (const char *)lies[i], sizeof(lies[i]) });
		story_open(&s);
		assert_int_equal(problems(s.j) > 0, i != 1);
	}
	journal_close(&s.j);
	tamper(*state, "meta", STR("pruned"),
	       (struct str){ (const char *)lies[1], sizeof(lies[1]) });
	tamper(*state, "pruned", STR("b.n"),
	       (struct str){ (const char *)&there, sizeof(there) });
	story_open(&s);
	assert_true(problems(s.j) > 0);
	journal_close(&s.j);
	tamper(*state, "pruned", STR("b.n"), (struct str){ 0 });
	story_open(&s);
	assert_int_equal(problems(s.j), 0);
	journal_close(&s.j);
	tamper(*state, "pruned", STR("a.n"), (struct str){ 0 });
	story_open(&s);
	assert_true(problems(s.j) > 0);
	journal_close(&s.j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(each_story_of_retention_is_told_truly),
		tmpdir_test(a_reader_is_told_once_and_again_when_more_goes),
		tmpdir_test(a_time_counts_what_may_have_been_recorded_after_it),
		tmpdir_test(
			more_topics_that_are_gone_than_the_limit_are_given_up),
		tmpdir_test(a_long_walk_answers_until_more_is_pruned),
		tmpdir_test(an_older_file_is_read_as_it_is),
		tmpdir_test(an_older_file_is_brought_up_by_the_first_writer),
		tmpdir_test(verifying_finds_what_pruning_did_not_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
