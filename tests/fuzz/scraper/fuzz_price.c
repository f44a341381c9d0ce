/* Any text: a price has an amount that is a decimal, and a code of ISO 4217. */
#include <assert.h>

#include "cmd/scraper/price.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str near, text = { (const char *)data, size };
	char amount[DECIMAL_TEXT_MAX];
	struct decimal d;
	struct price p;

	text = str_cut(text, '\0', &near);
	price_parse(text, near, NULL, &p);
	assert(!p.currency[0] || currency_is_code(str_from(p.currency)));
	if (!p.found)
		return 0;
	assert(decimal_sign(p.amount) >= 0);
	decimal_format(p.amount, amount);
	assert(decimal_parse(str_from(amount), &d));
	assert(!p.free || decimal_sign(p.amount) == 0);
	/* What it wrote is read as itself, but for what may be thousands. */
	price_parse(str_from(amount), (struct str){ 0 }, NULL, &p);
	assert(p.found);
	assert(decimal_cmp(p.amount, d) == 0 || d.scale == 3);
	return 0;
}
