/*
 * Blobs on disk: what is put can be got, what is damaged is told, and nothing
 * but an id leads to a file.
 */
#include "common/blob_batch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

/* SHA-256 of "abc", as in FIPS 180-4's examples. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static char *put(const char *dir, struct str content, bool is_text)
{
	static char id[BLOB_ID_SIZE];
	struct err e;

	if (blob_put(dir, content, is_text, id, &e))
		fail_msg("%s", e.msg);
	return id;
}

static void check_get(const char *dir, const char *id, struct str want,
		      bool want_text)
{
	struct buf b = { 0 };
	bool is_text = !want_text;
	struct err e = { 0 };
	size_t size;

	if (blob_get(dir, str_from(id), &b, &is_text, &e) != 1)
		fail_msg("%s: %s", id, e.msg);
	assert_true(str_eq(buf_str(&b), want));
	assert_int_equal(is_text, want_text);
	buf_free(&b);
	is_text = !want_text;
	if (blob_look(dir, str_from(id), &size, &is_text, &e) != 1)
		fail_msg("%s: %s", id, e.msg);
	assert_int_equal(size, want.len);
	assert_int_equal(is_text, want_text);
}

static int look(const char *dir, struct str id, struct err *e)
{
	size_t size;
	bool is_text;

	return blob_look(dir, id, &size, &is_text, e);
}

static int get(const char *dir, struct str id, struct err *e)
{
	struct buf b = { 0 };
	bool is_text;
	int rc = blob_get(dir, id, &b, &is_text, e);

	buf_free(&b);
	return rc;
}

/* Where the blob lies. */
static const char *path_of(const char *dir, const char *id, const char *suffix)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%.2s/%s%s", dir, id, id,
		 suffix);
	return path;
}

static struct stat stat_of(const char *path)
{
	struct stat sb;

	assert_int_equal(stat(path, &sb), 0);
	return sb;
}

static void write_file(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	fclose(f);
}

static unsigned files_in_shelf(const char *dir, const char *id)
{
	char command[500];
	unsigned n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s/" BLOB_DIR "/%.2s | wc -l",
		 dir, id);
	f = popen(command, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

static void what_is_put_can_be_got(void **state)
{
	char *large = calloc(1, BLOB_MAX);
	const struct {
		struct str content;
		bool is_text;
	} cases[] = {
		{ STR("abc"), true },
		{ STR("abd"), false },
		{ STR(""), true },
		{ STR("\0\xff\0"), false },
		{ { large, BLOB_MAX }, true },
		{ { large, 70000 }, false },
	};

	assert_non_null(large);
	assert_string_equal(put(*state, STR("abc"), true), ABC);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_get(*state,
			  put(*state, cases[i].content, cases[i].is_text),
			  cases[i].content, cases[i].is_text);
	/* Zeroes pack well. */
	assert_true(stat_of(path_of(*state,
				    put(*state, (struct str){ large, BLOB_MAX },
					true),
				    BLOB_PACKED))
			    .st_size < 10000);
	free(large);
}

static void above_the_limit_nothing_is_put(void **state)
{
	char *large = calloc(1, BLOB_MAX + 1), id[BLOB_ID_SIZE];
	struct err e;

	assert_non_null(large);
	assert_int_equal(blob_put(*state, (struct str){ large, BLOB_MAX + 1 },
				  true, id, &e),
			 -1);
	assert_int_equal(e.code, EX_DATAERR);
	free(large);
}

/* The same file stays, as new as if it had been written now. */
static void a_second_put_only_touches(void **state)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	const char *path;
	struct stat before, after;

	put(*state, STR("abc"), true);
	path = path_of(*state, ABC, BLOB_PACKED);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	before = stat_of(path);
	put(*state, STR("abc"), false); /* there in its other form */
	after = stat_of(path);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_true(after.st_mtime > 1000);
	assert_int_equal(files_in_shelf(*state, ABC), 1);
}

