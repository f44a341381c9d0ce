#include "common/str.h"

#include <stdio.h>
#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define NOT_FOUND ((size_t)-1)

static const struct str absent;

static void strings_compare_by_their_bytes(void **state)
{
	(void)state;
	assert_true(str_eq(absent, STR("")));
	assert_true(str_is(STR("ab"), "ab"));
	assert_false(str_is(STR("ab"), "abc"));
	assert_false(str_is(STR("a\0b"), "a"));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_true(str_starts(STR("abc"), absent));
	assert_false(str_starts(STR("ab"), STR("abc")));
	assert_true(str_is_any(STR("b"), (const char *[]){ "a", "b", NULL }));
	assert_false(str_is_any(STR("B"), (const char *[]){ "a", "b", NULL }));
	assert_false(str_is_any(STR("a"), (const char *[]){ NULL }));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_false(str_ends(STR("c"), STR("bc")));
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(absent, STR("")), 0);
	assert_true(str_eq_nocase(STR("aZ9"), STR("Az9")));
	assert_false(str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_null(str_from(NULL).p);
}

static void parts_are_cut_within_bounds(void **state)
{
	struct str rest, s = STR("  a\t\r\n\v\f");

	(void)state;
	assert_true(str_is(str_trim(s), "a"));
	assert_int_equal(str_trim(STR(" \n ")).len, 0);
	assert_int_equal(str_trim(absent).len, 0);
	assert_true(str_is(str_sub(STR("abc"), 1, 99), "bc"));
	assert_int_equal(str_sub(STR("abc"), 9, 10).len, 0);
	assert_int_equal(str_sub(STR("abc"), 2, 1).len, 0);
	assert_null(str_sub(absent, 1, 2).p);
	assert_true(str_is(str_cut(STR("a=b=c"), '=', &rest), "a"));
	assert_true(str_is(rest, "b=c"));
	assert_true(str_is(str_cut(STR("a="), '=', &rest), "a"));
	assert_true(rest.p && rest.len == 0);
	assert_true(str_is(str_cut(STR("a"), '=', &rest), "a"));
	assert_null(rest.p);
}

static void needles_are_found(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
	assert_int_equal(str_find(STR("abc"), STR("abcd")), NOT_FOUND);
	assert_int_equal(str_find(STR("abc"), STR("x")), NOT_FOUND);
	assert_int_equal(str_find(absent, STR("x")), NOT_FOUND);
	assert_int_equal(str_find(absent, absent), 0);
	assert_int_equal(str_chr(STR("a\0b"), 'b'), 2);
	assert_int_equal(str_chr(STR("a\0b"), '\0'), 1);
	assert_int_equal(str_chr(absent, 'b'), NOT_FOUND);
}

static void tokens_skip_what_is_empty(void **state)
{
	struct str s = STR(" ,a,, b\0c d, "), token;

	(void)state;
	assert_true(str_token(&s, " ,", &token));
	assert_true(str_is(token, "a"));
	assert_true(str_token(&s, " ,", &token));
	assert_true(str_eq(token, STR("b\0c"))); /* NUL separates nothing */
	assert_true(str_token(&s, " ,", &token));
	assert_true(str_is(token, "d"));
	assert_false(str_token(&s, " ,", &token));
	assert_int_equal(s.len, 0);
	s = absent;
	assert_false(str_token(&s, " ", &token));
}

