/* Places in the journal as people write them. */
#include "common/since.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void a_time_is_a_position_a_time_or_an_age(void **state)
{
	static const struct {
		const char *text;
		bool ok, is_position;
		int64_t us;
	} rows[] = {
		{ "9b1c04e7:88213", true, true, 0 },
		{ "9b1c04e7:0", true, true, 0 },
		{ "1970-01-01T00:00:01Z", true, false, 1000000 },
		{ "1970-01-01T01:00:00+01:00", true, false, 0 },
		{ "10s", true, false, 90000000 },
		{ "1d", true, false, 100000000 - 86400000000 },
		{ "", false, false, 0 },
		{ "now", false, false, 0 },
		{ "9b1c04e7", false, false, 0 },
		{ "9b1c04e7:", false, false, 0 },
		{ "90", false, false, 0 },
		{ "-1d", false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct since w;

		if (since_parse(str_from(rows[i].text), 100000000, &w) !=
		    rows[i].ok)
			fail_msg("%s: want %d", rows[i].text, rows[i].ok);
		if (!rows[i].ok)
			continue;
		assert_int_equal(w.is_position, rows[i].is_position);
		assert_int_equal(w.us, rows[i].us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_a_position_a_time_or_an_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
