#include "cmd/alerter/lifecycle.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define HOUR INT64_C(3600000000)

#define ON "{\"on\":\"price.update/\","
#define T  ON "\"target\":\"80\"}"
#define F  ON "\"target\":\"80\",\"for\":\"2h\"}"
#define C  ON "\"target\":\"80\",\"cooldown\":\"6h\"}"
#define DP ON "\"drop\":{\"percent\":12.5}}"

static struct rule *compile(const char *data)
{
	struct err e = { 0 };
	struct rule *r = rule_new(false, STR("r"), str_from(data), &e);

	if (!r)
		fail_msg("%s: %s", data, e.msg);
	return r;
}

/* A step: the hour, what is so, what must follow, and what is the state. */
struct turn {
	int hour;
	enum verdict v;
	enum rule_action want;
	enum life life;
};

static void follow(struct rule_state *st, const char *data, struct occasion o,
		   const struct turn *turn, size_t n)
{
	struct rule *r = compile(data);

	for (size_t i = 0; i < n; i++) {
		enum rule_action got;

		o.recorded_us = turn[i].hour * HOUR;
		got = rule_step(r, st, turn[i].v, &o);
		if (got != turn[i].want || st->life != turn[i].life)
			fail_msg("turn %zu: %d, %s", i, got,
				 life_name(st->life));
	}
	rule_free(&r);
}

/* What follows at that hour by itself. */
static enum rule_action due(struct rule_state *st, const char *data,
			    struct occasion o, int hour)
{
	struct rule *r = compile(data);
	enum rule_action got;

	o.recorded_us = hour * HOUR;
	got = rule_due(r, st, &o);
	rule_free(&r);
	return got;
}

#define LOUD                              \
	(struct occasion)                 \
	{                                 \
		.hold_until_us = CLK_NONE \
	}
#define SILENT(until)                                          \
	(struct occasion)                                      \
	{                                                      \
		.hold = HOLD_SILENCE, .hold_until_us = (until) \
	}

static void fires_once_and_resolves_once(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 1, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 2, VERDICT_YES, RULE_NOTHING, LIFE_FIRING },
		{ 3, VERDICT_UNKNOWN, RULE_NOTHING, LIFE_FIRING },
		{ 4, VERDICT_YES, RULE_NOTHING, LIFE_FIRING },
		{ 5, VERDICT_NO, RULE_RESOLVE, LIFE_INACTIVE },
		{ 6, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 7, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, T, LOUD, turns, ARRAY_LEN(turns));
	assert_true(st.fired_us == 7 * HOUR && st.due_us == CLK_NONE);
}

static void a_cooldown_holds_what_is_due_at_its_end(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 1, VERDICT_NO, RULE_RESOLVE, LIFE_INACTIVE },
		{ 2, VERDICT_YES, RULE_SUPPRESS, LIFE_SUPPRESSED },
		{ 3, VERDICT_YES, RULE_NOTHING, LIFE_SUPPRESSED },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, C, LOUD, turns, ARRAY_LEN(turns));
	assert_true(st.hold == HOLD_COOLDOWN && st.due_us == 6 * HOUR);
	assert_true(rule_is_held(&st));
	assert_int_equal(due(&st, C, LOUD, 6), RULE_FIRE);
	assert_true(st.life == LIFE_FIRING && st.fired_us == 6 * HOUR);
	assert_true(st.due_us == CLK_NONE);
	assert_int_equal(due(&st, C, LOUD, 6), RULE_NOTHING);
}

static void it_must_last_before_it_fires(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_NOTHING, LIFE_PENDING },
		{ 1, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 2, VERDICT_YES, RULE_NOTHING, LIFE_PENDING },
		{ 3, VERDICT_YES, RULE_NOTHING, LIFE_PENDING },
		{ 3, VERDICT_UNKNOWN, RULE_NOTHING, LIFE_PENDING },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, F, LOUD, turns, ARRAY_LEN(turns));
	assert_true(st.due_us == 4 * HOUR);
	assert_false(rule_is_firing(&st)); /* no hysteresis yet */
	assert_int_equal(due(&st, F, LOUD, 4), RULE_FIRE);
	assert_true(st.fired_us == 4 * HOUR);
}

