#include "common/retry_after.h"

#include "common/clk.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static int64_t at(const char *text)
{
	int64_t us;

	assert_true(clk_parse(str_from(text), &us));
	return us;
}

static void seconds_and_dates_are_understood(void **state)
{
	static const struct {
		const char *text;
		int64_t want_ms; /* -1: not understood */
	} t[] = {
		{ "0", 0 },
		{ "1", 1000 },
		{ " 120 ", 120000 },
		{ "99999999999999999999", -1 },
		{ "99999999999", RETRY_AFTER_MAX_MS },
		{ "1.5", -1 },
		{ "-1", -1 },
		{ "", -1 },
		{ "soon", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 7000 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 7000 },
		{ "Sun Nov  6 08:49:37 1994", 7000 },
		{ "Sun, 06 Nov 1994 08:49:30 GMT", 0 },
		{ "Sat, 05 Nov 1994 08:49:37 GMT", 0 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MAX_MS },
		{ "Sun, 06 Nov 1994 08:49:37 CET", -1 },
		{ "Sun, 06 Now 1994 08:49:37 GMT", -1 },
		{ "Sun, 32 Nov 1994 08:49:37 GMT", -1 },
		{ "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49 GMT", -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT x", -1 },
	};
	int64_t now = at("1994-11-06T08:49:30Z");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t ms = -1;

		if (!retry_after_parse(str_from(t[i].text), now, &ms))
			ms = -1;
		if (ms != t[i].want_ms)
			fail_msg("'%s' gave %lld, not %lld", t[i].text,
				 (long long)ms, (long long)t[i].want_ms);
	}
}

static void what_is_left_of_a_millisecond_counts(void **state)
{
	int64_t now = at("1994-11-06T08:49:36.999500Z"), ms;

	(void)state;
	assert_true(retry_after_parse(STR("Sun, 06 Nov 1994 08:49:37 GMT"), now,
				      &ms));
	assert_int_equal(ms, 1);
}

static void two_digits_of_a_year_are_of_this_age(void **state)
{
	int64_t us;

	(void)state;
	assert_true(
		http_date_parse(STR("Friday, 01-Jan-27 00:00:00 GMT"), &us));
	assert_int_equal(us, at("2027-01-01T00:00:00Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_and_dates_are_understood),
		cmocka_unit_test(what_is_left_of_a_millisecond_counts),
		cmocka_unit_test(two_digits_of_a_year_are_of_this_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
