/*
 * Any bytes as a product page: at most one item, every field of it as item.h
 * promises, and the same answer when asked again.
 */
#include <assert.h>
#include <string.h>

#include "common/decimal.h"

#include "cmd/scraper/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_item(const struct item *it)
{
	struct decimal d;

	assert(it->title.len > 0 && it->title.len <= ITEM_TEXT_MAX);
	assert(str_is_utf8(it->title));
	assert(!it->price.p || decimal_parse(it->price, &d));
	assert(!it->price.p || decimal_sign(d) > 0 || it->free);
	assert(!it->list_price.p || decimal_parse(it->list_price, &d));
	assert(it->price.p || it->availability.p);
	assert(!it->currency.p || it->currency.len == 3);
	assert(!it->price.p == !it->picked.p);
}

static void run(struct str body, struct buf *out)
{
	const struct document doc = {
		.body = body,
		.content_type = STR("text/html; charset=utf-8"),
		.url = STR("https://shop.example/p/1"),
	};
	struct observation o = { 0 };
	struct arena a = { 0 };

	extract_product.run(NULL, &doc, &a, &o);
	assert(o.n_items == (o.outcome == OUTCOME_FOUND));
	for (size_t i = 0; i < o.n_items; i++)
		check_item(&o.items[i]);
	observation_print(&o, out);
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size };
	struct buf first = { 0 }, second = { 0 };

	run(body, &first);
	run(body, &second);
	assert(str_eq(buf_str(&first), buf_str(&second)));
	buf_free(&first);
	buf_free(&second);
	return 0;
}