static void damage_is_told_and_mended_by_the_next_put(void **state)
{
	/* A frame that says it holds 2^40 bytes, and is over. */
	static const char bomb[] = "\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\1\0\0\1\0\0";
	const struct {
		const char *suffix;
		struct str bytes;
	} cases[] = {
		{ BLOB_PACKED, STR("") },
		{ BLOB_PACKED, STR("no zstd at all") },
		{ BLOB_PACKED, { bomb, sizeof(bomb) - 1 } },
		{ "", STR("abd") },
		{ "", STR("") },
	};
	struct err e;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(*state, STR("abc"), *cases[i].suffix);
		write_file(path_of(*state, ABC, cases[i].suffix),
			   cases[i].bytes.p, cases[i].bytes.len);
		assert_int_equal(get(*state, str_from(ABC), &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
		assert_non_null(strstr(e.msg, ABC));
		assert_int_equal(look(*state, str_from(ABC), &e),
				 *cases[i].suffix ? -1 : 1);
		put(*state, STR("abc"), *cases[i].suffix);
		check_get(*state, ABC, STR("abc"), *cases[i].suffix);
		remove(path_of(*state, ABC, cases[i].suffix));
	}
}

/* To open one waits for its other end. */
static void a_fifo_is_not_waited_for(void **state)
{
	const char *const suffixes[] = { "", BLOB_PACKED };
	struct err e;

	alarm(20);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		const char *path;

		put(*state, STR("abc"), *suffixes[i]);
		path = path_of(*state, ABC, suffixes[i]);
		assert_int_equal(remove(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0);
		assert_int_equal(get(*state, STR(ABC), &e), -1);
		assert_int_equal(look(*state, STR(ABC), &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
		assert_non_null(strstr(e.msg, "not a regular file"));
		put(*state, STR("abc"), *suffixes[i]);
		check_get(*state, ABC, STR("abc"), *suffixes[i]);
		remove(path_of(*state, ABC, suffixes[i]));
	}
	alarm(0);
}

static void a_link_to_a_shelf_is_not_followed(void **state)
{
	char shelf[256], aside[256], id[BLOB_ID_SIZE];
	struct err e;

	put(*state, STR("abc"), true);
	tmpdir_path(*state, BLOB_DIR "/ba", shelf);
	tmpdir_path(*state, "aside", aside);
	assert_int_equal(rename(shelf, aside), 0);
	assert_int_equal(symlink("../aside", shelf), 0);
	assert_int_equal(get(*state, STR(ABC), &e), -1);
	assert_int_equal(blob_put(*state, STR("abc"), false, id, &e), -1);
	/* All of them may be elsewhere. */
	assert_int_equal(remove(shelf), 0);
	assert_int_equal(rename(aside, shelf), 0);
	tmpdir_path(*state, BLOB_DIR, shelf);
	assert_int_equal(rename(shelf, aside), 0);
	assert_int_equal(symlink("aside", shelf), 0);
	check_get(*state, ABC, STR("abc"), true);
}

/* The disk takes a part and no more: no blob, and nothing is left behind. */
static void a_short_write_leaves_nothing(void **state)
{
	static char noise[100000];
	struct rlimit was, small;
	char id[BLOB_ID_SIZE];
	struct err e = { 0 };
	int rc;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 2654435761U >> 13);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &small);
	rc = blob_put(*state, (struct str){ noise, sizeof(noise) }, false, id,
		      &e);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, EX_IOERR);
	assert_int_equal(get(*state, str_from(id), &e), 0);
	assert_int_equal(files_in_shelf(*state, id), 0);
}

/* ---- batches ---- */

static void add(struct blob_batch *b, struct str content, bool is_text,
		char id_r[BLOB_ID_SIZE])
{
	struct err e;

	if (blob_batch_add(b, content, is_text, id_r, &e))
		fail_msg("%s", e.msg);
}

/* More than are open at once, in most of the directories. */
static void a_batch_is_there_after_its_flush(void **state)
{
	enum { N = 3 * BLOB_BATCH_OPEN + 1 };
	static char ids[N][BLOB_ID_SIZE];
	struct blob_batch *b = blob_batch_new(*state);
	char content[32];
	struct err e;

	for (int i = 0; i < N; i++) {
		snprintf(content, sizeof(content), "number %d", i);
		add(b, str_from(content), i % 2, ids[i]);
	}
	assert_int_equal(look(*state, str_from(ids[N - 1]), &e), 0);
	blob_batch_flush(b);
	for (int i = 0; i < N; i++) {
		snprintf(content, sizeof(content), "number %d", i);
		assert_int_equal(blob_batch_kept(b, ids[i], &e), 0);
		check_get(*state, ids[i], str_from(content), i % 2);
	}
	assert_int_equal(blob_batch_kept(b, ABC, &e), -1);
	blob_batch_flush(b); /* of nothing */
	blob_batch_free(&b);
	assert_null(b);
}

