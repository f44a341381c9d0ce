#include "cmd/alerter/lifecycle.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define HOUR INT64_C(3600000000)

#define ON "{\"on\":\"price.update/\","
#define T  ON "\"target\":\"80\"}"
#define DP ON "\"drop\":{\"percent\":12.5}}"

static struct rule *compile(const char *data)
{
	struct err e = { 0 };
	struct rule *r = rule_new(false, STR("r"), str_from(data), &e);

	if (!r)
		fail_msg("%s: %s", data, e.msg);
	return r;
}

/* A step: the hour, what is so, and what must follow. */
struct turn {
	int hour;
	enum verdict v;
	enum rule_action want;
};

static void follow(struct rule_state *st, const char *data, struct occasion o,
		   const struct turn *turn, size_t n)
{
	struct rule *r = compile(data);

	for (size_t i = 0; i < n; i++) {
		enum rule_action got;

		o.recorded_us = turn[i].hour * HOUR;
		got = rule_step(r, st, turn[i].v, &o);
		if (got != turn[i].want)
			fail_msg("turn %zu: %d", i, got);
	}
	rule_free(&r);
}

#define FRESH                                            \
	{                                                \
		.fired_us = CLK_NONE, .due_us = CLK_NONE \
	}
#define LOUD                                \
	(struct occasion)                   \
	{                                   \
		.silent_until_us = CLK_NONE \
	}

static void fires_once_and_resolves_once(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_NO, RULE_NOTHING },
		{ 1, VERDICT_YES, RULE_FIRE },
		{ 2, VERDICT_YES, RULE_NOTHING },
		{ 3, VERDICT_UNKNOWN, RULE_NOTHING },
		{ 4, VERDICT_YES, RULE_NOTHING },
		{ 5, VERDICT_NO, RULE_RESOLVE },
		{ 6, VERDICT_NO, RULE_NOTHING },
		{ 7, VERDICT_YES, RULE_FIRE },
	};
	struct rule_state st = FRESH;

	(void)state;
	follow(&st, T, LOUD, turns, ARRAY_LEN(turns));
	assert_true(st.firing && st.told && !st.held);
}

static void a_cooldown_holds_what_is_due_at_its_end(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_FIRE },
		{ 1, VERDICT_NO, RULE_RESOLVE },
		{ 2, VERDICT_YES, RULE_COOLDOWN },
		{ 3, VERDICT_YES, RULE_NOTHING },
	};
	struct rule_state st = FRESH;
	struct occasion o = LOUD;

	(void)state;
	follow(&st, ON "\"target\":\"80\",\"cooldown\":\"6h\"}", o, turns,
	       ARRAY_LEN(turns));
	assert_true(st.held && st.due_us == 6 * HOUR);
	o.recorded_us = st.due_us;
	assert_int_equal(rule_due(&st, &o), RULE_FIRE);
	assert_true(st.told && !st.held && st.fired_us == 6 * HOUR);
	assert_true(st.due_us == CLK_NONE);
	assert_int_equal(rule_due(&st, &o), RULE_NOTHING);
}

static void what_was_never_told_is_not_resolved(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_SILENCE },
		{ 1, VERDICT_NO, RULE_NOTHING },
	};
	struct rule_state st = FRESH;
	struct occasion o = LOUD;

	(void)state;
	o.silenced = true;
	o.silent_until_us = 9 * HOUR;
	follow(&st, T, o, turns, ARRAY_LEN(turns));
	assert_false(st.held);
	assert_true(st.due_us == CLK_NONE);
}

static void a_silence_that_was_prolonged_holds_on(void **state)
{
	static const struct turn turn = { 0, VERDICT_YES, RULE_SILENCE };
	struct rule_state st = FRESH;
	struct occasion o = LOUD;

	(void)state;
	o.silenced = true;
	o.silent_until_us = 2 * HOUR;
	follow(&st, T, o, &turn, 1);
	o.recorded_us = 2 * HOUR;
	o.silent_until_us = 5 * HOUR;
	assert_int_equal(rule_due(&st, &o), RULE_SILENCE);
	assert_true(st.held && st.due_us == 5 * HOUR);
	o.silent_until_us = CLK_NONE;
	assert_int_equal(rule_due(&st, &o), RULE_SILENCE);
	assert_false(st.held);
}

static void a_quiet_sight_is_no_news_but_is_remembered(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_NOTHING },
		{ 1, VERDICT_YES, RULE_NOTHING },
		{ 2, VERDICT_NO, RULE_NOTHING },
	};
	static const struct turn after = { 3, VERDICT_YES, RULE_FIRE };
	struct rule_state st = FRESH;
	struct occasion o = LOUD;

	(void)state;
	o.quiet = true;
	follow(&st, T, o, turns, ARRAY_LEN(turns));
	follow(&st, T, LOUD, &after, 1);
}

static void what_happens_fires_each_time(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_FIRE },
		{ 1, VERDICT_YES, RULE_FIRE },
		{ 2, VERDICT_NO, RULE_NOTHING },
	};
	struct rule_state st = FRESH;
	struct occasion o = LOUD;

	(void)state;
	o.momentary = true;
	follow(&st, DP, o, turns, ARRAY_LEN(turns));
	assert_false(st.firing || st.held);
}

static void a_state_is_kept_while_it_matters(void **state)
{
	struct rule *r = compile(ON "\"target\":\"80\",\"cooldown\":\"6h\"}");
	struct rule_state st = FRESH;

	(void)state;
	assert_false(rule_state_matters(r, &st, 0));
	st.fired_us = HOUR;
	assert_true(rule_state_matters(r, &st, 6 * HOUR));
	assert_false(rule_state_matters(r, &st, 7 * HOUR));
	st.firing = true;
	assert_true(rule_state_matters(r, &st, 7 * HOUR));
	rule_free(&r);
}

static void what_is_gone_leaves_its_cooldown(void **state)
{
	struct rule *r = compile(ON "\"target\":\"80\",\"cooldown\":\"6h\"}");
	struct rule_state st = { .firing = true,
				 .told = true,
				 .fired_us = HOUR,
				 .due_us = CLK_NONE };
	const struct occasion back = { .recorded_us = 3 * HOUR };

	(void)state;
	rule_gone(r, &st);
	assert_false(st.firing || st.told || st.held);
	assert_true(st.gone && st.due_us == 7 * HOUR);
	assert_true(rule_state_matters(r, &st, 6 * HOUR));
	assert_false(rule_state_matters(r, &st, 7 * HOUR));
	assert_int_equal(rule_step(r, &st, VERDICT_YES, &back), RULE_COOLDOWN);
	assert_true(st.held && !st.gone && st.due_us == 7 * HOUR);
	rule_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_once_and_resolves_once),
		cmocka_unit_test(a_cooldown_holds_what_is_due_at_its_end),
		cmocka_unit_test(what_was_never_told_is_not_resolved),
		cmocka_unit_test(a_silence_that_was_prolonged_holds_on),
		cmocka_unit_test(a_quiet_sight_is_no_news_but_is_remembered),
		cmocka_unit_test(what_happens_fires_each_time),
		cmocka_unit_test(a_state_is_kept_while_it_matters),
		cmocka_unit_test(what_is_gone_leaves_its_cooldown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
