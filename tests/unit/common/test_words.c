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
		{ "STRAẞE Straße", " straße straße " },
		{ "ÉTÉ Señor Ångström", " ete senor angstrom " },
		{ "ΟΔΟΣ οδός ὈΔΟῦ", " οδοσ οδοσ οδου " },
		{ "ЁЛКА йод їжак", " елка иод іжак " },
		{ "ŹźŻż Łódź", " zzzz łodz " },
		{ "Tiếng Việt Đường", " tieng viet đuong " },
		{ "Smørrebrød İstanbul ılık", " smørrebrød istanbul ılık " },
		/* no-break space, em dash, euro sign, emoji separate */
		{ "a b—c€d🚲e", " a b c d e " },
		/* a combining accent is one with its letter, or with none */
		{ "cafe\xcc\x81", " cafe " },
		{ "\xcc\x81 \xcc\x81x \xcc\x81", " x " },
		{ "\xcc\x81", "" },
		/* bytes that are not UTF-8 separate */
		{ "a\xff"
		  "b",
		  " a b " },
		/* marks of other scripts are letters */
		{ "日本 が हिन्दी", " 日本 が हिन्दी " },
		/* what takes more bytes when it is folded */
		{ "ȺȾ", " ⱥⱦ " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = { 0 };

		words_add(&b, str_from(cases[i][0]));
		if (!str_is(buf_str(&b), cases[i][1]))
			fail_msg("%s became '%.*s'", cases[i][0],
				 STR_ARG(buf_str(&b)));
		assert_int_equal(words_any(str_from(cases[i][0])), b.len > 0);
		buf_free(&b);
	}
}

static void folding_is_done_after_once(void **state)
{
	static const struct {
		uint32_t from, to;
	} pairs[] = {
		{ 'A', 'a' },		{ 'z', 'z' },	    { 0xb5, 0xb5 },
		{ 0xc0, 'a' },		{ 0xd7, 0xd7 },	    { 0xdf, 0xdf },
		{ 0xd8, 0xf8 },		{ 0x100, 'a' },	    { 0x178, 'y' },
		{ 0x17d, 'z' },		{ 0x17f, 's' },	    { 0x391, 0x3b1 },
		{ 0x3c2, 0x3c3 },	{ 0x386, 0x3b1 },   { 0x400, 0x435 },
		{ 0x410, 0x430 },	{ 0x4c0, 0x4cf },   { 0x531, 0x561 },
		{ 0x1e9e, 0xdf },	{ 0x1f08, 0x3b1 },  { 0xff21, 0xff41 },
		{ 0x1f82, 0x3b1 },	{ 0x1ed9, 'o' },    { 0x130, 'i' },
		{ 0x131, 0x131 },	{ 0x212b, 'a' },    { 0x2126, 0x3c9 },
		{ 0x300, 0 },		{ 0x345, 0 },	    { 0x489, 0x489 },
		{ 0x304c, 0x304c },	{ 0xac01, 0xac01 }, { 0xfb01, 0xfb01 },
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

static void a_phrase_may_end_in_the_beginning_of_a_word(void **state)
{
	static const char *const cases[][2] = {
		{ "Red bicyc*", " red bicyc" },
		{ "bicyc* ", " bicyc" },
		{ "café\xcc\x81*", " cafe" },
		{ "red *", " red " },
		{ "red -*", " red " },
		{ "re*d", " re d " },
		{ "red**", " red " },
		{ "*", "" },
		{ "", "" },
		{ "\xcc\x81*", "" },
		{ "*red", " red " },
		{ "red !*", " red " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = { 0 };

		buf_putc(&b, 'x');
		words_phrase(&b, str_from(cases[i][0]));
		if (!str_is(str_sub(buf_str(&b), 1, b.len), cases[i][1]))
			fail_msg("%s became '%s'", cases[i][0], b.p + 1);
		buf_free(&b);
	}
}

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
	"ÉTÉ, a\377b re\u0301d",
	"ete",
	"\xcc\x81",
};
static const char *const phrases[] = {
	"red", "RED bicycle", "bicycle", "a a b",	"red red", "b red",
	"été", "red bicyc*",  "re*",	 "e\xcc\x81t*", "a a a*",  "*d",
};

static void make_wanted(struct words_wanted *w, struct buf *row,
			uint16_t table[64], struct str phrase)
{
	words_phrase(row, phrase);
	words_table(buf_str(row), table);
	*w = (struct words_wanted){ buf_str(row), table };
}

/* Found without the row as with it, one and one of many. */
static void text_mentions_what_its_row_contains(void **state)
{
	enum { N = ARRAY_LEN(phrases) };
	struct words_wanted wanted[N];
	struct buf rows[N] = { { 0 } };
	uint16_t tables[N][64];

	(void)state;
	for (size_t i = 0; i < N; i++)
		make_wanted(&wanted[i], &rows[i], tables[i],
			    str_from(phrases[i]));
	for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
		struct str text = str_from(texts[t]);
		struct buf row = { 0 };
		bool any = false;

		words_add(&row, text);
		for (size_t i = N; i-- > 0;) {
			bool is = words_contain(buf_str(&row), wanted[i].row);

			if (words_mention(text, &wanted[i], 1) != is)
				fail_msg("'%s' in '%s'", phrases[i], text.p);
			any |= is;
			assert_int_equal(words_mention(text, wanted + i, N - i),
					 any);
		}
		buf_free(&row);
	}
	for (size_t i = 0; i < N; i++)
		buf_free(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_a_row_of_folded_words),
		cmocka_unit_test(folding_is_done_after_once),
		cmocka_unit_test(only_whole_words_are_found),
		cmocka_unit_test(a_phrase_may_end_in_the_beginning_of_a_word),
		cmocka_unit_test(text_mentions_what_its_row_contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
