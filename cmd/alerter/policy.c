#include "policy.h"

enum { WAIT_US = 30 * 1000000, INTERVAL_US = 5 * 60 * 1000000 };

const struct policy *policy_or_none(const struct policy *p)
{
	static const struct policy none = { .is_grouped = false };

	return p ? p : &none;
}

static int64_t duration_us(struct str s, int64_t otherwise_us)
{
	int64_t ms;

	return s.p && str_duration_ms(s, &ms) ? ms * 1000 : otherwise_us;
}

static struct policy *policy_new(struct arena *a)
{
	struct policy *p = arena_alloc(a, sizeof(*p));

	*p = (struct policy){ .is_grouped = false };
	return p;
}

static void set_priority(struct policy *p, struct str priority)
{
	for (size_t i = 0; user_priorities[i]; i++)
		if (str_is(priority, user_priorities[i]))
			p->priority = str_from(user_priorities[i]);
	if (str_is(priority, "normal"))
		p->priority = (struct str){ 0 };
	p->urgent = str_is(priority, "urgent");
}

struct policy *policy_of_rule(const struct type_rule *t, struct arena *a)
{
	struct policy *p;

	if (!t->priority.p && !t->digest && !t->resolved && !t->max_per_day.p &&
	    !t->group.present && !t->inhibits.present && !t->escalate.present)
		return NULL;
	p = policy_new(a);
	set_priority(p, t->priority);
	p->digest = t->digest;
	p->resolved = t->resolved;
	p->max_per_day = (uint64_t)shape_count(t->max_per_day, 0);
	p->is_grouped = t->group.present;
	p->group.wait_us = duration_us(t->group.wait, WAIT_US);
	p->group.interval_us = duration_us(t->group.interval, INTERVAL_US);
	p->group.repeat_us = duration_us(t->group.repeat, 0);
	p->by = t->group.by;
	p->inhibits = t->inhibits.present;
	p->inhibits_if = t->inhibits.when;
	p->inhibits_equal = t->inhibits.equal;
	p->escalates = t->escalate.present;
	p->step = steps_make(&t->escalate, a);
	p->n_steps = t->escalate.n;
	return p;
}

struct policy *policy_of_search(const struct type_search *t, struct arena *a)
{
	struct policy *p;

	if (!t->priority.p && !t->digest && !t->resolved && !t->max_per_day.p)
		return NULL;
	p = policy_new(a);
	set_priority(p, t->priority);
	p->digest = t->digest;
	p->resolved = t->resolved;
	p->max_per_day = (uint64_t)shape_count(t->max_per_day, 0);
	return p;
}