static void it_fires_for_a_while_at_least(void **state)
{
	static const char data[] = ON "\"target\":\"80\",\"keep\":\"3h\"}";
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 1, VERDICT_NO, RULE_NOTHING, LIFE_FIRING },
		{ 2, VERDICT_YES, RULE_NOTHING, LIFE_FIRING },
	};
	static const struct turn more[] = {
		{ 2, VERDICT_NO, RULE_NOTHING, LIFE_FIRING },
	};
	static const struct turn later[] = {
		{ 4, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 7, VERDICT_NO, RULE_RESOLVE, LIFE_INACTIVE },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, data, LOUD, turns, ARRAY_LEN(turns));
	assert_true(!st.ending && st.due_us == CLK_NONE);
	follow(&st, data, LOUD, more, ARRAY_LEN(more));
	assert_true(st.ending && st.due_us == 3 * HOUR);
	assert_int_equal(due(&st, data, LOUD, 3), RULE_RESOLVE);
	assert_true(!rule_state_matters(&st));
	follow(&st, data, LOUD, later, ARRAY_LEN(later));
}

static void some_of_the_last_must_say_so(void **state)
{
	static const char data[] =
		ON "\"target\":\"80\",\"of\":{\"n\":2,\"m\":3}}";
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_NOTHING, LIFE_INACTIVE },
		{ 1, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 2, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 3, VERDICT_YES, RULE_NOTHING, LIFE_INACTIVE },
		{ 4, VERDICT_UNKNOWN, RULE_NOTHING, LIFE_INACTIVE },
		{ 5, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 6, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 7, VERDICT_YES, RULE_NOTHING, LIFE_FIRING },
		{ 8, VERDICT_NO, RULE_NOTHING, LIFE_FIRING },
		{ 9, VERDICT_NO, RULE_RESOLVE, LIFE_INACTIVE },
		{ 10, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, data, LOUD, turns, ARRAY_LEN(turns) - 1);
	assert_true(rule_state_matters(&st)); /* one yes still counts */
	follow(&st, data, LOUD, turns + ARRAY_LEN(turns) - 1, 1);
	assert_false(rule_state_matters(&st));
}

static void what_was_never_told_is_not_resolved(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_SUPPRESS, LIFE_SUPPRESSED },
		{ 1, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, T, SILENT(9 * HOUR), turns, ARRAY_LEN(turns));
	assert_true(st.due_us == CLK_NONE);
}

static void a_silence_that_was_prolonged_holds_on(void **state)
{
	static const struct turn turn = { 0, VERDICT_YES, RULE_SUPPRESS,
					  LIFE_SUPPRESSED };
	struct rule_state st = LIFE_FRESH;

	(void)state;
	follow(&st, C, SILENT(2 * HOUR), &turn, 1);
	assert_int_equal(due(&st, C, SILENT(5 * HOUR), 2), RULE_SUPPRESS);
	assert_true(st.due_us == 5 * HOUR);
	/* One without an end: until somebody removes it. */
	assert_int_equal(due(&st, C, SILENT(CLK_NONE), 5), RULE_SUPPRESS);
	assert_true(st.due_us == CLK_NONE && rule_is_held(&st));
	/* What it was told of before still has its cooldown. */
	st.fired_us = HOUR;
	assert_int_equal(due(&st, C, LOUD, 6), RULE_SUPPRESS);
	assert_true(st.hold == HOLD_COOLDOWN && st.due_us == 7 * HOUR);
	assert_int_equal(due(&st, C, LOUD, 7), RULE_FIRE);
}

static void a_quiet_sight_is_no_news_but_is_remembered(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_NOTHING, LIFE_QUIET },
		{ 1, VERDICT_YES, RULE_NOTHING, LIFE_QUIET },
		{ 2, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
	};
	static const struct turn after = { 3, VERDICT_YES, RULE_FIRE,
					   LIFE_FIRING };
	struct rule_state st = LIFE_FRESH;
	struct occasion o = LOUD;

	(void)state;
	o.quiet = true;
	follow(&st, T, o, turns, ARRAY_LEN(turns));
	follow(&st, T, LOUD, &after, 1);
}

