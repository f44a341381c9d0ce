#include "common/tz.h"

#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/clk.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct tz_cache zones;

static const struct tz *zone(const char *name)
{
	struct err e;
	const struct tz *z = tz_get(&zones, str_from(name), &e);

	if (!z)
		fail_msg("%s", e.msg);
	return z;
}

static int64_t seconds(const char *text)
{
	int64_t us;

	assert_true(clk_parse(str_from(text), &us));
	return us / 1000000;
}

static void offsets_are_those_of_file_and_rule(void **state)
{
	const struct {
		const char *zone, *at;
		int offset_s;
	} s[] = {
		{ "", "2026-07-01T00:00:00Z", 0 },
		{ "Z", "1800-07-01T00:00:00Z", 0 },
		{ "Europe/Paris", "1900-01-01T00:00:00Z", 561 },
		{ "Europe/Paris", "2026-03-29T00:59:59Z", 3600 },
		{ "Europe/Paris", "2026-03-29T01:00:00Z", 7200 },
		{ "Europe/Paris", "2026-10-25T00:59:59Z", 7200 },
		{ "Europe/Paris", "2026-10-25T01:00:00Z", 3600 },
		{ "Europe/Paris", "2037-10-25T01:00:00Z", 3600 },
		{ "Europe/Paris", "2038-07-01T00:00:00Z", 7200 },
		{ "Europe/Paris", "2400-03-26T00:59:59Z", 3600 },
		{ "Europe/Paris", "2400-03-26T01:00:00Z", 7200 },
		{ "America/New_York", "2100-07-01T00:00:00Z", -14400 },
		{ "America/St_Johns", "2050-01-01T00:00:00Z", -12600 },
		{ "Australia/Lord_Howe", "2060-01-01T00:00:00Z", 39600 },
		{ "Australia/Lord_Howe", "2060-07-01T00:00:00Z", 37800 },
		{ "Europe/Dublin", "2060-07-01T00:00:00Z", 3600 },
		{ "Europe/Dublin", "2060-01-01T00:00:00Z", 0 },
		{ "America/Nuuk", "2060-01-01T00:00:00Z", -7200 },
		{ "Asia/Tehran", "2060-07-01T00:00:00Z", 12600 },
		{ "Asia/Kolkata", "9999-12-31T23:59:59Z", 19800 },
		{ "Etc/GMT+5", "2026-01-01T00:00:00Z", -18000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		int64_t at = seconds(s[i].at);
		struct tz_span sp = tz_span_at(zone(s[i].zone), at);

		if (sp.offset_s != s[i].offset_s)
			fail_msg("%s at %s: want %d, got %d", s[i].zone,
				 s[i].at, s[i].offset_s, sp.offset_s);
		assert_true(sp.from_s <= at && at < sp.to_s);
	}
}

/* Spans follow each other without a hole, and know what was before. */
static void spans_join(void **state)
{
	static const char *const names[] = {
		"Europe/Paris",	     "Europe/Dublin",	    "America/Nuuk",
		"Africa/Casablanca", "Australia/Lord_Howe", "UTC"
	};
	int64_t end = seconds("2200-01-01T00:00:00Z");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct tz *z = zone(names[i]);
		struct tz_span sp = tz_span_at(z, INT64_MIN);

		while (sp.to_s < end) {
			struct tz_span next = tz_span_at(z, sp.to_s);

			assert_int_equal(next.from_s, sp.to_s);
			assert_int_equal(next.before_s, sp.offset_s);
			assert_true(next.to_s > next.from_s);
			sp = tz_span_at(z, next.to_s - 1);
			assert_int_equal(sp.from_s, next.from_s);
		}
	}
}

static void local_times_become_utc(void **state)
{
	const struct {
		const char *local, *utc;
	} s[] = {
		{ "2026-07-01T12:00:00Z", "2026-07-01T10:00:00Z" },
		{ "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z" },
		{ "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z" }, /* none */
		{ "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z" },
		{ "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z" }, /* twice */
		{ "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z" },
		{ "2090-07-01T12:00:00Z", "2090-07-01T10:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		assert_int_equal(tz_to_utc(zone("Europe/Paris"),
					   seconds(s[i].local)),
				 seconds(s[i].utc));
}

