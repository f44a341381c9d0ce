#include "common/db.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

static const size_t MAP = (size_t)1 << 30;

static struct db *open_db(const char *dir, unsigned flags)
{
	struct err e = { 0 };
	struct db *db = db_open(dir, flags, MAP, &e);

	if (!db)
		fail_msg("%s", e.msg);
	return db;
}

static db_table open_table(struct db *db)
{
	struct err e = { 0 };
	db_table t = 0;

	assert_int_equal(db_table_open(db, "t", &t, &e), 1);
	return t;
}

static void put(struct db *db, db_table t, uint64_t key, struct str val)
{
	struct db_txn *txn;
	struct err e;
	char k[8];

	assert_int_equal(db_begin(db, true, &txn, &e), 0);
	assert_int_equal(db_put(txn, t, db_key_u64(key, k), val, 0, &e), 0);
	assert_int_equal(db_commit(&txn, &e), 0);
}

static void what_was_committed_is_read_by_another(void **state)
{
	struct db *w = open_db(*state, 0);
	struct db_txn *txn;
	struct str val;
	struct err e;
	char k[8];
	db_table t = open_table(w);
	pid_t pid;
	int status;

	put(w, t, 7, STR("seven"));
	pid = fork();
	if (pid == 0) { /* LMDB wants one environment per process */
		struct db *r = open_db(*state, DB_READ);

		if (db_table_open(r, "t", &t, &e) != 1 ||
		    db_begin(r, false, &txn, &e) ||
		    db_get(txn, t, db_key_u64(7, k), &val, &e) != 1 ||
		    !str_is(val, "seven") ||
		    db_get(txn, t, db_key_u64(8, k), &val, &e) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	db_close(&w);
}

static void an_aborted_transaction_leaves_nothing(void **state)
{
	struct db *db = open_db(*state, 0);
	db_table t = open_table(db);
	struct db_txn *txn;
	struct str val;
	struct err e;
	uint64_t n = 1;

	assert_int_equal(db_begin(db, true, &txn, &e), 0);
	assert_int_equal(db_put(txn, t, STR("k"), STR("v"), 0, &e), 0);
	db_abort(&txn);
	assert_null(txn);
	assert_int_equal(db_begin(db, false, &txn, &e), 0);
	assert_int_equal(db_get(txn, t, STR("k"), &val, &e), 0);
	assert_int_equal(db_count(txn, t, &n, &e), 0);
	assert_int_equal(n, 0);
	db_abort(&txn);
	db_close(&db);
}

static void a_second_writer_is_refused_until_the_first_ends(void **state)
{
	struct db *db = open_db(*state, 0);
	struct err e = { 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(db_open(*state, 0, MAP, &e) ? 0 : e.code);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), EX_TEMPFAIL);
	db_close(&db);
	db = open_db(*state, 0);
	db_close(&db);
}

static void a_reader_of_what_is_not_there_is_told_so(void **state)
{
	struct err e = { 0 };
	char path[256];

	assert_null(db_open(tmpdir_path(*state, "none", path), DB_READ, 0, &e));
	assert_int_equal(e.code, EX_NOINPUT);
}

static void foreign_bytes_are_no_database(void **state)
{
	struct err e = { 0 };
	char path[256];
	FILE *f = fopen(tmpdir_path(*state, "data.mdb", path), "we");

	for (int i = 0; i < 20000; i++)
		fputc('x', f);
	fclose(f);
	assert_null(db_open(*state, 0, MAP, &e));
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.msg, *state));
}

static void cursors_go_both_ways_and_delete(void **state)
{
	struct db *db = open_db(*state, 0);
	db_table t = open_table(db);
	struct db_cursor *c;
	struct db_txn *txn;
	struct str key, val;
	struct err e;
	char k[8];

	for (uint64_t i = 1; i <= 5; i++)
		put(db, t, i * 10, STR("x"));
	assert_int_equal(db_begin(db, true, &txn, &e), 0);
	assert_int_equal(db_cursor_open(txn, t, &c, &e), 0);
	key = db_key_u64(21, k);
	assert_int_equal(db_seek(c, DB_AT_OR_AFTER, &key, &val, &e), 1);
	assert_int_equal(db_u64(key), 30);
	assert_int_equal(db_cursor_del(c, &e), 0);
	assert_int_equal(db_seek(c, DB_NEXT, &key, &val, &e), 1);
	assert_int_equal(db_u64(key), 40);
	assert_int_equal(db_seek(c, DB_PREV, &key, &val, &e), 1);
	assert_int_equal(db_u64(key), 20);
	key = db_key_u64(51, k);
	assert_int_equal(db_seek(c, DB_AT_OR_AFTER, &key, &val, &e), 0);
	assert_int_equal(db_seek(c, DB_LAST, &key, &val, &e), 1);
	assert_int_equal(db_u64(key), 50);
	assert_int_equal(db_seek(c, DB_NEXT, &key, &val, &e), 0);
	db_cursor_close(&c);
	db_abort(&txn);
	db_close(&db);
}

