#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/scraper/observations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document doc = { .body = { (const char *)data, size },
				.url = STR("https://f.example/feed") };
	struct observation o = { 0 };
	struct arena a = { 0 };

	extract_feed.run(NULL, &doc, &a, &o);
	observation_check(&o);
	arena_free(&a);
	return 0;
}
