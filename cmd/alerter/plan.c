#include "plan.h"

#include "user.h"

enum { DAY_S = 86400 };

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

struct plan plan_group(const struct plan_group *g,
		       const struct plan_gathering *now)
{
	int64_t ready_us;

	if (now->news && now->told_us == CLK_NONE)
		return (struct plan){ PLAN_WAIT, now->since_us + g->wait_us };
	if (now->news) {
		ready_us = now->told_us + g->interval_us;
		if (ready_us > now->since_us + g->wait_us)
			return (struct plan){ PLAN_INTERVAL, ready_us };
		return (struct plan){ PLAN_WAIT, now->since_us + g->wait_us };
	}
	if (now->told_us == CLK_NONE)
		return (struct plan){ PLAN_NEVER, CLK_NONE };
	if (now->holds && g->repeat_us)
		return (struct plan){ PLAN_REPEAT,
				      now->told_us + later(g->repeat_us,
							   g->interval_us) };
	if (now->holds)
		return (struct plan){ PLAN_NEVER, CLK_NONE };
	return (struct plan){ PLAN_NEVER, now->told_us + g->interval_us };
}

/* ---- days ---- */

static int64_t floor_s(int64_t us)
{
	return us / 1000000 - (us % 1000000 < 0);
}

static int64_t day_of(const struct user *u, int64_t us)
{
	int64_t s = floor_s(us), local;

	local = s + tz_span_at(u->zone, s).offset_s;
	return local / DAY_S - (local % DAY_S < 0);
}

int64_t plan_midnight(const struct user *u, int64_t now_us)
{
	int64_t next = day_of(u, now_us) + 1;
	int64_t s = tz_to_utc(u->zone, next * DAY_S);

	/*
	 * Where clocks go back at midnight, into the day that was over, the day
	 * ends when they show it the second time.
	 */
	if (day_of(u, s * 1000000) < next)
		s = next * DAY_S - tz_span_at(u->zone, s).offset_s;
	return s * 1000000;
}

int64_t plan_digest(const struct user *u, int64_t now_us)
{
	return cron_next(&u->digest, u->zone, now_us);
}

/* ---- limits ---- */

static uint64_t count_on(struct plan_count count, int64_t day)
{
	return count.day == day ? count.n : 0;
}

static bool is_reached(struct plan_count count, uint64_t max, int64_t day)
{
	return max && count_on(count, day) >= max;
}

struct plan plan_user(const struct plan_ask *ask, int64_t now_us)
{
	const struct user *u = ask->user;
	int64_t day = day_of(u, now_us);

	if (ask->digest)
		return (struct plan){ PLAN_DIGEST, plan_digest(u, now_us) };
	if (u->has_quiet && !ask->urgent &&
	    hours_are_open(&u->quiet, u->zone, now_us))
		return (struct plan){ PLAN_QUIET,
				      hours_open(&u->open, u->zone, now_us) };
	if (is_reached(ask->of_rule, ask->rule_max, day))
		return (struct plan){ PLAN_RULE_LIMIT,
				      plan_midnight(u, now_us) };
	if (!ask->urgent && is_reached(ask->of_user, u->max_per_day, day))
		return (struct plan){ PLAN_USER_LIMIT,
				      plan_midnight(u, now_us) };
	return (struct plan){ PLAN_NOW, now_us };
}

bool plan_is_last(const struct plan_ask *ask, int64_t now_us, uint64_t *max_r)
{
	int64_t day = day_of(ask->user, now_us);

	*max_r = ask->rule_max;
	if (ask->rule_max && count_on(ask->of_rule, day) + 1 == ask->rule_max)
		return true;
	*max_r = ask->user->max_per_day;
	return *max_r && count_on(ask->of_user, day) + 1 == *max_r;
}

void plan_add(struct plan_count *count, const struct user *u, int64_t now_us)
{
	int64_t day = day_of(u, now_us);

	*count = (struct plan_count){ day, count_on(*count, day) + 1 };
}

/* ---- escalation ---- */

struct plan plan_step(const struct step *step, size_t n, size_t done,
		      int64_t told_us)
{
	if (done >= n)
		return (struct plan){ PLAN_NEVER, CLK_NONE };
	return (struct plan){ PLAN_STEP, told_us + step[done].after_us };
}

struct plan plan_take_step(const struct user *to, bool urgent, int64_t now_us)
{
	const struct plan_ask ask = { .user = to, .urgent = urgent };
	struct plan p = plan_user(&ask, now_us);

	/* Whoever is asked because nobody answers has no limit a day. */
	return p.why == PLAN_QUIET ? p : (struct plan){ PLAN_NOW, now_us };
}

const char *plan_words(enum plan_why why)
{
	switch (why) {
	case PLAN_NOW: return "now";
	case PLAN_WAIT: return "others of its group may come";
	case PLAN_INTERVAL: return "its group was told a short time ago";
	case PLAN_REPEAT: return "told again";
	case PLAN_DIGEST: return "the digest";
	case PLAN_QUIET: return "quiet hours";
	case PLAN_RULE_LIMIT: return "the limit a day of its rule";
	case PLAN_USER_LIMIT: return "the limit a day";
	case PLAN_STEP: return "time to acknowledge";
	case PLAN_NEVER: break;
	}
	return "nothing to tell";
}