/* Closed cursors are used again, each for its table, and see what is new. */
static void cursors_outlive_a_snapshot(void **state)
{
	struct db *db = open_db(*state, 0), *reader;
	db_table t = open_table(db), read_t, empty;
	struct db_cursor *c, *other, *none;
	struct db_txn *txn;
	struct str key, val;
	struct err e;

	assert_int_equal(db_table_open(db, "empty", &empty, &e), 1);
	put(db, t, 1, STR("x"));
	reader = open_db(*state, DB_READ);
	read_t = open_table(reader);
	assert_int_equal(db_table_open(reader, "empty", &empty, &e), 1);
	assert_int_equal(db_begin(reader, false, &txn, &e), 0);
	for (uint64_t i = 2; i < 6; i++) {
		assert_int_equal(db_cursor_open(txn, read_t, &c, &e), 0);
		assert_int_equal(db_cursor_open(txn, read_t, &other, &e), 0);
		assert_int_equal(db_cursor_open(txn, empty, &none, &e), 0);
		assert_int_equal(db_seek(c, DB_LAST, &key, &val, &e), 1);
		assert_int_equal(db_u64(key), i - 1);
		assert_int_equal(db_seek(other, DB_FIRST, &key, &val, &e), 1);
		assert_int_equal(db_u64(key), 1);
		assert_int_equal(db_seek(none, DB_FIRST, &key, &val, &e), 0);
		db_cursor_close(&c);
		db_cursor_close(&other);
		db_cursor_close(&none);
		db_reset(txn);
		put(db, t, i, STR("x"));
		assert_int_equal(db_renew(txn, &e), 0);
	}
	db_abort(&txn);
	db_close(&reader);
	db_close(&db);
}

static void a_copy_is_whole_and_another_file(void **state)
{
	struct db *db = open_db(*state, 0), *copy;
	db_table t = open_table(db);
	struct db_id id, id2;
	uint64_t n = 0;
	struct db_txn *txn;
	struct err e;
	char path[256];

	for (uint64_t i = 0; i < 500; i++)
		put(db, t, i, STR("some value"));
	assert_int_equal(db_copy(db, tmpdir_path(*state, "copy", path), &e), 0);
	db_file_id(db, &id);
	db_close(&db);
	copy = open_db(path, 0);
	db_file_id(copy, &id2);
	assert_false(db_same_file(&id, &id2));
	t = open_table(copy);
	assert_int_equal(db_begin(copy, false, &txn, &e), 0);
	assert_int_equal(db_count(txn, t, &n, &e), 0);
	assert_int_equal(n, 500);
	db_abort(&txn);
	db_close(&copy);
}

