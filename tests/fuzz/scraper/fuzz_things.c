/*
 * A page by each reader of what it says about itself: things hold things of
 * their own source, and the products that follow stay within their limits.
 */
#include <assert.h>

#include "cmd/scraper/schemaorg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct things *ts)
{
	for (const struct thing *t = ts->first; t; t = t->next)
		for (const struct thing_prop *p = t->first; p; p = p->next)
			assert(!p->thing || p->thing->source == t->source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size };
	struct arena a = { 0 };
	struct things ts = { .arena = &a };
	struct err e;
	const struct dom *d = dom_parse_html(body, (struct str){ 0 }, &a, &e);

	if (d) {
		jsonld_read(&ts, d);
		microdata_read(&ts, d);
		rdfa_read(&ts, d);
		opengraph_read(&ts, d);
		state_read(&ts, d);
		check(&ts);
		for (const struct product *p = schemaorg_products(&ts); p;
		     p = p->next)
			assert(p->n_offers <= OFFERS_MAX);
	}
	arena_free(&a);
	return 0;
}
