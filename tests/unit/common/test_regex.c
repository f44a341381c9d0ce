#include "common/regex.h"

#include <malloc.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct regex *compile(const char *pattern)
{
	struct err e = { 0 };
	size_t at;
	struct regex *re = regex_compile(str_from(pattern), &at, &e);

	if (!re)
		fail_msg("%s: byte %zu: %s", pattern, at, e.msg);
	return re;
}

static int match(const char *pattern, struct str text)
{
	struct regex *re = compile(pattern);
	int first = regex_match(re, text), again = regex_match(re, text);

	regex_free(&re);
	assert_null(re);
	assert_int_equal(first, again);
	return first;
}

static void a_pattern_is_found_or_not(void **state)
{
	static const struct {
		const char *pattern, *text;
		int want;
	} cases[] = {
		{ "red", "bored", 1 },
		{ "\\bred\\b", "bored", 0 },
		{ "^red$", "red", 1 },
		{ "(?i)ROLEX|omega", "a Rolex", 1 },
		{ "(?i)É", "é", 1 },
		{ "^\\w+$", "Größe", 1 },
		{ "^.$", "🚲", 1 },
		{ "\\d+ ?(km|miles)", "12 km", 1 },
		{ "\\d+ ?(km|miles)", "km", 0 },
		{ "^$", "", 1 },
		{ "a(?=b)", "ab", 1 },
		{ "(?<!a)b", "ab", 0 },
		{ "^(\\((?1)*\\))$", "(()())", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (match(cases[i].pattern, str_from(cases[i].text)) !=
		    cases[i].want)
			fail_msg("%s in %s", cases[i].pattern, cases[i].text);
	assert_int_equal(match("^$", (struct str){ 0 }), 1);
}

static void a_mistake_is_said_and_where(void **state)
{
	static const struct {
		const char *pattern;
		size_t at;
		const char *why;
	} cases[] = {
		{ "a(b", 3, "missing closing parenthesis" },
		{ "ab)", 2, "unmatched closing parenthesis" },
		{ "a[b", 3, "missing terminating ]" },
		{ "*a", 0, "quantifier does not follow" },
		{ "é+[z-a]", 6, "range out of order" },
		{ "a\\", 2, "\\ at end of pattern" },
		{ "\\C", 2, "using \\C is disabled" },
		{ "\\d\\\\(a)b\\1", 8, "cannot be asked for again" },
		{ "(?<n>a)\\k<n>", 7, "cannot be asked for again" },
		{ "(?:a{1,500}b{1,500}){1,400}", 0, "too large" },
		{ "((a{1000}){1000}){1000}", 0, "too large" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str pattern = str_from(cases[i].pattern);
		struct err e = { 0 };
		size_t at = 99;

		if (regex_compile(pattern, &at, &e))
			fail_msg("%s was taken", cases[i].pattern);
		assert_int_equal(e.code, EX_DATAERR);
		if (!strstr(e.msg, cases[i].why) || at > pattern.len)
			fail_msg("%s: byte %zu: %s", cases[i].pattern, at,
				 e.msg);
		if (cases[i].at && at != cases[i].at)
			fail_msg("%s: byte %zu", cases[i].pattern, at);
	}
}

static struct str fill(struct buf *b, const char *first, const char *part,
		       size_t n, const char *last)
{
	buf_reset(b);
	buf_puts(b, first);
	for (size_t i = 0; i < n; i++)
		buf_puts(b, part);
	buf_puts(b, last);
	return buf_str(b);
}

static void limits_of_a_pattern_are_kept(void **state)
{
	struct buf b = { 0 };
	struct err e;
	size_t at;
	struct regex *re;

	(void)state;
	re = regex_compile(fill(&b, "", "a", REGEX_PATTERN_MAX, ""), &at, &e);
	assert_non_null(re);
	regex_free(&re);
	regex_free(&re);
	assert_null(regex_compile(fill(&b, "", "a", REGEX_PATTERN_MAX, "a"),
				  &at, &e));
	assert_int_equal(at, REGEX_PATTERN_MAX);
	fill(&b, "", "(", REGEX_NESTED_MAX, "a");
	for (size_t i = 0; i < REGEX_NESTED_MAX; i++)
		buf_putc(&b, ')');
	re = regex_compile(buf_str(&b), &at, &e);
	assert_non_null(re);
	regex_free(&re);
	assert_null(regex_compile(fill(&b, "", "(", REGEX_NESTED_MAX + 1, "a"),
				  &at, &e));
	assert_non_null(strstr(e.msg, "nested"));
	buf_free(&b);
}

/* Patterns that take for ever with a matcher that goes back, and what do. */
static void no_pattern_takes_for_ever(void **state)
{
	static const char *const patterns[] = {
		"a*[xy]",
		"a*a*[xy]",
		"(a+)+[xy]",
		"(a|a)*[xy]",
		"(a|aa)+[xy]",
		"(?:a(?=.*[ac])){0,50}[xy]",
		"(a(?=(.*(?=.*[ac]))*))*[xy]",
		"(?:(?:a?){9}){9}[xy]",
		"(?:.*a){12}[xy]",
		"(?s).*.*.*[xy]",
		"\\X*\\X*[xy]",
		"(a(?1)?)+[xy]",
		"(?>a|a(?R))*[xy]",
		"(?<![b-z]{200}).*[xy]",
		"(*LIMIT_MATCH=999999999)(*LIMIT_HEAP=999999999)(a?a?)*[xy]",
		"(*NO_START_OPT)(*NO_AUTO_POSSESS)(a?a?)*[xy]",
		"(*NO_JIT)(a|a?)+[xy]",
	};
	struct buf b = { 0 };

	(void)state;
	fill(&b, "", "a", 128 << 10, "");
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (match(patterns[i], buf_str(&b)) == 1)
			fail_msg("%s", patterns[i]);
	/* and these are known to be too much */
	for (size_t i = 0; i < 10; i++)
		if (match(patterns[i], buf_str(&b)) != -1)
			fail_msg("%s", patterns[i]);
	assert_int_equal(match("(\\w|\\w\\w)+[!?]",
			       STR("Donaudampfschifffahrtsgesellschaft")),
			 -1);
	/* while a long text by itself is none */
	assert_int_equal(match("\\d+ ?(km|miles)", buf_str(&b)), 0);
	assert_int_equal(match("a\\b", buf_str(&b)), 1);
	fill(&b, "", "some words = 5, ", 8192, "size 56");
	assert_int_equal(match("(?i)size ?5[0-9]$", buf_str(&b)), 1);
	assert_int_equal(match("\\w+\\s*=\\s*\\d{2}", buf_str(&b)), 0);
	buf_free(&b);
}

static void asking_again_costs_no_memory(void **state)
{
	struct regex *re = compile("(a|b)*c[xy]"),
		     *slow = compile("(*NO_JIT)(a|b)*c");
	struct buf b = { 0 };
	size_t before = 0;

	(void)state;
	fill(&b, "", "ab", 5000, "cx");
	for (int i = 0; i < 20; i++) {
		if (i == 10)
			before = mallinfo2().uordblks;
		assert_int_equal(regex_match(re, STR("abcx")), 1);
		assert_int_equal(regex_match(re, buf_str(&b)), 1);
		assert_int_equal(regex_match(slow, buf_str(&b)), 1);
	}
	assert_true(before == mallinfo2().uordblks);
	buf_free(&b);
	regex_free(&re);
	regex_free(&slow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_found_or_not),
		cmocka_unit_test(a_mistake_is_said_and_where),
		cmocka_unit_test(limits_of_a_pattern_are_kept),
		cmocka_unit_test(no_pattern_takes_for_ever),
		cmocka_unit_test(asking_again_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
