#include "cmd/alerter/rule.h"

#include <string.h>
#include <sysexits.h>

#include "common/types_rule.h"
#include "common/xmem.h"

#include "tests/unit/alerter/look.h"
#include "tests/unit/cases.h"

#define HOUR INT64_C(3600000000)

static struct rule *compile(const char *data)
{
	struct err e = { 0 };
	struct rule *r = rule_new(false, STR("r"), str_from(data), &e);

	if (!r)
		fail_msg("%s: %s", data, e.msg);
	return r;
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *data, *want;
	} cases[] = {
		{ "{}", "on: missing" },
		{ "{\"on\":\"\",\"target\":\"x\"}", "target: not a decimal" },
		{ "{\"on\":\"\",\"drop\":{}}",
		  "drop: one of percent, amount is missing" },
		{ "{\"on\":\"\",\"drop\":{\"percent\":0}}", "drop.percent" },
		{ "{\"on\":\"\",\"drop\":{\"percent\":-1}}", "drop.percent" },
		{ "{\"on\":\"\",\"drop\":{\"percent\":100.01}}",
		  "drop.percent" },
		{ "{\"on\":\"\",\"drop\":{\"percent\":1e99}}", "drop.percent" },
		{ "{\"on\":\"\",\"drop\":{\"amount\":0}}", "drop.amount" },
		{ "{\"on\":\"\",\"if\":\"price < \"}",
		  "if: line 1, column 9: " },
		{ "{\"on\":\"\",\"if\":\"\"}", "if: " },
		{ "{\"on\":\"\",\"near\":{\"lat\":91,\"lon\":0,\"km\":1}}",
		  "near.lat: not from -90 to 90" },
		{ "{\"on\":\"\",\"near\":{\"lat\":1,\"lon\":181,\"km\":1}}",
		  "near.lon: not from -180 to 180" },
		{ "{\"on\":\"\",\"near\":{\"lat\":1,\"lon\":0,\"km\":-1}}",
		  "near.km: not a distance" },
		{ "{\"on\":\"\",\"score\":1e99}", "score: too long" },
		{ "{\"on\":\"\",\"keywords\":\"a b c d e f g h i j k l m n o p "
		  "q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t "
		  "u v w x y z a b c d e f g h i j k l m\"}",
		  "keywords: 65 words; 64 are the most" },
		{ "{\"on\":\"\",\"keywords\":\" -- \"}",
		  "keywords: no word in them" },
		{ "{\"on\":\"\",\"keywords\":[\"!\",\"?\"]}",
		  "keywords: no word in them" },
	};
	struct buf big = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_null(
			rule_new(false, STR("r"), str_from(cases[i].data), &e));
		if (e.code != EX_DATAERR || !strstr(e.msg, cases[i].want))
			fail_msg("%s: %s", cases[i].data, e.msg);
	}
	assert_null(
		rule_new(false, STR(RULE_TARGET), STR("{\"on\":\"\"}"), &e));
	assert_non_null(strstr(e.msg, "is taken"));
	buf_puts(&big, "{\"on\":\"\",\"keywords\":[\"");
	while (big.len < RULE_DATA_MAX)
		buf_puts(&big, "a\",\"");
	buf_puts(&big, "\"]}");
	assert_null(rule_new(false, STR("r"), buf_str(&big), &e));
	buf_free(&big);
}

static void a_rule_without_a_user_tells_default(void **state)
{
	struct rule *r = compile("{\"on\":\"price.update/\"}");

	(void)state;
	assert_true(str_is(r->user, "default"));
	assert_string_equal(rule_kind(r), "match");
	rule_free(&r);
	assert_null(r);
}

/* price, currency, availability, previous: NULL is absent. */
struct look {
	const char *rule;
	const char *price, *currency, *availability, *previous;
	bool firing;
	enum verdict want;
};

static void judge(const struct look *l)
{
	struct rule *r = compile(l->rule);
	struct look_event of;
	struct matter m = {
		.topic = STR("price.update/x"),
		.row = STR(" red bicycle "),
		.price = str_from(l->price),
		.currency = str_from(l->currency),
		.availability = str_from(l->availability),
		.previous = str_from(l->previous),
	};
	enum verdict got;

	look_event(&of, &m);
	got = rule_judge(r, &m, l->firing);
	look_event_free(&of);
	if (got != l->want)
		fail_msg("%s at %s: %d", l->rule, l->price, got);
	rule_free(&r);
}

