#include "cmd/notifier/words.h"

#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static void lines_are_split_as_said(void **state)
{
	static const struct {
		const char *line;
		const char *want; /* words with '|' behind each; NULL: none */
	} t[] = {
		{ "/bin/x", "/bin/x|" },
		{ "  a \t b  ", "a|b|" },
		{ "a 'b c' \"d e\"", "a|b c|d e|" },
		{ "a''b '' \"\"", "ab|||" },
		{ "a\\ b 'c\\d' \"e\\\"f\"", "a b|c\\d|e\"f|" },
		{ "a $HOME `b` ; * > c", "a|$HOME|`b`|;|*|>|c|" },
		{ "a'b\"c'd", "ab\"cd|" },
		{ "", NULL },
		{ "  ", NULL },
		{ "'' a", NULL },
		{ "a 'b", NULL },
		{ "a \"b", NULL },
		{ "a \\", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct err e = { 0 };
		struct arena a = { 0 };
		char **w = words_split(str_from(t[i].line), &a, &e);
		struct buf got = { 0 };

		if (!t[i].want) {
			if (w)
				fail_msg("%s: was taken", t[i].line);
			assert_int_equal(e.code, EX_CONFIG);
			arena_free(&a);
			continue;
		}
		assert_non_null(w);
		for (char **p = w; *p; p++)
			buf_addf(&got, "%s|", *p);
		assert_string_equal(got.p, t[i].want);
		buf_free(&got);
		arena_free(&a);
	}
}

static void there_is_a_limit_to_words(void **state)
{
	char line[2 * WORDS_MAX + 3];
	struct arena a = { 0 };
	struct err e;
	char **w;

	(void)state;
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = i % 2 ? ' ' : 'a';
	w = words_split((struct str){ line, 2 * WORDS_MAX }, &a, &e);
	assert_non_null(w);
	assert_null(w[WORDS_MAX]);
	assert_null(
		words_split((struct str){ line, 2 * WORDS_MAX + 1 }, &a, &e));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_split_as_said),
		cmocka_unit_test(there_is_a_limit_to_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