static void what_happens_fires_each_time(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 1, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 2, VERDICT_NO, RULE_NOTHING, LIFE_FIRING },
	};
	struct rule_state st = LIFE_FRESH;
	struct occasion o = LOUD;

	(void)state;
	o.momentary = true;
	follow(&st, DP, o, turns, ARRAY_LEN(turns));
	assert_false(rule_is_firing(&st) || rule_is_held(&st));
	/* It can be acknowledged for a day, and then it is forgotten. */
	assert_true(st.happened && st.due_us == 25 * HOUR);
	assert_true(rule_ack(&st, false));
	assert_int_equal(due(&st, DP, LOUD, 25), RULE_NOTHING);
	assert_false(rule_state_matters(&st));
	/* What is suppressed is over, and so will not be told. */
	o.hold = HOLD_SILENCE;
	o.hold_until_us = 99 * HOUR;
	follow(&st, DP, o,
	       &(struct turn){ 30, VERDICT_YES, RULE_SUPPRESS, LIFE_INACTIVE },
	       1);
	assert_false(rule_state_matters(&st));
}

static void who_takes_care_is_known_until_it_is_over(void **state)
{
	static const struct turn turns[] = {
		{ 0, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
	};
	static const struct turn after[] = {
		{ 1, VERDICT_YES, RULE_NOTHING, LIFE_ACKED },
		{ 2, VERDICT_NO, RULE_RESOLVE, LIFE_INACTIVE },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	assert_false(rule_ack(&st, false));
	follow(&st, T, LOUD, turns, 1);
	assert_false(rule_ack(&st, true));
	assert_true(rule_ack(&st, false));
	assert_false(rule_ack(&st, false));
	assert_true(rule_ack(&st, true));
	assert_int_equal(st.life, LIFE_FIRING);
	assert_true(rule_ack(&st, false));
	follow(&st, T, LOUD, after, ARRAY_LEN(after));
	assert_false(rule_ack(&st, true));
}

static void a_state_is_kept_while_it_matters(void **state)
{
	static const struct turn turns[] = {
		{ 1, VERDICT_YES, RULE_FIRE, LIFE_FIRING },
		{ 2, VERDICT_NO, RULE_RESOLVE, LIFE_INACTIVE },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	assert_false(rule_state_matters(&st));
	follow(&st, C, LOUD, turns, ARRAY_LEN(turns));
	assert_true(rule_state_matters(&st) && st.due_us == 7 * HOUR);
	assert_int_equal(due(&st, C, LOUD, 7), RULE_NOTHING);
	assert_false(rule_state_matters(&st));
}

static void what_is_gone_leaves_its_cooldown(void **state)
{
	static const struct turn back = { 3, VERDICT_YES, RULE_SUPPRESS,
					  LIFE_SUPPRESSED };
	struct rule *r = compile(C);
	struct rule_state st = { .life = LIFE_FIRING,
				 .fired_us = HOUR,
				 .due_us = CLK_NONE };

	(void)state;
	assert_int_equal(rule_gone(r, &st, 2 * HOUR), RULE_RESOLVE);
	assert_true(st.life == LIFE_INACTIVE && st.due_us == 7 * HOUR);
	assert_int_equal(rule_gone(r, &st, 2 * HOUR), RULE_NOTHING);
	follow(&st, C, LOUD, &back, 1);
	assert_true(st.due_us == 7 * HOUR);
	rule_free(&r);
}

/* Its cooldown was in no deadline then. */
static void a_state_of_before_keeps_its_cooldown(void **state)
{
	static const struct turn turns[] = {
		{ 2, VERDICT_NO, RULE_NOTHING, LIFE_INACTIVE },
		{ 3, VERDICT_YES, RULE_SUPPRESS, LIFE_SUPPRESSED },
	};
	struct rule_state st = LIFE_FRESH;

	(void)state;
	st.fired_us = HOUR;
	follow(&st, C, LOUD, turns, 1);
	assert_true(rule_state_matters(&st));
	follow(&st, C, LOUD, turns + 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_once_and_resolves_once),
		cmocka_unit_test(a_cooldown_holds_what_is_due_at_its_end),
		cmocka_unit_test(it_must_last_before_it_fires),
		cmocka_unit_test(it_fires_for_a_while_at_least),
		cmocka_unit_test(some_of_the_last_must_say_so),
		cmocka_unit_test(what_was_never_told_is_not_resolved),
		cmocka_unit_test(a_silence_that_was_prolonged_holds_on),
		cmocka_unit_test(a_quiet_sight_is_no_news_but_is_remembered),
		cmocka_unit_test(what_happens_fires_each_time),
		cmocka_unit_test(who_takes_care_is_known_until_it_is_over),
		cmocka_unit_test(a_state_is_kept_while_it_matters),
		cmocka_unit_test(what_is_gone_leaves_its_cooldown),
		cmocka_unit_test(a_state_of_before_keeps_its_cooldown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
