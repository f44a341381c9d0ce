#include "offers.h"

#include <string.h>

#include "common/decimal.h"
#include "common/xmem.h"

/* False for what schema.org names as sold out, gone or reserved. */
static bool is_available(struct str availability)
{
	static const char *const away[] = { "OutOfStock", "SoldOut",
					    "Discontinued", "Reserved" };

	for (size_t i = 0; i < ARRAY_LEN(away); i++)
		if (str_is(availability, away[i]))
			return false;
	return true;
}

/* What is compared first: more is better. */
static int rank_of(const struct type_price *p, struct str currency)
{
	if (!p->price.p)
		return 0;
	return 1 + (is_available(p->availability) ? 2 : 0) +
	       (str_eq(p->currency, currency) ? 1 : 0);
}

static int cmp_text(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static bool is_told(const struct type_price *p, const struct type_price *told)
{
	return told && str_eq(p->watch, told->watch);
}

/* Is a better than b? */
static bool is_better(const struct type_price *a, const struct type_price *b,
		      struct str currency, const struct type_price *told)
{
	int rank = rank_of(a, currency) - rank_of(b, currency), cmp = 0;
	struct decimal x, y;

	if (rank)
		return rank > 0;
	/* Of two others than the item's, 9 USD is not less than 10 EUR. */
	if (str_eq(a->currency, b->currency) && decimal_parse(a->price, &x) &&
	    decimal_parse(b->price, &y))
		cmp = decimal_cmp(x, y);
	if (cmp)
		return cmp < 0;
	if (is_told(a, told) || is_told(b, told))
		return is_told(a, told);
	return cmp_text(a->watch, b->watch) < 0;
}

int offers_best(const struct offer *v, size_t n, struct str currency,
		const struct type_price *told)
{
	int best = -1;

	if (!currency.p && told)
		currency = told->currency;
	for (size_t i = 0; i < n && !currency.p; i++)
		currency = v[i].price.currency;
	for (size_t i = 0; i < n; i++)
		if (!v[i].stale &&
		    (best < 0 ||
		     is_better(&v[i].price, &v[best].price, currency, told)))
			best = (int)i;
	return best;
}

bool offers_same(const struct type_price *a, const struct type_price *b)
{
	return str_eq(a->watch, b->watch) && decimal_same(a->price, b->price) &&
	       (a->price.p == NULL) == (b->price.p == NULL) &&
	       str_eq(a->currency, b->currency) &&
	       str_eq(a->availability, b->availability);
}
