/* Who has fallen too far behind, by rules. */
#include "cmd/gateway/lag.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void what_is_no_rule_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"price.update/",
		"price.update/=latest",
		"price.update/=latest:",
		"price.update/=latest:0",
		"price.update/=latest:1000001",
		"price.update/=latest:5x",
		"price.update/=oldest:5",
		"price update=latest:5",
		"$head=latest:5",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };

		if (lag_new(&rows[i], 1, &e))
			fail_msg("%s: taken", rows[i]);
		assert_int_equal(e.code, EX_USAGE);
		assert_true(str_starts(str_from(e.msg), STR("lag: ")));
	}
}

static void there_are_so_many_rules(void **state)
{
	const char *rules[LAG_RULES_MAX + 1];
	struct err e = { 0 };
	struct lag *l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		rules[i] = "=latest:1";
	assert_null(lag_new(rules, LAG_RULES_MAX + 1, &e));
	assert_int_equal(e.code, EX_USAGE);
	l = lag_new(rules, LAG_RULES_MAX, &e);
	assert_non_null(l);
	lag_free(&l);
}

static void patterns_have_topics_in_common(void **state)
{
	static const struct {
		const char *a, *b, *both; /* NULL: none */
	} rows[] = {
		{ "", "", "" },
		{ "", "a.x/", "a.x/" },
		{ "a.x/", "a.", "a.x/" },
		{ "a.x/1", "a.x/", "a.x/1" },
		{ "a.x/1", "a.x/1", "a.x/1" },
		{ "a.x/1", "a.x/2", NULL },
		{ "a.x/", "a.y/", NULL },
		{ "a.x", "a.x/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str a = str_from(rows[i].a), b = str_from(rows[i].b);

		for (int k = 0; k < 2; k++) {
			struct str got =
				k ? lag_common(a, b) : lag_common(b, a);

			if (!got.p != !rows[i].both ||
			    (got.p && !str_is(got, rows[i].both)))
				fail_msg("%s %s", rows[i].a, rows[i].b);
		}
	}
}

static const struct lag_rule *judge(const struct lag *l, const char *pattern,
				    uint64_t pos)
{
	struct patterns p = { 0 };
	const struct lag_rule *r;

	patterns_add(&p, str_from(pattern));
	r = lag_judge(l, &p, pos);
	patterns_free(&p);
	return r;
}

/* Events 1 to 100, of a.x/1 those with an odd number. */
static void only_events_of_the_pattern_count(void **state)
{
	static const char *const rules[] = { "a.x/=latest:10",
					     "b.y/1=disconnect:10" };
	struct err e;
	struct lag *l = lag_new(rules, 2, &e);

	(void)state;
	for (uint64_t o = 1; o <= 21; o++)
		lag_event(l, o % 2 ? STR("a.x/1") : STR("b.y/1"), o);
	/* 11 of a.x/1: who has the first has missed ten */
	assert_null(judge(l, "a.x/", 1));
	assert_non_null(judge(l, "a.x/", 0));
	assert_null(judge(l, "b.", 0));
	for (uint64_t o = 22; o <= 100; o++)
		lag_event(l, o % 2 ? STR("a.x/1") : STR("b.y/1"), o);
	assert_null(judge(l, "a.x/", 79)); /* 81 to 99 are missing */
	assert_int_equal(judge(l, "a.x/", 78)->policy, LAG_LATEST);
	assert_int_equal(judge(l, "", 78)->policy, LAG_LATEST);
	assert_int_equal(judge(l, "b.y/1", 79)->policy, LAG_DISCONNECT);
	assert_null(judge(l, "b.y/2", 0));
	assert_null(judge(l, "b.y/1", 80));
	lag_forget(l);
	assert_null(judge(l, "", 0));
	lag_event(l, STR("a.x/1"), 1);
	assert_null(judge(l, "", 0));
	lag_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_rule_is_refused),
		cmocka_unit_test(there_are_so_many_rules),
		cmocka_unit_test(patterns_have_topics_in_common),
		cmocka_unit_test(only_events_of_the_pattern_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