static void a_file_is_known_by_inode_and_birth(void **state)
{
	const struct {
		struct db_id a, b;
		bool same;
	} cases[] = {
		{ { 1, 2, 3 }, { 1, 2, 3 }, true },
		{ { 1, 2, 3 }, { 9, 2, 3 }, true }, /* after a reboot */
		{ { 1, 2, 3 }, { 1, 9, 3 }, false },
		{ { 1, 2, 3 }, { 1, 2, 9 }, false },
		/* Without a birth the device has to do. */
		{ { 1, 2, 0 }, { 1, 2, 3 }, true },
		{ { 1, 2, 0 }, { 9, 2, 3 }, false },
		{ { 1, 2, 3 }, { 9, 2, 0 }, false },
		{ { 1, 2, 0 }, { 1, 9, 0 }, false },
		{ { 0, 0, 0 }, { 1, 2, 3 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (db_same_file(&cases[i].a, &cases[i].b) == cases[i].same &&
		    db_same_file(&cases[i].b, &cases[i].a) == cases[i].same)
			continue;
		fail_msg("case %zu", i);
	}
}

/* ---- a file that was cut short ---- */

/* Trees of some depth, values on pages of their own, pages that were freed. */
static void fill(const char *dir)
{
	static char big[9000];
	struct db *db = open_db(dir, 0);
	db_table t = open_table(db);
	struct db_txn *txn;
	struct err e;
	char k[8];

	for (uint64_t i = 0; i < 900; i++) {
		struct str val = { big, i % 13 ? 90 : sizeof(big) };

		if (i % 60 == 0)
			assert_int_equal(db_begin(db, true, &txn, &e), 0);
		assert_int_equal(db_put(txn, t, db_key_u64(i * 7919 % 900, k),
					val, 0, &e),
				 0);
		if (i % 60 == 59)
			assert_int_equal(db_commit(&txn, &e), 0);
	}
	db_close(&db);
}

static int open_in_child(const char *dir, unsigned flags)
{
	struct err e = { 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(db_open(dir, flags, MAP, &e) ? 0 : e.code);
	waitpid(pid, &status, 0);
	return status;
}

static void a_file_cut_anywhere_is_refused_and_never_a_crash(void **state)
{
	char whole[256], dir[256], cut[256];
	struct stat sb;

	fill(*state);
	tmpdir_path(*state, "data.mdb", whole);
	mkdir(tmpdir_path(*state, "cut", dir), 0700);
	tmpdir_path(dir, "data.mdb", cut);
	assert_int_equal(stat(whole, &sb), 0);
	for (off_t len = sb.st_size - 2000; len > 0; len -= 3 * 4096) {
		for (unsigned flags = 0; flags <= DB_READ; flags++) {
			int status;

			tmpdir_copy(whole, cut);
			assert_int_equal(truncate(cut, len), 0);
			status = open_in_child(dir, flags);
			if (!WIFEXITED(status) ||
			    WEXITSTATUS(status) != EX_DATAERR)
				fail_msg("cut to %lld bytes: status %#x",
					 (long long)len, status);
		}
	}
}

static void what_nothing_leads_to_may_be_missing(void **state)
{
	struct db *db = open_db(*state, 0);
	db_table t = open_table(db);
	struct db_txn *txn;
	struct str key = STR("k"), val = STR("v");
	char path[256], *p;
	struct stat sb;
	struct err e;

	/*
	 * Some free pages to take, then a large value that is deleted
	 * in its transaction: its pages were never written.
	 */
	for (uint64_t i = 0; i < 10; i++)
		put(db, t, i, val);
	assert_int_equal(db_begin(db, true, &txn, &e), 0);
	assert_int_equal(db_reserve(txn, t, key, 100000, 0, &p, &e), 0);
	memset(p, 'x', 100000);
	assert_int_equal(db_del(txn, t, key, &e), 1);
	assert_int_equal(db_put(txn, t, key, val, 0, &e), 0);
	assert_int_equal(db_commit(&txn, &e), 0);
	stat(tmpdir_path(*state, "data.mdb", path), &sb);
	assert_true((uint64_t)sb.st_size < db_file_bytes(db));
	db_close(&db);
	assert_int_equal(open_in_child(*state, DB_READ), 0);
	db = open_db(*state, 0);
	t = open_table(db);
	assert_int_equal(db_begin(db, false, &txn, &e), 0);
	assert_int_equal(db_get(txn, t, key, &val, &e), 1);
	assert_true(str_is(val, "v"));
	db_abort(&txn);
	db_close(&db);
}

static void a_creation_that_was_cut_short_begins_anew(void **state)
{
	static const off_t left[] = { 0, 1, 4096, 8192 };
	struct db *db = open_db(*state, 0);
	static char block[8192];
	char path[256];
	FILE *f;

	db_close(&db);
	f = fopen(tmpdir_path(*state, "data.mdb", path), "re");
	assert_int_equal(fread(block, 1, sizeof(block), f), sizeof(block));
	fclose(f);
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		/* The second meta page is not there, or holds nothing. */
		f = fopen(path, "we");
		fwrite(block, 1, left[i] < 4096 ? (size_t)left[i] : 4096, f);
		fclose(f);
		assert_int_equal(truncate(path, left[i]), 0);
		db = open_db(*state, 0);
		put(db, open_table(db), 1, STR("x"));
		db_close(&db);
	}
	/* One that had a transaction was not just created. */
	assert_int_equal(truncate(path, 4096), 0);
	assert_int_equal(WEXITSTATUS(open_in_child(*state, 0)), EX_DATAERR);
}

static void keys_of_numbers_keep_their_order(void **state)
{
	static const uint64_t v[] = { 0,	  1,	      255,	 256,
				      UINT32_MAX, 1ULL << 40, UINT64_MAX };
	char a[8], b[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_true(db_u64(db_key_u64(v[i], a)) == v[i]);
		if (i)
			assert_true(str_cmp(db_key_u64(v[i - 1], b),
					    db_key_u64(v[i], a)) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(what_was_committed_is_read_by_another),
		tmpdir_test(an_aborted_transaction_leaves_nothing),
		tmpdir_test(a_second_writer_is_refused_until_the_first_ends),
		tmpdir_test(a_reader_of_what_is_not_there_is_told_so),
		tmpdir_test(foreign_bytes_are_no_database),
		tmpdir_test(cursors_go_both_ways_and_delete),
		tmpdir_test(cursors_outlive_a_snapshot),
		tmpdir_test(a_copy_is_whole_and_another_file),
		cmocka_unit_test(a_file_is_known_by_inode_and_birth),
		tmpdir_test(a_file_cut_anywhere_is_refused_and_never_a_crash),
		tmpdir_test(what_nothing_leads_to_may_be_missing),
		tmpdir_test(a_creation_that_was_cut_short_begins_anew),
		cmocka_unit_test(keys_of_numbers_keep_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
