#include "common/words.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void text_becomes_a_row_of_folded_words(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ " -- !? ", "" },
		{ "Red Bicycle", " red bicycle " },
		{ "  e-bike, (size 56)! ", " e bike size 56 " },
		{ "men's", " men s " },
		{ "STRA\xe1\xba\x9e"
		  "E",
		  " stra\xc3\x9f"
		  "e " },
		{ "\xc3\x89T\xc3\x89", " \xc3\xa9t\xc3\xa9 " },
		{ "\xce\x9f\xce\x94\xce\x9f\xce\xa3",
		  " \xce\xbf\xce\xb4\xce\xbf\xcf\x83 " },
		{ "\xce\xbf\xce\xb4\xcf\x8c\xcf\x82",
		  " \xce\xbf\xce\xb4\xcf\x8c\xcf\x83 " },
		{ "\xd0\x81\xd0\x9b\xd0\x9a\xd0\x90",
		  " \xd1\x91\xd0\xbb\xd0\xba\xd0\xb0 " },
		{ "\xc5\xb9\xc5\xba", " \xc5\xba\xc5\xba " },
		/* no-break space, em dash, euro sign, emoji separate */
		{ "a\xc2\xa0"
		  "b\xe2\x80\x94"
		  "c\xe2\x82\xac"
		  "d"
		  "\xf0\x9f\x9a\xb2"
		  "e",
		  " a b c d e " },
		/* a combining accent stays with its letter */
		{ "cafe\xcc\x81", " cafe\xcc\x81 " },
		/* bytes that are not UTF-8 separate */
		{ "a\xff"
		  "b",
		  " a b " },
		{ "\xe6\x97\xa5\xe6\x9c\xac", " \xe6\x97\xa5\xe6\x9c\xac " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = { 0 };

		words_add(&b, str_from(cases[i][0]));
		if (strcmp(buf_str(&b).p, cases[i][1]) != 0)
			fail_msg("%s became '%s'", cases[i][0], b.p);
		buf_free(&b);
	}
}

static void folding_is_done_after_once(void **state)
{
	static const struct {
		uint32_t from, to;
	} pairs[] = {
		{ 'A', 'a' },		{ 'z', 'z' },	    { 0xb5, 0xb5 },
		{ 0xc0, 0xe0 },		{ 0xd7, 0xd7 },	    { 0xdf, 0xdf },
		{ 0x100, 0x101 },	{ 0x101, 0x101 },   { 0x178, 0xff },
		{ 0x17d, 0x17e },	{ 0x17f, 's' },	    { 0x391, 0x3b1 },
		{ 0x3c2, 0x3c3 },	{ 0x386, 0x3ac },   { 0x400, 0x450 },
		{ 0x410, 0x430 },	{ 0x4c0, 0x4cf },   { 0x531, 0x561 },
		{ 0x1e9e, 0xdf },	{ 0x1f08, 0x1f00 }, { 0xff21, 0xff41 },
		{ 0x10ffff, 0x10ffff },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (words_fold(pairs[i].from) != pairs[i].to)
			fail_msg("U+%04X became U+%04X", pairs[i].from,
				 words_fold(pairs[i].from));
	for (uint32_t cp = 0; cp < 0x20000; cp++)
		assert_int_equal(words_fold(words_fold(cp)), words_fold(cp));
}

static void only_whole_words_are_found(void **state)
{
	static const struct {
		const char *row, *phrase;
		bool want;
	} cases[] = {
		{ " red bicycle ", " red ", true },
		{ " red bicycle ", " bicycle ", true },
		{ " red bicycle ", " red bicycle ", true },
		{ " red bicycles ", " bicycle ", false },
		{ " bored ", " red ", false },
		{ " red \n bicycle ", " red bicycle ", false },
		{ "", " red ", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(words_contain(str_from(cases[i].row),
					       str_from(cases[i].phrase)),
				 cases[i].want);
}

/* Found without the row as with it. */
static void text_mentions_what_its_row_contains(void **state)
{
	static const char *const texts[] = {
		"",
		"-",
		"Red Bicycle",
		"a RED -- bicycle!",
		"red bicycles",
		"bored",
		"red red bicycle",
		"(red)",
		"r e d",
		"redred red bicycle bell",
		"a a a b",
		"\xc3\x89T\xc3\x89, a\377b red",
	};
	static const char *const phrases[] = {
		"red",	   "RED bicycle", "bicycle",	       "a a b",
		"red red", "b red",	  "\xc3\xa9t\xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts) * ARRAY_LEN(phrases); i++) {
		struct str text = str_from(texts[i % ARRAY_LEN(texts)]);
		struct str phrase = str_from(phrases[i / ARRAY_LEN(texts)]);
		struct buf row = { 0 }, want = { 0 };
		uint16_t table[64];

		words_add(&row, text);
		words_add(&want, phrase);
		words_table(buf_str(&want), table);
		if (words_mention(text, buf_str(&want), table) !=
		    words_contain(buf_str(&row), buf_str(&want)))
			fail_msg("'%s' in '%s'", phrase.p, text.p);
		buf_free(&row);
		buf_free(&want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_a_row_of_folded_words),
		cmocka_unit_test(folding_is_done_after_once),
		cmocka_unit_test(only_whole_words_are_found),
		cmocka_unit_test(text_mentions_what_its_row_contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
