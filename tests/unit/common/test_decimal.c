#include "common/decimal.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct decimal dec(const char *s)
{
	struct decimal d;

	if (!decimal_parse(str_from(s), &d))
		fail_msg("'%s' is no decimal", s);
	return d;
}

static void expect(struct decimal d, const char *want)
{
	char text[DECIMAL_TEXT_MAX];

	assert_string_equal(decimal_format(d, text), want);
}

static void keeps_the_digits_it_was_written_with(void **state)
{
	static const char *const s[] = {
		"0",
		"0.00",
		"1250.60",
		"-0.05",
		"-12",
		"10",
		"0.5",
		"999999999999999999999999999999",
		"-999999999999.999999999999999999",
		"0.000000000000000001",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		expect(dec(s[i]), s[i]);
	expect(dec("-0.00"), "0.00");
	expect(decimal_from_int(INT64_MIN), "-9223372036854775808");
}

static void refuses_what_is_no_decimal(void **state)
{
	static const char *const bad[] = {
		"",
		"-",
		".",
		"-.",
		".5",
		"5.",
		"+5",
		" 5",
		"5 ",
		"00",
		"01.5",
		"1e5",
		"1.2.3",
		"1,5",
		"--5",
		"5-",
		"0x10",
		"NaN",
		"1000000000000000000000000000000", /* 31 digits */
		"0.0000000000000000001",	   /* 19 after the point */
		"1234567890123.123456789012345678",
	};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (decimal_parse(str_from(bad[i]), &d))
			fail_msg("'%s' was taken", bad[i]);
	assert_false(decimal_parse((struct str){ 0 }, &d));
	assert_false(decimal_parse((struct str){ "1\0002", 3 }, &d));
}

static void reads_numbers_of_json(void **state)
{
	static const struct {
		const char *in, *want; /* NULL: refused */
	} s[] = {
		{ "1.5", "1.5" },
		{ "1.5e1", "15" },
		{ "1.5E+3", "1500" },
		{ "-12e-1", "-1.2" },
		{ "0e999999", "0" },
		{ "0.00e-99", "0" },
		{ "1e29", "100000000000000000000000000000" },
		{ "1e30", NULL },
		{ "1e-18", "0.000000000000000001" },
		{ "1e-19", NULL },
		{ "100e-20", "0.000000000000000001" },
		{ "1e99999999999999999999", NULL },
		{ "1e", NULL },
		{ "e5", NULL },
		{ "1e5.0", NULL },
	};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		bool ok = decimal_parse_json(str_from(s[i].in), &d);

		if (ok != (s[i].want != NULL))
			fail_msg("'%s': taken %d", s[i].in, ok);
		if (ok)
			expect(d, s[i].want);
	}
}