static void names_cannot_leave_the_folder(void **state)
{
	static const char *const bad[] = {
		"/etc/passwd", "../../etc/passwd", "Europe/../UTC0",
		"Europe",      "Europe/Pariss",	   "zone.tab",
		"a b",	       "Europe/Paris\n",   "right/UTC"
	};
	char long_name[200];

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };

		assert_null(tz_get(&zones, str_from(bad[i]), &e));
		assert_int_equal(e.code, EX_CONFIG);
		assert_null(tz_get(&zones, str_from(bad[i]), NULL));
	}
	assert_null(tz_get(&zones, (struct str){ long_name, sizeof(long_name) },
			   NULL));
	assert_ptr_equal(zone("Europe/Paris"), zone("Europe/Paris"));
}

static void put32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_putc(b, (char)(v >> shift));
}

/* A zone file with one type and no changes, but for what is set here. */
static void make_zone(struct buf *b, const char *rule, uint32_t types,
		      uint32_t leaps, uint32_t offset)
{
	static const char zeros[15];

	buf_reset(b);
	for (int block = 0; block < 2; block++) {
		buf_puts(b, "TZif2");
		buf_add(b, zeros, sizeof(zeros));
		put32(b, 0);
		put32(b, 0);
		put32(b, block ? leaps : 0);
		put32(b, 0);
		put32(b, types);
		put32(b, 4);
		put32(b, offset);
		buf_add(b, "\0\0UTC", 6);
	}
	buf_addf(b, "\n%s\n", rule);
}

static void files_and_rules_are_checked(void **state)
{
	static const char *const good[] = { "", "UTC0", "<+0330>-3:30",
					    "EST5EDT,M3.2.0,M11.1.0",
					    "AAA-3BBB,J60/0,300/-167:59:59" };
	static const char *const bad[] = {
		"X",
		"UT0",
		"UTC",
		"UTC168",
		"UTC0x",
		"<UTC0",
		"EST5EDT",
		"EST5EDT,M3.2.0",
		"EST5EDT,M13.2.0,M11.1.0",
		"EST5EDT,M3.6.0,M11.1.0",
		"EST5EDT,M3.2.7,M11.1.0",
		"EST5EDT,J0,M11.1.0",
		"EST5EDT,366,M11.1.0",
		"EST5EDT,M3.2.0/168,M11.1.0",
		"EST5EDT,M3.2.0,M11.1.0,",
		"EST5:60",
	};
	struct buf b = { 0 };
	struct err e;
	struct tz *z;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		make_zone(&b, bad[i], 1, 0, 0);
		z = tz_parse(buf_str(&b), &e);
		if (z)
			fail_msg("rule '%s' was taken", bad[i]);
		assert_int_equal(e.code, EX_DATAERR);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		make_zone(&b, good[i], 1, 0, 0);
		z = tz_parse(buf_str(&b), &e);
		if (!z)
			fail_msg("rule '%s' was refused", good[i]);
		tz_free(&z);
		/* No piece of it is a zone file. */
		for (size_t len = 0; len < b.len; len++)
			assert_null(tz_parse((struct str){ b.p, len }, NULL));
	}
	make_zone(&b, "UTC0", 0, 0, 0);
	assert_null(tz_parse(buf_str(&b), NULL));
	make_zone(&b, "UTC0", 1, 1, 0);
	assert_null(tz_parse(buf_str(&b), NULL));
	make_zone(&b, "UTC0", 1, 0, 0x7fffffff);
	assert_null(tz_parse(buf_str(&b), NULL));
	buf_free(&b);
}

static int free_zones(void **state)
{
	(void)state;
	tz_cache_free(&zones);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_those_of_file_and_rule),
		cmocka_unit_test(spans_join),
		cmocka_unit_test(local_times_become_utc),
		cmocka_unit_test(names_cannot_leave_the_folder),
		cmocka_unit_test(files_and_rules_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, free_zones);
}