static void numbers_are_digits_that_fit(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "1x",
					   "18446744073709551616",
					   "99999999999999999999",
					   "000000000000000000001" };
	uint64_t v = 7;

	(void)state;
	assert_true(str_u64(STR("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_true(str_u64(STR("00"), &v));
	assert_int_equal(v, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (str_u64(str_from(bad[i]), &v))
			fail_msg("'%s' was taken", bad[i]);
}

static void durations_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "0s", 0 },	      { "250ms", 250 },
		{ "90s", 90000 },     { "15m", 900000 },
		{ "1h", 3600000 },    { "7d", 604800000 },
		{ "2w", 1209600000 }, { "3650d", INT64_C(315360000000) },
	};
	static const char *const bad[] = { "",
					   "5",
					   "s",
					   "-5s",
					   "5S",
					   "5 s",
					   "5s ",
					   "1.5h",
					   "5y",
					   "3651d",
					   "522w",
					   "5ss",
					   "18446744073709551615ms" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(str_duration_ms(str_from(good[i].text), &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (str_duration_ms(str_from(bad[i]), &ms))
			fail_msg("'%s' was taken", bad[i]);
}

static void utf8_is_checked_as_rfc_3629_says(void **state)
{
	static const char *const good[] = {
		"",
		"abcdefgh",
		"abcdefgh\xc3\xa4",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};
	static const char *const bad[] = {
		"\x80",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xc3(",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xe2\x82",
		"\xe2(\xa1",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf0\x9f\x98",
		"\xff",
		"abcdefgh\xfe",
		"\xf8\x88\x80\x80\x80",
	};
	uint32_t cp;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!str_is_utf8(str_from(good[i])))
			fail_msg("good %zu was refused", i);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (str_is_utf8(str_from(bad[i])))
			fail_msg("bad %zu was taken", i);
		if (bad[i][0] == 'a')
			continue;
		assert_int_equal(utf8_decode(str_from(bad[i]), &cp), 1);
		assert_int_equal(cp, 0xfffd);
	}
}

static void characters_are_encoded_and_decoded(void **state)
{
	char out[4];
	uint32_t got;

	(void)state;
	for (uint32_t cp = 0; cp < 0x110100; cp += cp < 0x3000 ? 1 : 61) {
		size_t n = utf8_encode(cp, out);
		bool valid = cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);

		assert_int_equal(utf8_decode((struct str){ out, n }, &got), n);
		assert_int_equal(got, valid ? cp : 0xfffd);
	}
}

static void text_is_cut_between_characters(void **state)
{
	struct str s = STR("a\xe2\x82\xac"
			   "b");
	char small[4];

	(void)state;
	assert_int_equal(str_utf8_prefix(s, 0).len, 0);
	assert_int_equal(str_utf8_prefix(s, 1).len, 1);
	assert_int_equal(str_utf8_prefix(s, 2).len, 1);
	assert_int_equal(str_utf8_prefix(s, 3).len, 1);
	assert_int_equal(str_utf8_prefix(s, 4).len, 4);
	assert_int_equal(str_utf8_prefix(s, 99).len, 5);
	assert_true(str_copy(small, sizeof(small), STR("abc")));
	assert_string_equal(small, "abc");
	assert_false(str_copy(small, sizeof(small), STR("abcd")));
	assert_string_equal(small, "abc");
	assert_true(str_copy(small, sizeof(small), absent));
	assert_string_equal(small, "");
}

static void what_cannot_be_shown_becomes_a_question_mark(void **state)
{
	char text[] = "a\n\x1b[1m\x7f\xc2\x9b\xff\xe2\x82\xac\xe2\x82";

	(void)state;
	str_make_printable(text);
	assert_string_equal(text, "a??[1m???\xe2\x82\xac??");
}

static void ids_are_short_and_plain(void **state)
{
	char text[STR_ID_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(str_is_id(STR("aZ09._-")));
	assert_true(str_is_id((struct str){ text, STR_ID_MAX }));
	assert_false(str_is_id((struct str){ text, STR_ID_MAX + 1 }));
	assert_false(str_is_id(STR("")));
	assert_false(str_is_id(STR("a/b")));
	assert_false(str_is_id(STR("a b")));
	assert_false(str_is_id(STR("\xc3\xa4")));
	assert_false(str_is_id(STR("a\0b")));
}

static void the_hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_true(str_hash(absent) == UINT64_C(0xcbf29ce484222325));
	assert_true(str_hash(STR("a")) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(str_hash(STR("foobar")) == UINT64_C(0x85944171f73967e8));
}

static void neighbours_have_ids_with_nothing_in_common(void **state)
{
	char text[] = "rule lamp weir/scraper/3f2a9c01 0000";
	struct str s = str_from(text);
	uint64_t one = str_hash_id(s);
	unsigned bits, least = 64, sum = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		snprintf(text + s.len - 4, 5, "%04d", i);
		bits = (unsigned)__builtin_popcountll(one ^ str_hash_id(s));
		least = bits < least ? bits : least;
		sum += bits;
	}
	/* Of 64 bits, 32 differ between two random numbers. */
	assert_in_range(sum / 1000, 31, 33);
	assert_in_range(least, 14, 32);
}

static void numbers_are_written_as_they_are_read(void **state)
{
	char out[STR_U64_MAX];
	uint64_t v = 1, back;

	(void)state;
	for (int i = 0; i < 64; i++, v = v << 1 | (i & 1)) {
		struct str s = { out, str_put_u64(out, v) };

		assert_true(str_u64(s, &back) && back == v);
		assert_int_equal(str_put_u64(out, v % 100),
				 v % 100 < 10 ? 1 : 2);
	}
	assert_int_equal(str_put_u64(out, UINT64_MAX), STR_U64_MAX);
	assert_memory_equal(out, "18446744073709551615", STR_U64_MAX);
}

static void the_fast_hash_tells_texts_apart(void **state)
{
	const char text[] = "price.update/item-001 price.update/item-002";
	uint64_t seen[sizeof(text)];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		seen[n] = str_hash_fast((struct str){ text, n });
		assert_int_equal(seen[n],
				 str_hash_fast((struct str){ text, n }));
		for (size_t k = 0; k < n; k++)
			assert_true(seen[k] != seen[n]);
	}
	assert_true(str_hash_fast((struct str){ text, 21 }) !=
		    str_hash_fast((struct str){ text + 22, 21 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_compare_by_their_bytes),
		cmocka_unit_test(parts_are_cut_within_bounds),
		cmocka_unit_test(needles_are_found),
		cmocka_unit_test(tokens_skip_what_is_empty),
		cmocka_unit_test(numbers_are_digits_that_fit),
		cmocka_unit_test(durations_have_a_unit),
		cmocka_unit_test(utf8_is_checked_as_rfc_3629_says),
		cmocka_unit_test(characters_are_encoded_and_decoded),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(what_cannot_be_shown_becomes_a_question_mark),
		cmocka_unit_test(ids_are_short_and_plain),
		cmocka_unit_test(the_hash_is_fnv_1a),
		cmocka_unit_test(neighbours_have_ids_with_nothing_in_common),
		cmocka_unit_test(numbers_are_written_as_they_are_read),
		cmocka_unit_test(the_fast_hash_tells_texts_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
