/*
 * Windows, one a line: they open, and are open then, within two weeks, and not a
 * microsecond before.
 */
#include <assert.h>

#include "common/hours.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tz_cache zones;
	struct str rest = { (const char *)data, size };
	struct str v[HOURS_WINDOWS_MAX];
	const struct tz *z = tz_get(&zones, STR("Australia/Lord_Howe"), NULL);
	int64_t t = INT64_C(1774656000000000); /* 2026-03-28 */
	struct hours h;
	size_t n = 0;

	while (n < HOURS_WINDOWS_MAX && str_token(&rest, "\n", &v[n]))
		n++;
	if (hours_parse(v, n, &h, NULL))
		return 0;
	assert(h.n >= 1 && h.n <= HOURS_SPANS_MAX);
	for (int i = 0; i < 30; i++) {
		int64_t open = hours_open(&h, z, t);

		assert(open >= t && open - t < INT64_C(14) * 86400000000);
		assert(hours_are_open(&h, z, open));
		assert(hours_are_open(&h, z, t) == (open == t));
		assert(open == t || !hours_are_open(&h, z, open - 1));
		t = open + INT64_C(7) * 3600000000 + 1;
	}
	return 0;
}
