#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/http_headers.h"

static void expect(const struct http_headers *h, const char *const *lines,
		   size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_string_equal(http_headers_line(h, i), lines[i]);
	assert_null(http_headers_line(h, n));
	assert_null(http_headers_line(h, n + 1));
}

static void lines_stand_as_they_were_given(void **state)
{
	char first[] = "Accept: text/html";
	const char *lines[] = { first, "Cookie: a=1" };
	struct http_headers *h = http_headers_new(lines, 2);

	(void)state;
	first[0] = 'X'; /* they are copied */
	expect(h, (const char *[]){ "Accept: text/html", "Cookie: a=1" }, 2);
	http_headers_free(&h);
	assert_null(h);
	http_headers_free(&h);
}

static void none_are_null(void **state)
{
	(void)state;
	assert_null(http_headers_new(NULL, 0));
	assert_null(http_headers_join(NULL, NULL, 0));
	expect(NULL, NULL, 0);
}

static void joined_ones_outlive_their_base(void **state)
{
	const char *all[] = { "A: 1", "B: 2", "C: 3" };
	struct http_headers *base = http_headers_new(all, 2);
	struct http_headers *more = http_headers_join(base, all + 2, 1);
	struct http_headers *same = http_headers_join(base, NULL, 0);
	struct http_headers *bare = http_headers_join(NULL, all, 3);

	(void)state;
	expect(base, all, 2);
	http_headers_free(&base);
	expect(more, all, 3);
	expect(same, all, 2);
	expect(bare, all, 3);
	http_headers_free(&more);
	http_headers_free(&same);
	http_headers_free(&bare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_stand_as_they_were_given),
		cmocka_unit_test(none_are_null),
		cmocka_unit_test(joined_ones_outlive_their_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
