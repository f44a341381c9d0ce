/*
 * The collector against a real journal and real files: what is named, young,
 * or put again stays; the rest goes, in slices.
 */
#include "cmd/store/collect.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/db.h"

#include "cmd/store/blobs.h"
#include "cmd/store/shelves.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

#define DAY_MS INT64_C(86400000)

enum { GRACE_DAYS = 7, EVERY_DAYS = 1 };

struct world {
	const char *dir;
	struct journal *j;
	struct collect *c;
	struct stats *stats;
	int64_t now_us;
	uint64_t id;
};

static void check(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->msg);
}

static void begin(struct world *w, const char *dir, size_t max_blobs)
{
	struct err e = { 0 };

	*w = (struct world){ .dir = dir };
	w->j = journal_create(dir, &e);
	check(!w->j, &e);
	w->now_us = clk_wall_us() + (GRACE_DAYS + 1) * DAY_MS * 1000;
	w->stats = stats_new();
	w->c = collect_new(&(struct collect_conf){
		.dir = dir,
		.grace_ms = GRACE_DAYS * DAY_MS,
		.every_ms = EVERY_DAYS * DAY_MS,
		.max_blobs = max_blobs,
	});
}

static void end(struct world *w)
{
	collect_free(&w->c);
	stats_free(&w->stats);
	journal_close(&w->j);
}

static void touch(const struct world *w, const char *file, int days)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
				 { w->now_us / 1000000 - days * 86400, 0 } };
	char path[400];

	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%.2s/%s", w->dir,
		 file + (*file == '.'), file);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* A blob that was put so many days ago. */
static void put(struct world *w, const char *content, bool is_text, int days,
		char id[BLOB_ID_SIZE])
{
	char file[BLOB_ID_SIZE + 4];
	struct err e;

	check(blob_put(w->dir, str_from(content), is_text, id, &e), &e);
	snprintf(file, sizeof(file), "%s%s", id, is_text ? BLOB_PACKED : "");
	touch(w, file, days);
}

static bool is_there(const struct world *w, const char *id)
{
	struct buf b = { 0 };
	bool is_text;
	struct err e;
	int rc = blob_get(w->dir, str_from(id), &b, &is_text, &e);

	buf_free(&b);
	return rc > 0;
}

static void record(struct world *w, struct str data)
{
	struct event ev = { .topic = STR("page.change/w"),
			    .source = STR("test"),
			    .id = ++w->id,
			    .time_us = w->now_us,
			    .data = data };
	struct err e;

	check(journal_write_begin(w->j, &e), &e);
	check(journal_write_append(w->j, &ev, w->now_us, &e), &e);
	check(journal_write_commit(w->j, &e), &e);
}

static void name(struct world *w, const char *id)
{
	struct buf data = { 0 };

	buf_addf(&data, "{\"watch\":\"w\",\"blob\":\"%s\"}", id);
	record(w, buf_str(&data));
	buf_free(&data);
}

static void prune(struct world *w, uint64_t offset)
{
	struct err e;

	check(journal_write_begin(w->j, &e), &e);
	assert_int_equal(journal_write_prune(w->j, offset, &e), 1);
	check(journal_write_commit(w->j, &e), &e);
}

static void collect_all(struct world *w)
{
	struct err e = { 0 };

	check(collect_now(w->c, w->j, w->now_us, w->stats, &e), &e);
	w->now_us += EVERY_DAYS * DAY_MS * 1000;
}

static int turn(struct world *w)
{
	struct err e = { 0 };
	int rc = collect_turn(w->c, w->j, w->now_us, w->stats, &e);

	check(rc < 0, &e);
	return rc;
}

static int64_t count(const struct world *w, const char *name)
{
	return stats_get(w->stats, name, NULL);
}

static void make_file(const struct world *w, const char *shelf,
		      const char *file, int days)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/" BLOB_DIR, w->dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%s", w->dir, shelf);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%s/%s", w->dir, shelf,
		 file);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs("x", f);
	fclose(f);
	touch(w, file, days);
}

static bool has_file(const struct world *w, const char *shelf, const char *file)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%s/%s", w->dir, shelf,
		 file);
	return access(path, F_OK) == 0;
}

