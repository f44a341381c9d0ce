/* What may be spent in a month: tests/fixtures/egress/budget.jsonl. */
#include "cmd/scraper/budget.h"

#include "common/clk.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct tz_cache zones;

static int64_t number(const struct json *obj, const char *key)
{
	return strtoll(json_number(json_member(obj, key)), NULL, 10);
}

static void read_rules(const struct json *j, struct budget_rules *r)
{
	struct err e;

	r->budget = number(j, "budget");
	r->cost = number(j, "cost");
	r->day = (int)number(j, "day");
	r->tz = tz_get(&zones, str_from(json_string(json_member(j, "tz"))), &e);
	if (!r->tz)
		fail_msg("%s", e.msg);
}

static int64_t seconds(const struct json *j)
{
	int64_t us;

	assert_true(clk_parse(str_from(json_string(j)), &us));
	return us / 1000000;
}

/* Through its text and back. */
static void restart(struct budget *b)
{
	struct buf text = { 0 };

	budget_encode(b, &text);
	*b = (struct budget){ .total = 77 };
	assert_true(budget_decode(buf_str(&text), b));
	buf_free(&text);
}

static bool step(const struct json *s, struct budget_rules *r, struct budget *b)
{
	const char *op = json_string(json_at(s, 1));
	const struct json *arg = json_at(s, 2);
	int64_t now = seconds(json_at(s, 0)), n = 0;

	if (str_is(str_from(op), "take")) {
		for (long i = atol(json_number(arg)); i > 0; i--)
			n += budget_take(r, b, now);
		return n == atol(json_number(json_at(s, 3)));
	}
	if (str_is(str_from(op), "restart")) {
		restart(b);
		return true;
	}
	if (str_is(str_from(op), "rules")) {
		read_rules(arg, r);
		return true;
	}
	budget_roll(r, b, now);
	if (str_is(str_from(op), "left"))
		return budget_left(r, b) == atol(json_number(arg));
	assert_string_equal(op, "resets");
	return budget_period(r, now).end_s == seconds(arg);
}

static bool judge(const struct json *c, void *ctx)
{
	struct budget b = { 0 };
	struct budget_rules r;
	int i = 0;

	(void)ctx;
	read_rules(json_member(c, "rules"), &r);
	json_each (s, json_member(c, "steps")) {
		i++;
		if (!step(s, &r, &b))
			fail_msg("%s: step %d",
				 json_string(json_member(c, "what")), i);
	}
	return true;
}

static void months_are_counted(void **state)
{
	(void)state;
	assert_true(
		cases_run("tests/fixtures/egress", "budget.jsonl", judge, NULL)
			.n > 10);
}

static void what_is_no_count_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"1 2",
		"1 2 3",
		"5 2 1 0",
		"5 1 2",
		"5 1 2 6",
		"5 1 2 3 4",
		"-1",
		"5 1 2 x",
		"99999999999999999999",
		"9 1 2 0 3 4 0 5 6 0 7 8 0",
	};
	struct budget b = { .total = 42 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (budget_decode(str_from(bad[i]), &b) || b.total != 42)
			fail_msg("'%s' is taken", bad[i]);
}

/* However the clock goes, no period as it was at any time gets more. */
static void no_clock_gets_more_than_the_budget(void **state)
{
	const struct budget_rules r = { .budget = 10,
					.cost = 3,
					.day = 31,
					.tz = tz_get(&zones, STR(""), NULL) };
	uint64_t x = 12345;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct budget b = { 0 };
		int64_t spent[40] = { 0 };

		for (int i = 0; i < 60; i++) {
			int64_t month, now;

			x = x * 6364136223846793005 + 1442695040888963407;
			month = (int64_t)(x >> 33) % 3;
			now = (int64_t)1790000000 + month * 31 * 86400;
			if (budget_take(&r, &b, now)) {
				spent[month] += r.cost;
				assert_true(spent[month] <= r.budget);
			}
			assert_true(budget_used(&b) <= r.budget ||
				    budget_left(&r, &b) == 0);
		}
	}
}

static int teardown(void **state)
{
	(void)state;
	tz_cache_free(&zones);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(months_are_counted),
		cmocka_unit_test(what_is_no_count_is_refused),
		cmocka_unit_test(no_clock_gets_more_than_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
