/* Which of several shops' offers is the best. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "cmd/scraper/offers.h"

/* "watch price currency availability stale", '-' for what is not there */
static struct offer offer_of(const char *text)
{
	struct offer o = { .stale = false };
	struct str rest = str_from(text), word;
	struct str *const places[] = { &o.price.watch, &o.price.price,
				       &o.price.currency,
				       &o.price.availability };

	for (size_t i = 0; str_token(&rest, " ", &word); i++) {
		if (i == ARRAY_LEN(places))
			o.stale = true;
		else if (!str_is(word, "-"))
			*places[i] = word;
	}
	return o;
}

static const struct {
	const char *rule, *currency, *told, *offers[4], *best;
} cases[] = {
	{ "the lowest",
	  NULL,
	  NULL,
	  { "a 10 EUR", "b 9.50 EUR", "c 9.6 EUR" },
	  "b" },
	{ "none", NULL, NULL, { NULL }, NULL },
	{ "one that can be had",
	  NULL,
	  NULL,
	  { "a 10 EUR InStock", "b 9 EUR OutOfStock" },
	  "a" },
	{ "nothing said is had",
	  NULL,
	  NULL,
	  { "a 10 EUR", "b 9 EUR SoldOut" },
	  "a" },
	{ "none can be had",
	  NULL,
	  NULL,
	  { "a 10 EUR SoldOut", "b 9 EUR OutOfStock" },
	  "b" },
	{ "no price is last",
	  NULL,
	  NULL,
	  { "a - EUR InStock", "b 9 EUR SoldOut" },
	  "b" },
	{ "the item's currency",
	  "EUR",
	  NULL,
	  { "a 5 USD InStock", "b 9 EUR InStock" },
	  "b" },
	{ "to be had before the currency",
	  "EUR",
	  NULL,
	  { "a 5 USD InStock", "b 9 EUR SoldOut" },
	  "a" },
	{ "the currency of what was told",
	  NULL,
	  "x 7 EUR",
	  { "a 5 USD", "b 9 EUR" },
	  "b" },
	{ "the first one's, else", NULL, NULL, { "a 5 USD", "b 4 EUR" }, "a" },
	{ "other currencies are not compared: the one that was told",
	  "GBP",
	  "b 9 EUR",
	  { "a 5 USD", "b 9 EUR" },
	  "b" },
	{ "equal: the one that was told stays",
	  NULL,
	  "b 9 EUR",
	  { "a 9.00 EUR", "b 9 EUR", "c 9 EUR" },
	  "b" },
	{ "equal: the first id",
	  NULL,
	  NULL,
	  { "b 9 EUR", "a 9 EUR", "ab 9 EUR" },
	  "a" },
	{ "stale is never the best",
	  NULL,
	  "b 9 EUR",
	  { "a 10 EUR InStock", "b 9 EUR InStock stale" },
	  "a" },
	{ "all stale: none",
	  NULL,
	  "b 9 EUR",
	  { "a 10 EUR InStock stale", "b 9 EUR InStock stale" },
	  NULL },
};

static void the_best_is_chosen_by_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct offer v[4], told;
		size_t n = 0;
		int best;

		for (; n < 4 && cases[i].offers[n]; n++)
			v[n] = offer_of(cases[i].offers[n]);
		if (cases[i].told)
			told = offer_of(cases[i].told);
		best = offers_best(v, n, str_from(cases[i].currency),
				   cases[i].told ? &told.price : NULL);
		if (cases[i].best ? best < 0 || !str_is(v[best].price.watch,
							cases[i].best)
				  : best >= 0)
			fail_msg("%s: not %s", cases[i].rule, cases[i].best);
	}
}

static void an_offer_is_told_again_when_it_says_something_else(void **state)
{
	struct offer a = offer_of("a 9.00 EUR InStock");
	const char *const same[] = { "a 9.00 EUR InStock", "a 9 EUR InStock" };
	const char *const other[] = { "b 9 EUR InStock", "a 8 EUR InStock",
				      "a 9 USD InStock", "a 9 EUR SoldOut",
				      "a - EUR InStock", "a 9 EUR -" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct offer b = offer_of(same[i]);

		assert_true(offers_same(&a.price, &b.price));
	}
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		struct offer b = offer_of(other[i]);

		assert_false(offers_same(&a.price, &b.price));
		assert_false(offers_same(&b.price, &a.price));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_is_chosen_by_rule),
		cmocka_unit_test(
			an_offer_is_told_again_when_it_says_something_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
