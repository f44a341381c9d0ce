#include "cmd/notifier/sms_text.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static char *repeat(const char *unit, size_t n)
{
	struct buf b = { .p = NULL };

	buf_puts(&b, "");
	buf_reserve(&b, 1);
	while (n--)
		buf_puts(&b, unit);
	return b.p;
}

static void parts_are_counted_as_the_network_does(void **state)
{
	static const struct {
		const char *unit;
		size_t n, parts;
	} t[] = {
		{ "x", 1, 1 },
		{ "x", 160, 1 },
		{ "x", 161, 2 },
		{ "x", 306, 2 },
		{ "x", 307, 3 },
		{ "\xc3\xa4", 160, 1 },
		{ "\xe2\x82\xac", 80, 1 },
		{ "\xe2\x82\xac", 81, 2 },
		/* One septet of each 153 is lost: the euro is not torn. */
		{ "\xe2\x82\xac", 152, 2 },
		{ "\xe2\x82\xac", 153, 3 },
		{ "\xd1\x8f", 70, 1 },
		{ "\xd1\x8f", 71, 2 },
		{ "\xd1\x8f", 134, 2 },
		{ "\xd1\x8f", 135, 3 },
		{ "\xf0\x9f\x98\x80", 35, 1 },
		{ "\xf0\x9f\x98\x80", 36, 2 },
		{ "\xf0\x9f\x98\x80", 66, 2 },
		{ "\xf0\x9f\x98\x80", 67, 3 },
		{ "`", 70, 1 },
		{ "`", 71, 2 },
		{ "\t", 71, 2 },
		{ "\n", 160, 1 },
		{ "~", 80, 1 },
		{ "~", 81, 2 },
	};

	(void)state;
	assert_int_equal(sms_text_parts(STR("")), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char *text = repeat(t[i].unit, t[i].n);

		if (sms_text_parts(str_from(text)) != t[i].parts)
			fail_msg("%zu times %s: %zu", t[i].n, t[i].unit,
				 sms_text_parts(str_from(text)));
		free(text);
	}
}

static void one_character_of_others_makes_it_ucs2(void **state)
{
	(void)state;
	/* All that is in the alphabet. */
	assert_true(sms_text_is_gsm(
		STR("@\xc2\xa3$\xc2\xa5\xc3\xa8\xc3\xa9\xc3\xb9\xc3\xac\xc3\xb2"
		    "\xc3\x87\n\xc3\x98\xc3\xb8\r\xc3\x85\xc3\xa5\xce\x94_"
		    "\xce\xa6\xce\x93\xce\x9b\xce\xa9\xce\xa0\xce\xa8\xce\xa3"
		    "\xce\x98\xce\x9e\xc3\x86\xc3\xa6\xc3\x9f\xc3\x89 !\"#"
		    "\xc2\xa4%&'()*+,-./0123456789:;<=>?\xc2\xa1"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ\xc3\x84\xc3\x96\xc3\x91"
		    "\xc3\x9c\xc2\xa7\xc2\xbf"
		    "abcdefghijklmnopqrstuvwxyz\xc3\xa4\xc3\xb6\xc3\xb1"
		    "\xc3\xbc\xc3\xa0\f^{}\\[~]|\xe2\x82\xac")));
	assert_false(sms_text_is_gsm(STR("`")));
	assert_false(sms_text_is_gsm(STR("\t")));
	assert_false(sms_text_is_gsm(STR("\xc3\xa7"))); /* small c cedilla */
	assert_false(sms_text_is_gsm(STR("\xe2\x80\xa6")));
	assert_false(sms_text_is_gsm((struct str){ "\0", 1 }));
}

/* Every length around the limits, for every alphabet: never too much. */
static void what_goes_in_is_as_much_as_fits(void **state)
{
	static const char *const units[] = { "x", "\xe2\x82\xac", "\xd1\x8f",
					     "\xf0\x9f\x98\x80" };

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(units); u++)
		for (size_t parts = 1; parts <= 3; parts++)
			for (size_t n = 1; n < 520; n += 1 + n % 3) {
				char *text = repeat(units[u], n);
				struct str s = str_from(text);
				struct buf b = { .p = NULL };
				bool fits = sms_text_parts(s) <= parts;

				sms_text_add(&b, s, parts);
				assert_true(str_is_utf8(buf_str(&b)));
				assert_true(sms_text_parts(buf_str(&b)) <=
					    parts);
				assert_int_equal(str_eq(buf_str(&b), s), fits);
				if (!fits)
					assert_true(str_ends(
						buf_str(&b),
						u < 2 ? STR("...")
						      : STR("\xe2\x80\xa6")));
				/* No room is left for a fourth character. */
				if (!fits)
					assert_int_equal(
						sms_text_parts(buf_str(&b)),
						parts);
				buf_free(&b);
				free(text);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_counted_as_the_network_does),
		cmocka_unit_test(one_character_of_others_makes_it_ucs2),
		cmocka_unit_test(what_goes_in_is_as_much_as_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