static void compares_as_numbers(void **state)
{
	static const struct {
		const char *a, *b;
		int want;
	} s[] = {
		{ "2879.2", "2879.20", 0 },
		{ "0", "-0.00", 0 },
		{ "-1", "1", -1 },
		{ "-2", "-1", -1 },
		{ "0.1", "0.09", 1 },
		{ "999999999999999999999999999999", "0.000000000000000001", 1 },
		{ "-999999999999999999999999999999", "-0.000000000000000001",
		  -1 },
		{ "0.000000000000000001", "999999999999999999999999999999",
		  -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		int got = decimal_cmp(dec(s[i].a), dec(s[i].b));

		assert_int_equal((got > 0) - (got < 0), s[i].want);
		got = decimal_cmp(dec(s[i].b), dec(s[i].a));
		assert_int_equal((got > 0) - (got < 0), -s[i].want);
	}
	assert_int_equal(decimal_sign(dec("-0.01")), -1);
	assert_int_equal(decimal_sign(dec("0.00")), 0);
}

static void calculates_exactly_or_says_that_it_cannot(void **state)
{
	static const char nines[] = "999999999999999999999999999999";
	static const struct {
		const char *a;
		char op;
		const char *b, *want; /* NULL: does not fit */
	} s[] = {
		{ "0.10", '+', "0.2", "0.30" },
		{ "1", '-', "1.00", "0.00" },
		{ "-5", '+', "3", "-2" },
		{ nines, '+', "1", NULL },
		{ nines, '-', "-1", NULL },
		{ nines, '+', "0.1", NULL },
		{ nines, '-', nines, "0" },
		{ "1.5", '*', "-1.5", "-2.25" },
		{ "0.000000001", '*', "0.0000000001", "0.000000000000000000" },
		{ "0.000000001", '*', "0.0000000005", "0.000000000000000000" },
		{ "0.000000001", '*', "0.0000000015", "0.000000000000000002" },
		{ nines, '*', "2", NULL },
		{ nines, '*', nines, NULL },
	};
	struct decimal r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		struct decimal a = dec(s[i].a), b = dec(s[i].b);
		bool ok = s[i].op == '+'   ? decimal_add(a, b, &r)
			  : s[i].op == '-' ? decimal_sub(a, b, &r)
					   : decimal_mul(a, b, &r);

		if (ok != (s[i].want != NULL))
			fail_msg("%s %c %s: %d", s[i].a, s[i].op, s[i].b, ok);
		if (ok)
			expect(r, s[i].want);
	}
}

static void divides_and_rounds_half_to_even(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned scale;
		const char *want;
	} s[] = {
		{ "1", "3", 4, "0.3333" },
		{ "-1", "3", 4, "-0.3333" },
		{ "1", "-8", 2, "-0.12" },
		{ "3", "8", 2, "0.38" },
		{ "0.00", "7", 1, "0.0" },
		{ "10", "0.4", 0, "25" },
		{ "1", "0", 2, NULL },
		{ "1", "0.00", 2, NULL },
		{ "1", "2", DECIMAL_SCALE_MAX + 1, NULL },
		{ "999999999999999999999999999999", "0.1", 0, NULL },
		{ "999999999999999999999999999999", "3", 18, NULL },
	};
	struct decimal r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		bool ok = decimal_div(dec(s[i].a), dec(s[i].b), s[i].scale, &r);

		if (ok != (s[i].want != NULL))
			fail_msg("%s / %s: %d", s[i].a, s[i].b, ok);
		if (ok)
			expect(r, s[i].want);
	}
	assert_true(decimal_round(dec("2.5"), 0, &r));
	expect(r, "2");
	assert_true(decimal_round(dec("-3.5"), 0, &r));
	expect(r, "-4");
	assert_true(decimal_round(dec("2.4501"), 1, &r));
	expect(r, "2.5");
	assert_true(decimal_round(dec("7"), 2, &r));
	expect(r, "7.00");
	assert_false(decimal_round(dec("7"), DECIMAL_SCALE_MAX + 1, &r));
	assert_false(
		decimal_round(dec("999999999999999999999999999999"), 1, &r));
}

static void the_same_amount_may_be_written_in_several_ways(void **state)
{
	(void)state;
	assert_true(decimal_same(STR("2879.2"), STR("2879.20")));
	assert_true(decimal_same(STR("-0"), STR("0.00")));
	assert_false(decimal_same(STR("2879.2"), STR("2879.21")));
	assert_true(decimal_same(STR("as asked"), STR("as asked")));
	assert_false(decimal_same(STR("1"), STR("1 ")));
	assert_false(decimal_same(STR("0"), (struct str){ 0 }));
	assert_true(decimal_same((struct str){ 0 }, (struct str){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_same_amount_may_be_written_in_several_ways),
		cmocka_unit_test(keeps_the_digits_it_was_written_with),
		cmocka_unit_test(refuses_what_is_no_decimal),
		cmocka_unit_test(reads_numbers_of_json),
		cmocka_unit_test(compares_as_numbers),
		cmocka_unit_test(calculates_exactly_or_says_that_it_cannot),
		cmocka_unit_test(divides_and_rounds_half_to_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
