#ifndef TESTS_FUZZ_SCRAPER_OBSERVATIONS_H
#define TESTS_FUZZ_SCRAPER_OBSERVATIONS_H

/* observations - what holds for every observation, whatever the page was. */
#include <assert.h>

#include "common/decimal.h"
#include "common/url.h"

#include "cmd/scraper/extract_wire.h"
#include "cmd/scraper/fields.h"

static void observation_check_item(struct item *it)
{
	struct decimal d;

	assert(it->id.len > 0);
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		struct str s = *field_of(it, f);

		assert(!s.p || s.len > 0);
		assert(s.len <= ITEM_TEXT_MAX && str_is_utf8(s));
	}
	assert(!it->price.p || decimal_parse(it->price, &d));
	assert(!it->list_price.p || decimal_parse(it->list_price, &d));
	assert(!it->link.p || url_is_http(it->link));
	assert(!it->image.p || url_is_http(it->image));
	assert(it->link.len <= ITEM_URL_MAX && it->image.len <= ITEM_URL_MAX);
}

/* The scraper takes it from the process that found it. */
static void observation_check_wire(const struct observation *o,
				   struct str printed)
{
	struct buf wire = { 0 }, b = { 0 };
	struct arena a = { 0 };
	struct observation there;
	struct err e;

	wire_put_answer(o, &wire);
	assert(wire_get_answer(str_sub(buf_str(&wire), WIRE_HEAD, wire.len), &a,
			       &there, &e) == 0);
	observation_print(&there, &b);
	assert(str_eq(buf_str(&b), printed));
	buf_free(&wire);
	buf_free(&b);
	arena_free(&a);
}

static inline void observation_check(const struct observation *o)
{
	struct buf b = { 0 };
	struct err e;

	assert(o->n_items <= ITEM_MAX);
	switch (o->outcome) {
	case OUTCOME_FOUND: assert(o->n_items > 0 || o->text.len > 0); break;
	case OUTCOME_EMPTY:
	case OUTCOME_SELECTOR_MISS:
	case OUTCOME_PARSE_FAIL:
		assert(o->n_items == 0 && o->reason.len > 0);
		break;
	default: assert(!"an outcome of extraction");
	}
	for (size_t i = 0; i < o->n_items; i++)
		observation_check_item(&o->items[i]);
	observation_print(o, &b);
	assert(json_check(buf_str(&b), JSON_UNIQUE, &e) == 0);
	observation_check_wire(o, buf_str(&b));
	buf_free(&b);
}

#endif
