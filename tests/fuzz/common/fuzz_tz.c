/* The bytes of a zone file: spans hold the time that was asked for. */
#include <assert.h>

#include "common/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t times[] = {
		INT64_MIN, -1, 0, 1774656000, INT64_C(9000000000), INT64_MAX - 1
	};
	struct tz *z = tz_parse((struct str){ (const char *)data, size }, NULL);

	for (size_t i = 0; z && i < sizeof(times) / sizeof(times[0]); i++) {
		struct tz_span sp = tz_span_at(z, times[i]);

		assert(sp.from_s <= times[i] && times[i] < sp.to_s);
	}
	if (z)
		tz_to_utc(z, 1774656000);
	tz_free(&z);
	return 0;
}
