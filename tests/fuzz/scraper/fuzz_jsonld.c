/*
 * Whatever is in a JSON-LD script: it ends, stays within its limits, and every
 * thing that is the value of another knows whose.
 */
#include <assert.h>

#include "cmd/scraper/thing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct things ts = { .arena = &a };

	jsonld_parse(&ts, THING_JSONLD,
		     (struct str){ (const char *)data, size }, NULL);
	assert(ts.n <= THINGS_MAX);
	for (const struct thing *t = ts.first; t; t = t->next) {
		assert(things_resolve(&ts, t));
		for (const struct thing_prop *p = t->first; p; p = p->next)
			assert(!p->text.p == !!p->thing &&
			       (!p->thing || p->thing->parent));
	}
	arena_free(&a);
	return 0;
}
