#include "common/clk.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define S INT64_C(1000000)

static void times_are_written_and_read_again(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} s[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ 951782400 * S, "2000-02-29T00:00:00.000000Z" },
		{ 1795208400 * S + 123456, "2026-11-20T21:00:00.123456Z" },
		{ 1795208400 * S + 999999, "2026-11-20T21:00:00.999999Z" },
		{ -62167219200 * S, "0000-01-01T00:00:00.000000Z" },
		{ 253402300799 * S + 999999, "9999-12-31T23:59:59.999999Z" },
	};
	char out[CLK_TEXT_SIZE];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		assert_string_equal(clk_format(s[i].us, out), s[i].text);
		assert_true(clk_parse(str_from(s[i].text), &us));
		assert_int_equal(us, s[i].us);
	}
}

static void other_forms_of_rfc_3339_are_read(void **state)
{
	static const char *const same[] = {
		"2026-11-20T21:00:00Z",		"2026-11-20t21:00:00z",
		"2026-11-20 21:00:00Z",		"2026-11-20T22:30:00+01:30",
		"2026-11-20T20:00:00-01:00",	"2026-11-20T21:00:00.0Z",
		"2026-11-20T20:59:60Z",		"2026-11-21T20:59:00+23:59",
		"2026-11-20T21:00:00.0000009Z", "2026-11-20T21:00:00-00:00",
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_true(clk_parse(str_from(same[i]), &us));
		if (us != 1795208400 * S)
			fail_msg("%s", same[i]);
	}
	assert_true(clk_parse(STR("2026-11-20"), &us));
	assert_int_equal(us, 1795132800 * S);
	assert_true(clk_parse(STR("2026-11-20T21:00:00.5Z"), &us));
	assert_int_equal(us, 1795208400 * S + 500000);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11",
		"2026-11-2",
		"2026-13-01",
		"2026-00-01",
		"2026-02-29",
		"1900-02-29",
		"2026-04-31",
		"2026-11-00",
		"2026/11/20",
		"2026-11-20T",
		"2026-11-20T21",
		"2026-11-20T21:00Z",
		"2026-11-20T21:00:00",
		"2026-11-20T24:00:00Z",
		"2026-11-20T21:60:00Z",
		"2026-11-20T21:00:61Z",
		"2026-11-20T21:00:00.Z",
		"2026-11-20T21:00:00,5Z",
		"2026-11-20T21:00:00+1:00",
		"2026-11-20T21:00:00+0100",
		"2026-11-20T21:00:00+24:00",
		"2026-11-20T21:00:00+01:60",
		"2026-11-20T21:00:00ZZ",
		"2026-11-20X21:00:00Z",
		" 2026-11-20",
		"-026-11-20",
		"2026-11-2\xd9\xa0",
	};
	static const char nul[] = "2026-11-20\00021:00:00Z";
	int64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (clk_parse(str_from(bad[i]), &us))
			fail_msg("'%s' was taken", bad[i]);
	assert_false(clk_parse((struct str){ 0 }, &us));
	assert_false(clk_parse((struct str){ nul, sizeof(nul) - 1 }, &us));
}

/* What was read before is remembered, but only where it is the same. */
static void a_second_is_not_taken_for_another(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} t[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:01Z", S },
		{ "1970-01-01T00:00:01.5Z", S + 500000 },
		{ "1970-01-01T00:00:01+00:01", -59 * S },
		{ "1970-01-01", 0 },
		{ "1970-01-01T00:00:00Z", 0 },
	};
	static const char zeros[CLK_TEXT_LEN];
	int64_t us;

	(void)state;
	assert_false(clk_parse((struct str){ zeros, CLK_TEXT_LEN }, &us));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_true(clk_parse(str_from(t[i].text), &us));
		assert_int_equal(us, t[i].us);
	}
}

static void days_and_dates_agree(void **state)
{
	int64_t day = clk_days(-1, 1, 1);
	int y = 0, m = 0, d = 0;

	(void)state;
	assert_int_equal(clk_days(1970, 1, 1), 0);
	assert_int_equal(clk_days(2000, 3, 1), 11017);
	for (; y < 2500; day++) {
		clk_date(day, &y, &m, &d);
		assert_int_equal(clk_days(y, m, d), day);
	}
	clk_date(-1, &y, &m, &d);
	assert_true(y == 1969 && m == 12 && d == 31);
}

static void clocks_do_not_run_backwards(void **state)
{
	int64_t us = clk_mono_us(), ms = clk_mono_ms();

	(void)state;
	assert_true(clk_mono_us() >= us);
	assert_true(ms >= us / 1000);
	assert_true(clk_wall_us() > 1700000000 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_and_read_again),
		cmocka_unit_test(other_forms_of_rfc_3339_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(a_second_is_not_taken_for_another),
		cmocka_unit_test(days_and_dates_agree),
		cmocka_unit_test(clocks_do_not_run_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
