#include "common/buf.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void additions_are_joined_and_end_with_a_nul(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_str(&b).p, "");
	buf_puts(&b, "a");
	buf_putc(&b, 'b');
	buf_add_str(&b, STR("c"));
	buf_add_str(&b, (struct str){ 0 });
	buf_u64(&b, 0);
	buf_u64(&b, UINT64_MAX);
	buf_addf(&b, "%s=%d", "x", -5);
	assert_string_equal(b.p, "abc018446744073709551615x=-5");
	assert_int_equal(b.len, strlen(b.p));
	assert_false(b.full);
	buf_reset(&b);
	assert_string_equal(b.p, "");
	buf_free(&b);
	assert_null(b.p);
	buf_puts(&b, "again");
	assert_string_equal(b.p, "again");
	buf_free(&b);
}

static void what_does_not_fit_leaves_the_contents(void **state)
{
	struct buf b = { .max = 5 };

	(void)state;
	buf_puts(&b, "hello");
	assert_false(b.full);
	buf_add(&b, "", 0);
	assert_false(b.full);
	buf_putc(&b, '!');
	assert_true(b.full);
	assert_string_equal(b.p, "hello");
	buf_consume(&b, 3);
	buf_puts(&b, "x"); /* full stays, so that one check is enough */
	assert_string_equal(b.p, "lo");
	buf_reset(&b);
	assert_false(b.full);
	buf_addf(&b, "%d", 12345);
	assert_false(b.full);
	assert_string_equal(b.p, "12345");
	buf_addf(&b, "%d", 6);
	assert_true(b.full);
	assert_string_equal(b.p, "12345");
	assert_null(buf_reserve(&b, 0));
	buf_reset(&b);
	assert_null(buf_reserve(&b, SIZE_MAX));
	buf_free(&b);
}

static void the_front_is_consumed(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_consume(&b, 5);
	buf_puts(&b, "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(b.p, "cdef");
	assert_int_equal(b.len, 4);
	buf_consume(&b, 4);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void reserved_room_is_there_with_its_nul(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (size_t n = 0; n < 300; n++) {
		char *at = buf_reserve(&b, n);

		memset(at, 'x', n);
		b.len += n;
		assert_true(b.cap > b.len);
	}
	buf_free(&b);
}

static void json_strings_are_escaped(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_json_str(&b, STR("a\"\\\n\r\t\0\x1f\x7f/\xe2\x82\xac"));
	assert_string_equal(b.p, "\"a\\\"\\\\\\n\\r\\t\\u0000\\u001f\\u007f/"
				 "\xe2\x82\xac\"");
	buf_reset(&b);
	buf_json_str(&b, (struct str){ 0 });
	assert_string_equal(b.p, "\"\"");
	buf_free(&b);
}

/* Standard output becomes a pipe, whose other end is read after each write. */
static void it_is_printed_whole_and_then_empty(void **state)
{
	struct buf b = { 0 };
	char got[16] = { 0 };
	int fd[2], out = dup(STDOUT_FILENO);
	struct err e;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	dup2(fd[1], STDOUT_FILENO);
	buf_puts(&b, "one\ntwo\n");
	assert_int_equal(buf_print(&b, &e), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_print(&b, &e), 0);
	close(fd[1]);
	close(STDOUT_FILENO);
	buf_puts(&b, "three");
	assert_int_equal(buf_print(&b, &e), -1);
	dup2(out, STDOUT_FILENO);
	close(out);
	assert_int_equal(e.code, EX_IOERR);
	assert_string_equal(e.msg, "standard output: Bad file descriptor");
	assert_int_equal(read(fd[0], got, sizeof(got)), 8);
	assert_string_equal(got, "one\ntwo\n");
	close(fd[0]);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(additions_are_joined_and_end_with_a_nul),
		cmocka_unit_test(what_does_not_fit_leaves_the_contents),
		cmocka_unit_test(the_front_is_consumed),
		cmocka_unit_test(reserved_room_is_there_with_its_nul),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(it_is_printed_whole_and_then_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
