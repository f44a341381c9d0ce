/* A date lies within years 1 to 9999, and its RFC 3339 form is the same one. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clk.h"

#include "cmd/scraper/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[CLK_TEXT_SIZE];
	int64_t us, again;

	if (!date_parse((struct str){ (const char *)data, size }, &us))
		return 0;
	assert(us >= clk_days(1, 1, 1) * INT64_C(86400000000));
	assert(us < clk_days(10000, 1, 1) * INT64_C(86400000000));
	assert(date_parse(str_from(clk_format(us, text)), &again));
	assert(us == again);
	return 0;
}
