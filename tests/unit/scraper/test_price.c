#include "cmd/scraper/price.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static bool has_text(const struct json *c, const char *key, const char *got)
{
	const char *want = json_string(json_member(c, key));

	return strcmp(want ? want : "", got) == 0;
}

static bool judge_price(const struct json *c, void *ctx)
{
	const struct price_hints hints = {
		.currency = cases_str(c, "hint"),
		.country = cases_str(c, "country"),
		.lang = cases_str(c, "lang"),
	};
	char amount[DECIMAL_TEXT_MAX] = "";
	struct price p;

	(void)ctx;
	price_parse(cases_str(c, "text"), cases_str(c, "near"), &hints, &p);
	if (p.found)
		decimal_format(p.amount, amount);
	if (has_text(c, "amount", amount) &&
	    has_text(c, "currency", p.currency) &&
	    p.free == json_true(json_member(c, "free")) &&
	    p.from == json_true(json_member(c, "from")))
		return true;
	print_message("# '%s': got '%s' '%s' free %d from %d\n",
		      json_string(json_member(c, "text")), amount, p.currency,
		      p.free, p.from);
	return false;
}

static void reads_prices_as_people_write_them(void **state)
{
	struct cases_count count = cases_run("tests/fixtures/price",
					     "cases.jsonl", judge_price, NULL);

	(void)state;
	assert_true(count.n > 100);
	assert_int_equal(count.good, count.n);
}

static void hints_may_be_absent_and_text_endless(void **state)
{
	static const char euro[] = "\xe2\x82\xac";
	char text[10000];
	struct price p;

	(void)state;
	assert_false(
		price_parse((struct str){ 0 }, (struct str){ 0 }, NULL, &p));
	assert_string_equal(p.currency, "");
	assert_true(price_parse(STR("\xff 5 \xe2\x82"), STR("\xff"), NULL, &p));
	memset(text, '1', sizeof(text));
	assert_false(price_parse((struct str){ text, sizeof(text) },
				 (struct str){ 0 }, NULL, &p));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? ',' : '1';
	assert_false(price_parse((struct str){ text, sizeof(text) },
				 (struct str){ 0 }, NULL, &p));
	/* The limit falls into a character: it is dropped, not broken. */
	memset(text, ' ', sizeof(text));
	memcpy(text + PLAIN_MAX - 2, euro, 3);
	text[0] = '5';
	assert_true(price_parse((struct str){ text, sizeof(text) },
				(struct str){ 0 }, NULL, &p));
	assert_string_equal(p.currency, "");
}

static void every_currency_of_a_sign_or_country_exists(void **state)
{
	static const char *const countries[] = { "us", "GB", "uk", "CH",
						 "jp", "eu", "KR", "in" };
	static const char *const langs[] = { "sv", "de-CH", "zh-Hant-TW",
					     "pt_BR", "ja" };
	static const char *const want[] = { "SEK", "CHF", "TWD", "BRL", "JPY" };
	struct currency_mark m;
	struct plain t;

	(void)state;
	plain_make(STR("$"), &t);
	assert_true(currency_mark_at(&t, 0, &m));
	for (size_t i = 0; i < strlen(m.codes); i += 4)
		assert_true(currency_is_code(
			(struct str){ m.codes + i, CURRENCY_LEN }));
	for (size_t i = 0; i < ARRAY_LEN(countries); i++)
		assert_true(currency_is_code(
			currency_of_country(str_from(countries[i]))));
	for (size_t i = 0; i < ARRAY_LEN(langs); i++)
		assert_true(
			str_is(currency_of_lang(str_from(langs[i])), want[i]));
	assert_null(currency_of_lang(STR("en")).p);
	assert_null(currency_of_lang(STR("")).p);
	assert_null(currency_of_country(STR("EUR")).p);
	assert_int_equal(currency_digits(STR("JPY")), 0);
	assert_int_equal(currency_digits(STR("KWD")), 3);
	assert_int_equal(currency_digits(STR("")), 2);
}

static bool judge_amount(const struct json *c, void *ctx)
{
	struct str want = cases_str(c, "price"), text = cases_str(c, "in");
	struct decimal d;
	struct price p;

	(void)ctx;
	price_parse(text, cases_str(c, "currency_hint"), NULL, &p);
	if (!want.p || !decimal_parse(want, &d))
		return !p.found;
	return p.found && decimal_cmp(p.amount, d) == 0;
}

static void agrees_with_prices_found_on_pages(void **state)
{
	struct cases_count count =
		cases_run(cases_dir(), "prices.jsonl", judge_amount, NULL);

	(void)state;
	print_message("# amounts: %zu of %zu\n", count.good, count.n);
	assert_true(count.good * 100 >= count.n * 97);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_prices_as_people_write_them),
		cmocka_unit_test(hints_may_be_absent_and_text_endless),
		cmocka_unit_test(every_currency_of_a_sign_or_country_exists),
		cmocka_unit_test(agrees_with_prices_found_on_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
