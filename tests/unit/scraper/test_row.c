#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cmd/scraper/row.h"

/* The longest: what was told last of a provider with the longest name. */
static void the_longest_id_fits(void **state)
{
	char id[STR_ID_MAX], topic[ROW_KEY_MAX], key[ROW_KEY_MAX];
	struct str s;

	(void)state;
	memset(id, 'x', sizeof(id));
	s = row_key("provider.status/", (struct str){ id, sizeof(id) }, topic);
	assert_int_equal(s.len, 16 + STR_ID_MAX);
	s = row_key(ROW_TOLD, s, key);
	assert_int_equal(s.len, 5 + 16 + STR_ID_MAX);
	assert_int_equal(strlen(key), s.len);
	assert_memory_equal(key, "told/provider.status/xx", 23);
}

/* Whoever reads all rows of a prefix gets those of no other. */
static void no_prefix_begins_another(void **state)
{
	static const char *const all[] = {
		ROW_WATCH,    ROW_KNOWN,  ROW_RHYTHM, ROW_SOURCE, ROW_OFFER,
		ROW_POOL,     ROW_BUDGET, ROW_TOLD,   "p/",	  "c/",
		ROW_PROVIDER, "l/",	  "m/",	      "n/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			assert_true(i == k || strncmp(all[i], all[k],
						      strlen(all[i])) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_id_fits),
		cmocka_unit_test(no_prefix_begins_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
