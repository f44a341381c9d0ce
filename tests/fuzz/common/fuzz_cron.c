/* An expression: its times are later and later, and on whole minutes. */
#include <assert.h>

#include "common/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tz_cache zones;
	struct str expr = { (const char *)data, size };
	const struct tz *z = tz_get(&zones, STR("Europe/Paris"), NULL);
	int64_t t = INT64_C(1774656000000000); /* 2026-03-28 */
	struct cron c;

	if (cron_parse(expr, &c, NULL))
		return 0;
	for (int i = 0; i < 30; i++) {
		int64_t next = cron_next(&c, z, t);

		if (next == CLK_NONE)
			break;
		assert(next > t && next % 60000000 == 0);
		t = next;
	}
	return 0;
}