static void what_is_named_or_young_stays(void **state)
{
	char named[BLOB_ID_SIZE], picture[BLOB_ID_SIZE], old[BLOB_ID_SIZE],
		young[BLOB_ID_SIZE], old_picture[BLOB_ID_SIZE];
	struct world w;

	begin(&w, *state, 0);
	put(&w, "named", true, 30, named);
	put(&w, "named picture", false, 30, picture);
	put(&w, "old", true, GRACE_DAYS + 1, old);
	put(&w, "old picture", false, 30, old_picture);
	put(&w, "young", true, GRACE_DAYS - 1, young);
	name(&w, named);
	name(&w, picture);
	collect_all(&w);
	assert_true(is_there(&w, named));
	assert_true(is_there(&w, picture));
	assert_true(is_there(&w, young));
	assert_false(is_there(&w, old));
	assert_false(is_there(&w, old_picture));
	assert_int_equal(count(&w, "blobs"), 3);
	assert_int_equal(count(&w, "blobs_collected_total"), 2);
	assert_true(count(&w, "blob_bytes_collected_total") > 0);
	end(&w);
}

static void the_last_event_takes_its_blob_along(void **state)
{
	char id[BLOB_ID_SIZE], other[BLOB_ID_SIZE];
	struct world w;

	begin(&w, *state, 0);
	put(&w, "named twice", true, 30, id);
	put(&w, "other", true, 30, other);
	name(&w, id);
	name(&w, id);
	name(&w, other);
	prune(&w, 1);
	collect_all(&w);
	assert_true(is_there(&w, id));
	prune(&w, 2);
	collect_all(&w);
	assert_false(is_there(&w, id));
	assert_true(is_there(&w, other));
	end(&w);
}

static void what_is_put_again_meanwhile_stays(void **state)
{
	char id[BLOB_ID_SIZE];
	struct world w;

	begin(&w, *state, 0);
	record(&w, STR("{}"));
	while (turn(&w) > 0)
		; /* only counts */
	put(&w, "comes back", true, 30, id);
	w.now_us += DAY_MS * 1000;
	assert_int_equal(turn(&w), 1); /* begins */
	assert_int_equal(turn(&w), 1); /* has listed it */
	put(&w, "comes back", true, 0, id);
	while (turn(&w) > 0)
		;
	assert_true(is_there(&w, id));
	end(&w);
}

static void the_first_pass_only_counts(void **state)
{
	char id[BLOB_ID_SIZE];
	struct world w;

	begin(&w, *state, 0);
	record(&w, STR("{}"));
	put(&w, "old", true, 30, id);
	while (turn(&w) > 0)
		;
	assert_true(is_there(&w, id));
	assert_int_equal(count(&w, "blobs"), 1);
	assert_true(count(&w, "blob_bytes") > 0);
	w.now_us += (COLLECT_FIRST_MS - 1) * INT64_C(1000);
	assert_int_equal(turn(&w), 0);
	w.now_us += 1000;
	while (turn(&w) > 0)
		;
	assert_false(is_there(&w, id));
	assert_int_equal(count(&w, "blobs"), 0);
	assert_int_equal(count(&w, "blob_bytes"), 0);
	end(&w);
}

/* One that was lost, or that is to be put back, may have named it. */
static void a_journal_that_is_empty_or_young_takes_none(void **state)
{
	char id[BLOB_ID_SIZE];
	struct world w;

	begin(&w, *state, 0);
	w.now_us = clk_wall_us() + (GRACE_DAYS - 2) * DAY_MS * 1000;
	put(&w, "old", true, 30, id);
	collect_all(&w);
	assert_true(is_there(&w, id));
	assert_string_equal(collect_held(w.c), "the journal is empty");
	assert_int_equal(count(&w, "blobs"), 1);
	record(&w, STR("{}"));
	collect_all(&w);
	assert_true(is_there(&w, id));
	assert_non_null(strstr(collect_held(w.c), "younger"));
	collect_all(&w);
	assert_null(collect_held(w.c));
	assert_false(is_there(&w, id));
	end(&w);
}