static void verdicts(void **state)
{
#define ON "{\"on\":\"price.update/\","
#define T  ON "\"target\":\"80\"}"
#define TH ON "\"target\":\"80\",\"hysteresis\":\"5%\"}"
#define TE ON "\"target\":\"80\",\"currency\":\"EUR\"}"
#define B  ON "\"price\":{\"min\":\"10\",\"max\":20},\"hysteresis\":\"10%\"}"
#define DP ON "\"drop\":{\"percent\":12.5}}"
#define DA ON "\"drop\":{\"amount\":\"0.10\",\"percent\":1}}"
#define K  ON "\"keywords\":\"bicycle RED\"}"
#define K2 ON "\"keywords\":[\"bicycle red\"]}"
#define S  ON "\"stock\":\"InStock\",\"target\":\"80\"}"
	static const struct look looks[] = {
		{ T, "80", "EUR", 0, 0, false, VERDICT_YES },
		{ T, "80.00", 0, 0, 0, false, VERDICT_YES },
		{ T, "80.01", "EUR", 0, 0, false, VERDICT_NO },
		{ T, "0", 0, 0, 0, false, VERDICT_YES },
		{ T, NULL, "EUR", 0, 0, false, VERDICT_UNKNOWN },
		{ T, NULL, "EUR", 0, 0, true, VERDICT_UNKNOWN },
		{ TH, "84", 0, 0, 0, false, VERDICT_NO },
		{ TH, "84", 0, 0, 0, true, VERDICT_YES },
		{ TH, "84.01", 0, 0, 0, true, VERDICT_NO },
		{ TE, "80", "EUR", 0, 0, false, VERDICT_YES },
		{ TE, "80", "USD", 0, 0, false, VERDICT_UNKNOWN },
		{ TE, "80", NULL, 0, 0, false, VERDICT_UNKNOWN },
		{ B, "10", 0, 0, 0, false, VERDICT_YES },
		{ B, "20.0", 0, 0, 0, false, VERDICT_YES },
		{ B, "9.99", 0, 0, 0, false, VERDICT_NO },
		{ B, "9", 0, 0, 0, true, VERDICT_YES },
		{ B, "22", 0, 0, 0, true, VERDICT_YES },
		{ B, "22.01", 0, 0, 0, true, VERDICT_NO },
		{ DP, "87.5", 0, 0, "100", false, VERDICT_YES },
		{ DP, "87.51", 0, 0, "100", false, VERDICT_NO },
		{ DP, "87.5", 0, 0, NULL, false, VERDICT_UNKNOWN },
		{ DP, "110", 0, 0, "100", false, VERDICT_NO },
		{ DA, "0.90", 0, 0, "1.00", false, VERDICT_YES },
		{ DA, "0.91", 0, 0, "1.00", false, VERDICT_NO },
		{ DA, "99.50", 0, 0, "100", false, VERDICT_NO },
		{ K, NULL, 0, 0, 0, false, VERDICT_YES },
		{ K2, NULL, 0, 0, 0, false, VERDICT_NO },
		{ S, "80", 0, "InStock", 0, false, VERDICT_YES },
		{ S, "80", 0, "SoldOut", 0, false, VERDICT_NO },
		{ S, "80", 0, NULL, 0, false, VERDICT_UNKNOWN },
		{ S, "81", 0, NULL, 0, false, VERDICT_NO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		judge(&looks[i]);
}

/* The short forms are the same language. */
static void a_rule_is_one_expression(void **state)
{
	static const char *const cases[][2] = {
		{ ON "\"cooldown\":\"1h\"}", "" },
		{ TE, "price <= 80" },
		{ B, "price >= 10 and price <= 20" },
		{ DP, "price <= 0.875 * previous()" },
		{ ON "\"drop\":{\"percent\":10,\"amount\":5,\"over\":\"7d\"}}",
		  "price <= 0.9 * highest(\"7d\") and "
		  "price <= highest(\"7d\") - 5" },
		{ ON "\"keywords\":\"Red bicyc*\",\"stock\":\"InStock\"}",
		  "availability == \"InStock\" and text mentions \"red\" and "
		  "text mentions \"bicyc*\"" },
		{ ON "\"sellers\":[\"a \\\"b\\\"\",\"c\"],\"score\":0.5}",
		  "seller in [\"a \\\"b\\\"\", \"c\"] and score >= 0.5" },
		{ ON "\"near\":{\"lat\":52.5,\"lon\":-13.4,\"km\":30}}",
		  "distance(52.5, -13.4) <= 30" },
		{ ON "\"target\":\"80\",\"if\":\"a == 1 or b == 2\"}",
		  "price <= 80 and (a == 1 or b == 2)" },
		{ ON "\"if\":\"price<lowest('30d')\"}",
		  "price < lowest(\"30d\")" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rule *r = compile(cases[i][0]);
		struct str got = rule_condition(r);

		if (!str_is(got, cases[i][1]))
			fail_msg("%s: %.*s", cases[i][0], STR_ARG(got));
		rule_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_rule_without_a_user_tells_default),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(a_rule_is_one_expression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
