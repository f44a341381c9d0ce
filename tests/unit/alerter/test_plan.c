/* When a user is told: groups, days, quiet hours, limits, steps. */
#include "cmd/alerter/notice.h"
#include "cmd/alerter/plan.h"
#include "cmd/alerter/user.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define S 1000000LL

static int64_t at(const char *text)
{
	int64_t us;

	assert_true(clk_parse(str_from(text), &us));
	return us;
}

static void is_plan(struct plan p, enum plan_why why, int64_t at_us)
{
	assert_int_equal(p.why, why);
	assert_int_equal(p.at_us, at_us);
}

static void a_group_waits_keeps_its_interval_and_repeats(void **state)
{
	static const struct {
		struct plan_gathering now;
		int64_t repeat_s, at_s; /* at_s -1: never */
		enum plan_why why;
	} t[] = {
		/* news, since, holds, told; wait 30, interval 300 */
		{ { true, 1000 * S, true, CLK_NONE }, 0, 1030, PLAN_WAIT },
		{ { true, 1000 * S, true, 900 * S }, 0, 1200, PLAN_INTERVAL },
		{ { true, 1000 * S, true, 730 * S }, 0, 1030, PLAN_WAIT },
		{ { true, 1000 * S, true, 731 * S }, 0, 1031, PLAN_INTERVAL },
		{ { true, 1000 * S, true, 100 * S }, 50, 1030, PLAN_WAIT },
		{ { false, 0, true, 900 * S }, 0, -1, PLAN_NEVER },
		{ { false, 0, true, 900 * S }, 600, 1500, PLAN_REPEAT },
		{ { false, 0, true, 900 * S }, 60, 1200, PLAN_REPEAT },
		{ { false, 0, false, 900 * S }, 60, 1200, PLAN_NEVER },
		{ { false, 0, false, CLK_NONE }, 60, -1, PLAN_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct plan_group g = { 30 * S, 300 * S,
					      t[i].repeat_s * S };

		is_plan(plan_group(&g, &t[i].now), t[i].why,
			t[i].at_s < 0 ? CLK_NONE : t[i].at_s * S);
	}
}

static struct users users;

static const struct user *set(const char *data)
{
	struct err e;

	if (users_put(&users, STR("u"), str_from(data), &e))
		fail_msg("%s: %s", data, e.msg);
	return users_get(&users, STR("u"));
}

static void a_day_ends_at_the_users_midnight(void **state)
{
	static const struct {
		const char *zone, *now, *want;
	} t[] = {
		{ "UTC", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z" },
		{ "UTC", "2026-03-01T23:59:59.999999Z",
		  "2026-03-02T00:00:00Z" },
		{ "UTC", "1969-12-31T12:00:00Z", "1970-01-01T00:00:00Z" },
		{ "Europe/Berlin", "2026-03-28T22:59:59Z",
		  "2026-03-28T23:00:00Z" },
		/* 23 hours, then 25 */
		{ "Europe/Berlin", "2026-03-28T23:00:00Z",
		  "2026-03-29T22:00:00Z" },
		{ "Europe/Berlin", "2026-10-24T22:00:00Z",
		  "2026-10-25T23:00:00Z" },
		{ "Asia/Kathmandu", "2026-03-01T18:14:59Z",
		  "2026-03-01T18:15:00Z" },
		/* Midnight is skipped: the day begins at one. */
		{ "America/Sao_Paulo", "2018-11-03T12:00:00Z",
		  "2018-11-04T03:00:00Z" },
		/* Midnight comes back as eleven: the day goes on. */
		{ "America/Sao_Paulo", "2018-02-17T12:00:00Z",
		  "2018-02-18T03:00:00Z" },
		{ "America/Sao_Paulo", "2018-02-18T02:30:00Z",
		  "2018-02-18T03:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t) && tz_has_files(); i++) {
		struct buf b = { 0 };
		const struct user *u;

		buf_addf(&b, "{\"zone\":\"%s\"}", t[i].zone);
		buf_putc(&b, '\0');
		u = set(b.p);
		if (plan_midnight(u, at(t[i].now)) != at(t[i].want))
			fail_msg("%s %s", t[i].zone, t[i].now);
		buf_free(&b);
	}
}

static void quiet_hours_and_digests_follow_the_clock_on_the_wall(void **state)
{
	struct plan_ask ask = { 0 };
	const struct user *u;

	(void)state;
	if (!tz_has_files())
		skip();
	u = set("{\"zone\":\"Europe/Berlin\",\"quiet\":[\"22:00-07:00\"],"
		"\"digest\":{\"at\":\"02:30\"}}");
	ask.user = u;
	is_plan(plan_user(&ask, at("2026-03-28T20:59:59Z")), PLAN_NOW,
		at("2026-03-28T20:59:59Z"));
	is_plan(plan_user(&ask, at("2026-03-28T21:00:00Z")), PLAN_QUIET,
		at("2026-03-29T05:00:00Z"));
	is_plan(plan_user(&ask, at("2026-10-24T22:00:00Z")), PLAN_QUIET,
		at("2026-10-25T06:00:00Z"));
	is_plan(plan_user(&ask, at("2026-03-29T05:00:00Z")), PLAN_NOW,
		at("2026-03-29T05:00:00Z"));
	/* 02:30 is skipped once, and once comes twice. */
	assert_int_equal(plan_digest(u, at("2026-03-28T12:00:00Z")),
			 at("2026-03-29T01:30:00Z"));
	assert_int_equal(plan_digest(u, at("2026-03-29T01:30:00Z")),
			 at("2026-03-30T00:30:00Z"));
	assert_int_equal(plan_digest(u, at("2026-10-24T12:00:00Z")),
			 at("2026-10-25T00:30:00Z"));
	assert_int_equal(plan_digest(u, at("2026-10-25T00:30:00Z")),
			 at("2026-10-26T01:30:00Z"));
	ask.urgent = true;
	assert_int_equal(plan_user(&ask, at("2026-03-28T21:00:00Z")).why,
			 PLAN_NOW);
	ask.digest = true;
	assert_int_equal(plan_user(&ask, at("2026-03-28T21:00:00Z")).why,
			 PLAN_DIGEST);
}

static void so_many_are_told_a_day(void **state)
{
	const struct user *u = set("{\"max_per_day\":2}");
	struct plan_ask ask = { .user = u, .rule_max = 1 };
	int64_t now = at("2026-03-01T12:00:00Z"), next = at("2026-03-02");
	uint64_t max;

	(void)state;
	assert_true(plan_is_last(&ask, now, &max));
	assert_int_equal(max, 1);
	ask.rule_max = 0;
	assert_false(plan_is_last(&ask, now, &max));
	plan_add(&ask.of_user, u, now);
	assert_int_equal(plan_user(&ask, now).why, PLAN_NOW);
	assert_true(plan_is_last(&ask, now, &max));
	assert_int_equal(max, 2);
	plan_add(&ask.of_user, u, now);
	is_plan(plan_user(&ask, now), PLAN_USER_LIMIT, next);
	ask.urgent = true;
	assert_int_equal(plan_user(&ask, now).why, PLAN_NOW);
	ask.rule_max = 1;
	plan_add(&ask.of_rule, u, now);
	is_plan(plan_user(&ask, now), PLAN_RULE_LIMIT, next);
	/* Another day is counted anew. */
	ask.urgent = false;
	assert_int_equal(plan_user(&ask, next).why, PLAN_NOW);
	plan_add(&ask.of_user, u, next);
	assert_int_equal(ask.of_user.n, 1);
}

static void steps_follow_each_other(void **state)
{
	const struct user *u =
		set("{\"quiet\":[\"00:00-06:00\"],\"max_per_day\":1,"
		    "\"escalate\":[{\"after\":\"10m\"},{\"after\":\"1h\"}]}");
	int64_t told = at("2026-03-01T12:00:00Z");
	int64_t night = at("2026-03-01T01:00:00Z");

	(void)state;
	is_plan(plan_step(u->step, u->n_steps, 0, told), PLAN_STEP,
		told + 600 * S);
	is_plan(plan_step(u->step, u->n_steps, 1, told), PLAN_STEP,
		told + 3600 * S);
	is_plan(plan_step(u->step, u->n_steps, 2, told), PLAN_NEVER, CLK_NONE);
	is_plan(plan_take_step(u, false, told), PLAN_NOW, told);
	is_plan(plan_take_step(u, true, night), PLAN_NOW, night);
	is_plan(plan_take_step(u, false, night), PLAN_QUIET,
		at("2026-03-01T06:00:00Z"));
}

/* Of n alerts with messages of len bytes. */
static void list(size_t n, uint64_t more, size_t len, struct arena *a,
		 struct type_notification *out)
{
	struct telling *t = arena_alloc(a, n * sizeof(*t));
	const struct telling **v = arena_alloc(a, n * sizeof(*v));
	struct notice what = { .kind = NOTICE_LATER,
			       .v = v,
			       .n = n,
			       .more = more,
			       .id = STR("n") };
	struct buf note = { 0 }, b = { 0 };
	struct err e;

	buf_puts(&note, "{\"type\":\"custom\",\"title\":\"t\",\"message\":\"");
	for (size_t i = 0; i < len; i++)
		buf_putc(&note, 'x');
	buf_puts(&note, "\"}");
	for (size_t i = 0; i < n; i++) {
		t[i] = (struct telling){ .id = STR("a"),
					 .alert = STR("{}"),
					 .note = buf_str(&note) };
		v[i] = &t[i];
	}
	if (notice_make(&what, a, &b, &e) ||
	    shape_decode(&shape_notification, arena_str(a, buf_str(&b)), out, a,
			 &e))
		fail_msg("%s", e.msg);
	buf_free(&note);
	buf_free(&b);
}

static size_t lines(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '\n';
	return n;
}

static void a_message_has_an_end(void **state)
{
	struct arena a = { 0 };
	struct type_notification n;

	(void)state;
	list(TELLING_LINES_MAX, 0, 10, &a, &n);
	assert_int_equal(lines(n.message), TELLING_LINES_MAX - 1);
	assert_int_equal(n.alerts.n, TELLING_LINES_MAX);
	list(TELLING_LINES_MAX + 1, 4, 10, &a, &n);
	assert_int_equal(lines(n.message), TELLING_LINES_MAX);
	assert_true(str_ends(n.message, STR("\nand 5 more")));
	assert_true(str_is(n.title, "25 alerts"));
	list(TELLING_QUEUE_MAX, 0, 2000, &a, &n);
	assert_in_range(n.message.len, TELLING_MESSAGE_MAX / 2,
			TELLING_MESSAGE_MAX + 100);
	assert_int_equal(n.alerts.n, NOTIFICATION_ALERTS_MAX);
	arena_free(&a);
}

static int end(void **state)
{
	(void)state;
	users_free(&users);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_waits_keeps_its_interval_and_repeats),
		cmocka_unit_test(a_day_ends_at_the_users_midnight),
		cmocka_unit_test(
			quiet_hours_and_digests_follow_the_clock_on_the_wall),
		cmocka_unit_test(so_many_are_told_a_day),
		cmocka_unit_test(steps_follow_each_other),
		cmocka_unit_test(a_message_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