static void while_they_are_copied_none_goes(void **state)
{
	char id[BLOB_ID_SIZE];
	struct world w;
	struct err e;
	int fd;

	begin(&w, *state, 0);
	record(&w, STR("{}"));
	while (turn(&w) > 0)
		;
	put(&w, "old", true, 30, id);
	assert_int_equal(shelves_lock(w.dir, LOCK_SH, &fd, &e), 1);
	w.now_us += DAY_MS * 1000;
	while (turn(&w) > 0)
		;
	assert_true(is_there(&w, id));
	close(fd);
	while (turn(&w) > 0)
		;
	assert_false(is_there(&w, id));
	end(&w);
}

static void more_than_one_pass_may_judge(void **state)
{
	char id[20][BLOB_ID_SIZE], text[20];
	struct world w;

	begin(&w, *state, 3);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "blob %d", i);
		put(&w, text, false, 30, id[i]);
		if (i % 2)
			name(&w, id[i]);
	}
	collect_all(&w);
	for (int i = 0; i < 20; i++)
		assert_int_equal(is_there(&w, id[i]), i % 2);
	collect_all(&w); /* and again from the first shelf */
	assert_int_equal(count(&w, "blobs_collected_total"), 10);
	end(&w);
}

static void a_slice_is_bounded(void **state)
{
	enum { N = 2 * COLLECT_REMOVE + 50 };
	char file[BLOB_ID_SIZE];
	int64_t before = 0;
	unsigned turns = 0;
	struct world w;

	begin(&w, *state, 0);
	record(&w, STR("{}"));
	while (turn(&w) > 0)
		;
	for (int i = 0; i < N; i++) {
		snprintf(file, sizeof(file), "ab%062d", i);
		make_file(&w, "ab", file, 30);
	}
	w.now_us += DAY_MS * 1000;
	while (turn(&w) > 0) {
		int64_t now = count(&w, "blobs_collected_total");

		assert_true(now - before <= COLLECT_REMOVE);
		turns += now > before;
		before = now;
	}
	assert_int_equal(before, N);
	assert_int_equal(turns, 3);
	end(&w);
}

static void what_is_no_blob_is_left_alone_but_for_remains(void **state)
{
	const char remains[] = ".ab345678901234567890123456789012"
			       "34567890123456789012345678901234.17";
	struct world w;

	begin(&w, *state, 0);
	record(&w, STR("{}"));
	make_file(&w, "ab", remains, 30);
	make_file(&w, "ab", ".abyoung", 1);
	make_file(&w, "ab", ".abroad", 30);
	make_file(&w, "ab", "abook", 30);
	collect_all(&w);
	assert_false(has_file(&w, "ab", remains));
	assert_true(has_file(&w, "ab", ".abyoung"));
	assert_true(has_file(&w, "ab", ".abroad"));
	assert_true(has_file(&w, "ab", "abook"));
	assert_int_equal(count(&w, "blobs"), 0);
	end(&w);
}

static void a_shelf_that_is_linked_is_not_followed(void **state)
{
	const char name[] = "ab34567890123456789012345678901234"
			    "567890123456789012345678901234";
	char shelf[256], aside[256];
	struct world w;
	struct err e;

	begin(&w, *state, 0);
	record(&w, STR("{}"));
	make_file(&w, "ab", name, 30);
	tmpdir_path(*state, BLOB_DIR "/ab", shelf);
	tmpdir_path(*state, "aside", aside);
	assert_int_equal(rename(shelf, aside), 0);
	assert_int_equal(symlink("../aside", shelf), 0);
	assert_int_equal(collect_now(w.c, w.j, w.now_us, w.stats, &e), -1);
	assert_int_equal(e.code, EX_IOERR);
	assert_non_null(strstr(e.msg, "/ab: open"));
	assert_true(has_file(&w, "ab", name));
	end(&w);
}

