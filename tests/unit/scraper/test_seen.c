#include "cmd/scraper/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clk.h"
#include "common/xmem.h"

static void the_last_ones_are_known(void **state)
{
	struct seen *s = NULL;

	(void)state;
	assert_false(seen_has(s, 1));
	for (uint64_t i = 1; i <= 5 * SEEN_MAX; i++) {
		seen_add(&s, i * i);
		assert_true(seen_has(s, i * i));
		if (i > SEEN_MAX) {
			assert_false(
				seen_has(s, (i - SEEN_MAX) * (i - SEEN_MAX)));
			assert_true(seen_has(s, (i - SEEN_MAX + 1) *
							(i - SEEN_MAX + 1)));
		}
	}
	assert_int_equal(seen_count(s), SEEN_MAX);
	assert_int_equal(seen_at(s, SEEN_MAX - 1),
			 25 * (uint64_t)SEEN_MAX * SEEN_MAX);
	seen_free(&s);
	assert_null(s);
}

/* Few values, all in the same places: against the plain way to do it. */
static void equal_ones_are_counted(void **state)
{
	static uint64_t all[20 * SEEN_MAX];
	struct seen *s = NULL;
	uint64_t r = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		size_t from = i + 1 < SEEN_MAX ? 0 : i + 1 - SEEN_MAX;

		r = r * 6364136223846793005 + 1442695040888963407;
		all[i] = (r >> 33) % 700 * (r >> 60);
		seen_add(&s, all[i]);
		if (i % 61)
			continue;
		for (uint64_t v = 0; v < 700; v += 7) {
			bool want = false;

			for (size_t k = from; k <= i; k++)
				want |= all[k] == v;
			assert_int_equal(seen_has(s, v), want);
		}
	}
	seen_free(&s);
}

/* Letters are messages. */
static size_t overlap(const char *known, const char *come)
{
	struct seen *s = NULL;
	uint64_t v[64];
	size_t n;

	for (const char *p = known; *p; p++)
		seen_add(&s, (uint64_t)*p);
	for (n = 0; come[n]; n++)
		v[n] = (uint64_t)come[n];
	n = seen_overlap(s, v, n);
	seen_free(&s);
	return n;
}

static void what_is_repeated_is_recognised(void **state)
{
	static const struct {
		const char *known, *come;
		size_t want;
	} cases[] = {
		{ "", "abc", 0 },    /* nothing is known */
		{ "abc", "", 0 },    /* nothing comes */
		{ "abc", "def", 0 }, /* nothing in common */
		{ "abc", "abc", 3 }, /* all of it again */
		{ "abc", "bcd", 2 }, /* a window that went on */
		{ "abcd", "cdef", 2 },
		{ "abc", "abcabc", 3 }, /* all that is known, and again */
		{ "abc", "xyabcd", 5 }, /* from before we came, too */
		{ "abc", "b", 0 },	/* equal, but not the last: new */
		{ "abc", "bd", 0 },
		{ "abc", "c", 1 },
		{ "abc", "cc", 1 },
		{ "all", "all", 3 },  /* two equal ones, known */
		{ "all", "alll", 3 }, /* and a third, new */
		{ "all", "lll", 2 },
		{ "ll", "lll", 2 },
		{ "l", "lll", 1 },
		{ "abab", "abab", 4 },
		{ "abab", "ababab", 4 },
		{ "xabab", "abab", 4 },
		{ "xabab", "babc", 3 },
		{ "aaaa", "aaaaa", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (overlap(cases[i].known, cases[i].come) != cases[i].want)
			fail_msg("%s, %s: %zu", cases[i].known, cases[i].come,
				 overlap(cases[i].known, cases[i].come));
}

static void a_window_over_a_full_memory_is_recognised(void **state)
{
	struct seen *s = NULL;
	uint64_t v[3 * SEEN_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		v[i] = i % 7 * (i % 11);
	for (size_t i = 0; i < 2 * SEEN_MAX; i++)
		seen_add(&s, v[i]);
	assert_int_equal(seen_overlap(s, v + SEEN_MAX, SEEN_MAX + 5), SEEN_MAX);
	assert_int_equal(seen_overlap(s, v + 2 * SEEN_MAX - 200, 205), 200);
	seen_free(&s);
}

static void hashes_tell_parts_apart(void **state)
{
	(void)state;
	assert_true(seen_hash_id(STR("1")) == seen_hash_id(STR("1")));
	assert_true(seen_hash_id(STR("1")) != seen_hash_id(STR("2")));
	assert_true(seen_hash_content(STR("a"), STR("bc"), 1) !=
		    seen_hash_content(STR("ab"), STR("c"), 1));
	assert_true(seen_hash_content(STR("a"), STR("b"), 1) !=
		    seen_hash_content(STR("b"), STR("a"), 1));
	assert_true(seen_hash_content(STR("a"), STR("b"), 1) !=
		    seen_hash_content(STR("a"), STR("b"), 2));
	assert_true(seen_hash_content(STR("a"), STR("b"), CLK_NONE) ==
		    seen_hash_content(STR("a"), STR("b"), CLK_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_ones_are_known),
		cmocka_unit_test(equal_ones_are_counted),
		cmocka_unit_test(what_is_repeated_is_recognised),
		cmocka_unit_test(a_window_over_a_full_memory_is_recognised),
		cmocka_unit_test(hashes_tell_parts_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
