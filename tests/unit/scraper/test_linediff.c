#include "cmd/scraper/linediff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/xmem.h"

/* Texts with a line per letter; what is lost, then what is gained. */
struct change {
	const char *before, *after, *removed, *added;
};

static struct str spread(const char *letters, struct arena *a)
{
	char *p = arena_alloc(a, 1000);
	size_t n = 0;

	for (; *letters; letters++) {
		p[n++] = *letters;
		p[n++] = '\n';
	}
	return (struct str){ p, n };
}

static struct str gather(const struct str *lines, size_t n, struct arena *a)
{
	char *p = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(lines[i].len, 1);
		p[i] = lines[i].p[0];
	}
	return (struct str){ p, n };
}

static void finds_the_shortest_edit(void **state)
{
	static const struct change cases[] = {
		{ "", "", "", "" },
		{ "abc", "abc", "", "" },
		{ "", "abc", "", "abc" },
		{ "abc", "", "abc", "" },
		{ "abc", "axc", "b", "x" },
		{ "abc", "abcd", "", "d" },
		{ "abc", "xabc", "", "x" },
		{ "abc", "ac", "b", "" },
		{ "abc", "cab", "c", "c" },
		{ "aaaa", "aa", "aa", "" },
		{ "ab", "ba", "a", "a" },
		{ "abcdef", "ghijkl", "abcdef", "ghijkl" },
		{ "abcabba", "cbabac", "abb", "bc" },
		{ "xaxbxc", "abc", "xxx", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct change *c = &cases[i];
		struct arena a = { 0 };
		struct linediff d;
		struct str removed, added;

		linediff(spread(c->before, &a), spread(c->after, &a), false, &a,
			 &d);
		removed = gather(d.removed, d.n_removed, &a);
		added = gather(d.added, d.n_added, &a);
		if (!str_is(removed, c->removed) || !str_is(added, c->added) ||
		    d.unordered)
			fail_msg("%s to %s: -%.*s +%.*s", c->before, c->after,
				 STR_ARG(removed), STR_ARG(added));
		arena_free(&a);
	}
}

/* The length of the longest common subsequence, the slow way. */
static size_t common_length(const char *x, size_t n, const char *y, size_t m)
{
	size_t row[64] = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0, diagonal = 0; j < m; j++) {
			size_t above = row[j + 1];

			row[j + 1] = x[i] == y[j]     ? diagonal + 1
				     : above > row[j] ? above
						      : row[j];
			diagonal = above;
		}
	return row[m];
}

static void agrees_with_the_slow_way(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char x[41] = "", y[41] = "";
		size_t n, m, common;
		struct arena a = { 0 };
		struct linediff d;

		for (size_t i = 0; i < 80; i++) {
			seed = seed * 1664525 + 1013904223;
			(i < 40 ? x : y)[i % 40] =
				(char)('a' + (seed >> 24) % 4);
		}
		n = seed >> 8 & 31;
		m = seed >> 16 & 31;
		x[n] = y[m] = '\0';
		common = common_length(x, n, y, m);
		linediff(spread(x, &a), spread(y, &a), false, &a, &d);
		if (d.n_removed != n - common || d.n_added != m - common)
			fail_msg("%s to %s: %zu lost, %zu gained", x, y,
				 d.n_removed, d.n_added);
		arena_free(&a);
	}
}

static void the_last_line_needs_no_end(void **state)
{
	struct arena a = { 0 };
	struct linediff d;

	(void)state;
	linediff(STR("a\nb"), STR("a\nb\n"), false, &a, &d);
	assert_int_equal(d.n_removed + d.n_added, 0);
	linediff(STR("a\n\nb"), STR("a\nb"), false, &a, &d);
	assert_int_equal(d.n_removed, 1);
	assert_int_equal(d.removed[0].len, 0);
	assert_int_equal(d.n_added, 0);
	arena_free(&a);
}

static void too_different_texts_are_compared_as_sets(void **state)
{
	enum { N = 3000 };
	struct arena a = { 0 };
	struct buf up = { 0 }, down = { 0 };
	struct linediff d;

	(void)state;
	for (int i = 0; i < N; i++) {
		buf_addf(&up, "line %d\n", i);
		buf_addf(&down, "line %d\n", N - 1 - i);
	}
	linediff(buf_str(&up), buf_str(&down), false, &a, &d);
	assert_true(d.unordered);
	assert_int_equal(d.n_removed + d.n_added, 0);

	buf_puts(&down, "line 7\nnew\n");
	linediff(buf_str(&up), buf_str(&down), false, &a, &d);
	assert_true(d.unordered);
	assert_int_equal(d.n_removed, 0);
	assert_int_equal(d.n_added, 2);
	assert_true(str_is(d.added[0], "line 7"));
	assert_true(str_is(d.added[1], "new"));
	buf_free(&up);
	buf_free(&down);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_shortest_edit),
		cmocka_unit_test(agrees_with_the_slow_way),
		cmocka_unit_test(the_last_line_needs_no_end),
		cmocka_unit_test(too_different_texts_are_compared_as_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