/* Who knows what the events that cannot be read name. */
static void with_a_damaged_journal_nothing_goes(void **state)
{
	char path[256], id[BLOB_ID_SIZE], old[BLOB_ID_SIZE], key[8];
	struct db_txn *txn;
	struct world w;
	struct err e;
	struct db *db;
	db_table t;

	begin(&w, *state, 0);
	put(&w, "named", true, 30, id);
	put(&w, "old", true, 30, old);
	name(&w, id);
	name(&w, id); /* the newest is read when it is opened */
	end(&w);
	db = db_open(tmpdir_path(*state, "journal", path), 0, 1 << 30, &e);
	check(!db, &e);
	assert_int_equal(db_table_open(db, "events", &t, &e), 1);
	check(db_begin(db, true, &txn, &e), &e);
	check(db_put(txn, t, db_key_u64(1, key), STR("nonsense"), 0, &e), &e);
	check(db_commit(&txn, &e), &e);
	db_close(&db);
	begin(&w, *state, 0);
	assert_int_equal(collect_now(w.c, w.j, w.now_us, w.stats, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_true(is_there(&w, id));
	assert_true(is_there(&w, old));
	end(&w);
}

static void without_blobs_there_is_nothing_to_do(void **state)
{
	struct world w;

	begin(&w, *state, 0);
	collect_all(&w);
	assert_int_equal(count(&w, "blobs"), 0);
	end(&w);
}

static void on_problem(void *arg, const char *text)
{
	buf_addf(arg, "%s\n", text);
}

static void verifying_tells_what_is_missing_or_damaged(void **state)
{
	char good[BLOB_ID_SIZE], bad[BLOB_ID_SIZE], gone[BLOB_ID_SIZE];
	struct buf said = { 0 };
	struct world w;
	struct err e;
	uint64_t n;
	char shelf[3] = { 0 };

	begin(&w, *state, 0);
	put(&w, "good", true, 0, good);
	put(&w, "bad", false, 0, bad);
	name(&w, good);
	check(blobs_verify(w.dir, w.j, on_problem, &said, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_int_equal(said.len, 0);
	assert_int_equal(blob_id(STR("gone"), gone, &e), 0);
	name(&w, gone);
	memcpy(shelf, bad, 2);
	make_file(&w, shelf, bad, 0);
	check(blobs_verify(w.dir, w.j, on_problem, &said, &n, &e), &e);
	assert_non_null(strstr(said.p, bad));
	assert_non_null(strstr(said.p, "event 2: blob"));
	assert_non_null(strstr(said.p, gone));
	assert_null(strstr(said.p, good));
	buf_free(&said);
	end(&w);
}

/*
 * In a child: with a lease on the lock of the copy of the journal in `to`,
 * which is opened once it was written, wait for that, and put the first blob
 * before it goes on.
 */
static void put_during_copy(const char *dir, const char *lock, int ready)
{
	char id[BLOB_ID_SIZE];
	struct err e;
	sigset_t set;
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600), sig;

	alarm(20);
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) ||
	    write(ready, "", 1) != 1 || sigwait(&set, &sig))
		_exit(1);
	_exit(blob_put(dir, STR("first"), false, id, &e) ? 1 : 0);
}

static void the_first_blob_is_copied_too(void **state)
{
	char to[256], path[256];
	struct world w;
	struct err e;
	uint64_t n = 0;
	int ready[2], status;
	pid_t child;

	begin(&w, *state, 0);
	assert_int_equal(mkdir(tmpdir_path(*state, "to", to), 0700), 0);
	assert_int_equal(mkdir(tmpdir_path(to, "journal", path), 0700), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		put_during_copy(w.dir, tmpdir_path(to, "journal/lock", path),
				ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], path, 1), 1);
	close(ready[0]);
	check(blobs_backup(w.dir, w.j, to, &n, &e), &e);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(n, 1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(what_is_named_or_young_stays),
		tmpdir_test(the_last_event_takes_its_blob_along),
		tmpdir_test(what_is_put_again_meanwhile_stays),
		tmpdir_test(the_first_pass_only_counts),
		tmpdir_test(a_journal_that_is_empty_or_young_takes_none),
		tmpdir_test(while_they_are_copied_none_goes),
		tmpdir_test(more_than_one_pass_may_judge),
		tmpdir_test(a_slice_is_bounded),
		tmpdir_test(what_is_no_blob_is_left_alone_but_for_remains),
		tmpdir_test(a_shelf_that_is_linked_is_not_followed),
		tmpdir_test(with_a_damaged_journal_nothing_goes),
		tmpdir_test(without_blobs_there_is_nothing_to_do),
		tmpdir_test(verifying_tells_what_is_missing_or_damaged),
		tmpdir_test(the_first_blob_is_copied_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
