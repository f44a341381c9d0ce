/* "target NUL robots.txt": rules are found, matched and freed. */
#include <assert.h>

#include "cmd/scraper/robots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body, target = { (const char *)data, size };
	struct robots *r;

	target = str_cut(target, '\0', &body);
	r = robots_parse(body, STR("a"));
	robots_allowed(r, target);
	robots_allowed(r, robots_target(target));
	assert(robots_allowed(r, STR("/robots.txt")));
	assert(robots_delay_ms(r) >= -1);
	robots_free(&r);
	return 0;
}