static void what_is_put_twice_in_a_batch_is_there_once(void **state)
{
	struct blob_batch *b = blob_batch_new(*state);
	char id[BLOB_ID_SIZE], again[BLOB_ID_SIZE];
	struct err e;

	put(*state, STR("abd"), false);
	add(b, STR("abc"), true, id);
	add(b, STR("abc"), true, again);
	assert_string_equal(id, again);
	add(b, STR("abd"), false, id);
	blob_batch_flush(b);
	add(b, STR("abc"), true, again); /* it is through */
	blob_batch_flush(b);
	assert_int_equal(blob_batch_kept(b, id, &e), 0);
	assert_int_equal(blob_batch_kept(b, again, &e), 0);
	check_get(*state, again, STR("abc"), true);
	assert_int_equal(files_in_shelf(*state, ABC), 1);
	blob_batch_free(&b);
}

/* One cannot be written, one cannot have its name; the others are there. */
static void one_that_fails_takes_no_other_with_it(void **state)
{
	struct blob_batch *b = blob_batch_new(*state);
	char good[BLOB_ID_SIZE], also[BLOB_ID_SIZE], id[BLOB_ID_SIZE];
	char *large = calloc(1, BLOB_MAX + 1);
	const char *path;
	struct err e = { 0 };

	put(*state, STR("abc"), false);
	path = path_of(*state, ABC, "");
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	add(b, STR("good"), true, good);
	add(b, STR("abc"), false, id);
	assert_int_equal(blob_batch_add(b, (struct str){ large, BLOB_MAX + 1 },
					false, id, &e),
			 -1);
	add(b, STR("also"), false, also);
	blob_batch_flush(b);
	assert_int_equal(blob_batch_kept(b, good, &e), 0);
	assert_int_equal(blob_batch_kept(b, also, &e), 0);
	check_get(*state, good, STR("good"), true);
	check_get(*state, also, STR("also"), false);
	assert_int_equal(blob_batch_kept(b, ABC, &e), -1);
	assert_int_equal(e.code, EX_IOERR);
	assert_non_null(strstr(e.msg, "rename"));
	assert_int_equal(rmdir(path_of(*state, ABC, "")), 0);
	assert_int_equal(files_in_shelf(*state, ABC), 0);
	blob_batch_free(&b);
	free(large);
}

static unsigned files_unborn(const char *dir, const char *id)
{
	char path[300];
	struct dirent *d;
	unsigned n = 0;
	DIR *shelf;

	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%.2s", dir, id);
	shelf = opendir(path);
	assert_non_null(shelf);
	while ((d = readdir(shelf)))
		n += blob_is_unborn(d->d_name);
	closedir(shelf);
	return n;
}

