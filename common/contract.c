#include "common/contract.h"

#include <stdio.h>

void contract_read(const struct type_watch *w, struct contract *c_r)
{
	const struct type_bounds *price = &w->plausible;

	*c_r = (struct contract){ .min_items = shape_count(w->min_items, 0) };
	if (!price->present)
		return;
	c_r->has_min = price->min.p && decimal_parse(price->min, &c_r->min);
	c_r->has_max = price->max.p && decimal_parse(price->max, &c_r->max);
}

bool contract_takes_items(const struct contract *c, int64_t n,
			  char why[CONTRACT_REASON_MAX])
{
	if (n >= c->min_items)
		return true;
	snprintf(why, CONTRACT_REASON_MAX, "%lld %s, fewer than %lld",
		 (long long)n, n == 1 ? "item" : "items",
		 (long long)c->min_items);
	return false;
}

bool contract_takes_price(const struct contract *c, struct str price,
			  char why[CONTRACT_REASON_MAX])
{
	char text[3][DECIMAL_TEXT_MAX];
	struct decimal d;

	if (!price.p || !decimal_parse(price, &d) ||
	    ((!c->has_min || decimal_cmp(d, c->min) >= 0) &&
	     (!c->has_max || decimal_cmp(d, c->max) <= 0)))
		return true;
	decimal_format(d, text[0]);
	if (c->has_min && c->has_max)
		snprintf(why, CONTRACT_REASON_MAX,
			 "price %s is not within %s-%s", text[0],
			 decimal_format(c->min, text[1]),
			 decimal_format(c->max, text[2]));
	else
		snprintf(why, CONTRACT_REASON_MAX, "price %s is %s %s", text[0],
			 c->has_min ? "below" : "above",
			 decimal_format(c->has_min ? c->min : c->max, text[1]));
	return false;
}
