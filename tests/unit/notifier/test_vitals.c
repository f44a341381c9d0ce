/* When all is well, and what is said when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/xmem.h"

#include "cmd/notifier/vitals.h"

static const int64_t NOW = 1000000;

static void the_first_trouble_is_named(void **state)
{
	const struct {
		int64_t clock_ms, alerter_ms, scraper_ms;
		size_t stale;
		const char *why; /* NULL: all is well */
	} t[] = {
		{ NOW, NOW, NOW, 0, NULL },
		{ NOW - VITALS_CLOCK_MS, NOW - VITALS_HEARD_MS, NOW, 0, NULL },
		{ NOW - VITALS_CLOCK_MS - 1, NOW, NOW, 0,
		  "the journal's clock stands still" },
		{ -1, NOW, NOW, 0, "the journal's clock stands still" },
		{ NOW, -1, NOW, 0, "nothing is heard of alerter" },
		{ NOW, NOW, NOW - VITALS_HEARD_MS - 1, 0,
		  "nothing is heard of scraper" },
		{ NOW, NOW, NOW, 1, "1 watch is stale" },
		{ NOW, NOW, NOW, 2, "2 watches are stale" },
		{ NOW, NOW, -1, 2, "nothing is heard of scraper" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct vitals v = {
			.clock_ms = t[i].clock_ms,
			.stale = t[i].stale,
			.tool = { { "alerter", t[i].alerter_ms },
				  { "scraper", t[i].scraper_ms } },
			.n_tools = 2,
		};
		char why[VITALS_REASON_MAX] = "";
		bool good = vitals_are_good(&v, NOW, why);

		if (good != !t[i].why || strcmp(why, good ? "" : t[i].why) != 0)
			fail_msg("row %zu: %d %s", i, good, why);
	}
}

static void only_what_matters_is_remembered(void **state)
{
	struct vitals v = { .tool = { { "alerter", -1 } }, .n_tools = 1 };

	(void)state;
	vitals_heard(&v, STR("analyzer"), NOW);
	vitals_heard(&v, STR("alert"), NOW);
	assert_int_equal(v.tool[0].heard_ms, -1);
	vitals_heard(&v, STR("alerter"), NOW);
	assert_int_equal(v.tool[0].heard_ms, NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_trouble_is_named),
		cmocka_unit_test(only_what_matters_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