/* The lock goes with the process; the collector knows what is left. */
static void a_death_before_the_flush_leaves_no_name(void **state)
{
	char id[BLOB_ID_SIZE], path[300];
	struct err e;
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		struct blob_batch *b = blob_batch_new(*state);

		_exit(blob_batch_add(b, STR("abc"), true, id, &e) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(get(*state, STR(ABC), &e), 0);
	assert_int_equal(files_in_shelf(*state, ABC), 1);
	assert_int_equal(files_unborn(*state, ABC), 1);
	tmpdir_path(*state, BLOB_DIR, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}

static void the_lock_is_held_until_the_flush(void **state)
{
	struct blob_batch *b = blob_batch_new(*state);
	char id[BLOB_ID_SIZE], path[300];
	int fd;

	add(b, STR("abc"), true, id);
	tmpdir_path(*state, BLOB_DIR, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	blob_batch_flush(b);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	add(b, STR("abd"), true, id);
	blob_batch_free(&b); /* what was not flushed is not there */
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(files_in_shelf(*state, id), 0);
	close(fd);
}

static void nothing_but_an_id_leads_to_a_file(void **state)
{
	const struct str ids[] = {
		STR(""),
		STR("../../etc/passwd"),
		STR("BA7816BF8F01CFEA414140DE5DAE2223"
		    "B00361A396177A9CB410FF61F20015AD"),
		STR(ABC "0"),
		STR(ABC ".zst"),
		STR("./" ABC),
		STR("ba/816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad"),
		STR("ba\0816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015a"),
		{ ABC, 63 },
	};
	struct err e;

	put(*state, STR("abc"), true);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_false(blob_is_id(ids[i]));
		assert_int_equal(get(*state, ids[i], &e), 0);
		assert_int_equal(look(*state, ids[i], &e), 0);
	}
	assert_true(blob_is_id(STR(ABC)));
}

static void one_that_is_not_there_is_not_there(void **state)
{
	struct err e;

	assert_int_equal(get(*state, STR(ABC), &e), 0);
	put(*state, STR("abd"), true);
	assert_int_equal(get(*state, STR(ABC), &e), 0);
	assert_int_equal(get("/nowhere", STR(ABC), &e), 0);
	assert_int_equal(look(*state, STR(ABC), &e), 0);
	assert_int_equal(look("/nowhere", STR(ABC), &e), 0);
}

static void names_are_found_in_data(void **state)
{
	static const struct {
		const char *json;
		unsigned n;
	} cases[] = {
		{ "{\"blob\":\"" ABC "\"}", 1 },
		{ "{\"a\":[{\"blob\" :\n\t\"" ABC "\"}]}", 1 },
		{ "{\"blob\":\"" ABC "\",\"x\":{\"blob\":\"" ABC "\"}}", 2 },
		{ "{\"blob\":null,\"x\":{\"blob\":\"" ABC "\"}}", 1 },
		{ "{\"blob\":{\"blob\":\"" ABC "\"}}", 1 },
		/* text that looks like one */
		{ "{\"x\":\"\\\"blob\\\":\\\"" ABC "\\\"\"}", 0 },
		{ "[\"blob\",\"" ABC "\"]", 0 },
		{ "{\"blob\":\"" ABC "0\"}", 0 },
		{ "{\"blob\":\"x" ABC "\"}", 0 },
		{ "{\"blob\":\"" ABC, 0 },
		{ "{\"blob\":\"ba78\"}", 0 },
		{ "{\"blob\"", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str rest = str_from(cases[i].json), id;
		unsigned n = 0;

		while (blob_next(&rest, &id)) {
			assert_true(str_is(id, ABC));
			n++;
		}
		if (n != cases[i].n)
			fail_msg("%s: %u names", cases[i].json, n);
	}
}

static void files_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(str_is(blob_of_file(ABC), ABC));
	assert_true(str_is(blob_of_file(ABC BLOB_PACKED), ABC));
	assert_null(blob_of_file("." ABC ".17").p);
	assert_null(blob_of_file(ABC ".gz").p);
	assert_null(blob_of_file("..").p);
	assert_true(blob_is_unborn("." ABC ".17"));
	assert_false(blob_is_unborn(ABC ".17"));
	assert_false(blob_is_unborn("." ABC "."));
	assert_false(blob_is_unborn("." ABC ".17~"));
	assert_false(blob_is_unborn("." ABC));
	assert_false(blob_is_unborn(".ab00.17"));
	assert_false(blob_is_unborn(".."));
	assert_false(blob_is_unborn(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(what_is_put_can_be_got),
		tmpdir_test(above_the_limit_nothing_is_put),
		tmpdir_test(a_second_put_only_touches),
		tmpdir_test(damage_is_told_and_mended_by_the_next_put),
		tmpdir_test(a_fifo_is_not_waited_for),
		tmpdir_test(a_link_to_a_shelf_is_not_followed),
		tmpdir_test(a_short_write_leaves_nothing),
		tmpdir_test(a_batch_is_there_after_its_flush),
		tmpdir_test(what_is_put_twice_in_a_batch_is_there_once),
		tmpdir_test(one_that_fails_takes_no_other_with_it),
		tmpdir_test(a_death_before_the_flush_leaves_no_name),
		tmpdir_test(the_lock_is_held_until_the_flush),
		tmpdir_test(nothing_but_an_id_leads_to_a_file),
		tmpdir_test(one_that_is_not_there_is_not_there),
		cmocka_unit_test(names_are_found_in_data),
		cmocka_unit_test(files_are_known_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
