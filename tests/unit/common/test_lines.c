#include "common/lines.h"

#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/str.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

enum { MAX = 8 };

/* A file with this text, at its start. */
static int file_with(struct str text)
{
	char path[] = "/tmp/weir-lines-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, text.p, text.len), (ssize_t)text.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Lines joined by '|'; a line that is too long shows as "!NUMBER". */
static void reads_as(struct str text, const char *want)
{
	struct buf got = { 0 };
	struct lines l;
	struct str line;
	struct err e;
	int rc, fd = file_with(text);

	lines_init(&l, fd, MAX);
	while ((rc = lines_next(&l, &line, &e)) != 0) {
		if (got.len)
			buf_putc(&got, '|');
		if (rc > 0)
			buf_add_str(&got, line);
		else
			buf_addf(&got, "!%llu", (unsigned long long)l.number);
		if (rc < 0)
			assert_int_equal(e.code, EX_DATAERR);
	}
	assert_string_equal(buf_str(&got).p, want);
	lines_fini(&l);
	buf_free(&got);
	close(fd);
}

static void lines_come_one_by_one(void **state)
{
	(void)state;
	reads_as(STR(""), "");
	reads_as(STR("a"), "a");
	reads_as(STR("a\n"), "a");
	reads_as(STR("a\nb"), "a|b");
	reads_as(STR("a\r\nb\r\n"), "a|b");
	reads_as(STR("x\n\ny\n"), "x||y");
	reads_as(STR("a\rb\n"), "a\rb");
	reads_as(STR("12345678\n12345678\r\n1234567"),
		 "12345678|12345678|1234567");
}

static void a_line_that_is_too_long_is_reported_once(void **state)
{
	(void)state;
	reads_as(STR("123456789\nok\n"), "!1|ok");
	reads_as(STR("ok\n123456789"), "ok|!2");
	reads_as(STR("a\n1234567890123456789012345678901234567890\nb\n"),
		 "a|!2|b");
}

/* What a loop does: fill once when there is something, then take all lines. */
static void a_line_that_comes_in_pieces_is_not_waited_for(void **state)
{
	struct lines l;
	struct str line;
	struct err e;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	lines_init(&l, fd[0], MAX);
	assert_int_equal(write(fd[1], "one\ntw", 6), 6);
	assert_false(lines_ready(&l));
	assert_int_equal(lines_fill(&l, &e), 0);
	assert_true(lines_ready(&l));
	assert_int_equal(lines_next(&l, &line, &e), 1);
	assert_true(str_is(line, "one"));
	assert_false(lines_ready(&l));
	/* One that is too long is dropped as it comes, and told once. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(write(fd[1], "ooooo", 5), 5);
		assert_int_equal(lines_fill(&l, &e), 0);
		assert_false(lines_ready(&l));
	}
	assert_true(l.buf.len <= MAX + 6);
	assert_int_equal(write(fd[1], "\nlast", 5), 5);
	close(fd[1]);
	assert_int_equal(lines_fill(&l, &e), 0);
	assert_int_equal(lines_next(&l, &line, &e), -1);
	assert_int_equal(e.code, EX_DATAERR);
	assert_false(lines_ready(&l));
	assert_int_equal(lines_fill(&l, &e), 0);
	assert_int_equal(lines_next(&l, &line, &e), 1);
	assert_true(str_is(line, "last"));
	assert_int_equal(lines_next(&l, &line, &e), 0);
	lines_fini(&l);
	close(fd[0]);
}

static void ten_megabytes_without_an_end_are_not_kept(void **state)
{
	const size_t size = 10 << 20;
	char *big = xmalloc(size + 3);
	struct lines l;
	struct str line;
	struct err e;
	int fd;

	(void)state;
	memset(big, 'x', size);
	memcpy(big + size, "\nz\n", 3);
	fd = file_with((struct str){ big, size + 3 });
	lines_init(&l, fd, MAX);
	assert_int_equal(lines_next(&l, &line, &e), -1);
	assert_string_equal(e.msg, "line 1: longer than 8 bytes");
	assert_true(l.buf.cap < 1 << 20);
	assert_int_equal(lines_next(&l, &line, &e), 1);
	assert_true(str_is(line, "z"));
	assert_int_equal(lines_next(&l, &line, &e), 0);
	lines_fini(&l);
	close(fd);
	free(big);
}

static void what_came_in_pieces_is_put_together(void **state)
{
	struct lines l;
	struct str line;
	struct err e;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	lines_init(&l, fd[0], MAX);
	assert_false(lines_ready(&l));
	assert_int_equal(write(fd[1], "a\nbc\nd", 6), 6);
	assert_int_equal(lines_next(&l, &line, &e), 1);
	assert_true(str_is(line, "a"));
	assert_true(lines_ready(&l));
	assert_int_equal(lines_next(&l, &line, &e), 1);
	assert_true(str_is(line, "bc"));
	assert_false(lines_ready(&l));
	assert_int_equal(write(fd[1], "ef\n", 3), 3);
	assert_int_equal(lines_next(&l, &line, &e), 1);
	assert_true(str_is(line, "def"));
	close(fd[1]);
	assert_int_equal(lines_next(&l, &line, &e), 0);
	lines_fini(&l);
	close(fd[0]);
}

static void a_failing_read_is_an_error(void **state)
{
	struct lines l;
	struct str line;
	struct err e;

	(void)state;
	lines_init(&l, -1, MAX);
	assert_int_equal(lines_next(&l, &line, &e), -1);
	assert_int_equal(e.code, EX_IOERR);
	lines_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_one_by_one),
		cmocka_unit_test(a_line_that_is_too_long_is_reported_once),
		cmocka_unit_test(a_line_that_comes_in_pieces_is_not_waited_for),
		cmocka_unit_test(ten_megabytes_without_an_end_are_not_kept),
		cmocka_unit_test(what_came_in_pieces_is_put_together),
		cmocka_unit_test(a_failing_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
