#include "lifecycle.h"

enum rule_action rule_step(const struct rule *r, struct rule_state *st,
			   enum verdict v, const struct occasion *o)
{
	int64_t ready_us = CLK_NONE;

	if (v == VERDICT_UNKNOWN)
		return RULE_NOTHING;
	st->gone = false;
	if (v == VERDICT_NO) {
		bool told = st->firing && st->told;

		st->firing = st->told = st->held = false;
		st->due_us = CLK_NONE;
		return told ? RULE_RESOLVE : RULE_NOTHING;
	}
	if (st->firing && !o->momentary)
		return RULE_NOTHING;
	st->firing = !o->momentary;
	if (o->quiet)
		return RULE_NOTHING;
	if (r->cooldown_us && st->fired_us != CLK_NONE)
		ready_us = st->fired_us + r->cooldown_us;
	if (!o->silenced &&
	    (ready_us == CLK_NONE || o->recorded_us >= ready_us)) {
		st->told = !o->momentary;
		st->fired_us = o->recorded_us;
		return RULE_FIRE;
	}
	st->due_us = o->silenced ? o->silent_until_us : ready_us;
	st->held = !o->momentary && st->due_us != CLK_NONE;
	return o->silenced ? RULE_SILENCE : RULE_COOLDOWN;
}

enum rule_action rule_due(struct rule_state *st, const struct occasion *o)
{
	bool held = st->firing && st->held;

	st->held = false;
	st->due_us = CLK_NONE;
	if (!held)
		return RULE_NOTHING;
	if (o->silenced) {
		st->due_us = o->silent_until_us;
		st->held = st->due_us != CLK_NONE;
		return RULE_SILENCE;
	}
	st->told = true;
	st->fired_us = o->recorded_us;
	return RULE_FIRE;
}

void rule_gone(const struct rule *r, struct rule_state *st)
{
	st->firing = st->told = st->held = false;
	st->gone = true;
	st->due_us = CLK_NONE;
	if (st->fired_us != CLK_NONE)
		st->due_us = st->fired_us + r->cooldown_us;
}

bool rule_state_matters(const struct rule *r, const struct rule_state *st,
			int64_t recorded_us)
{
	return st->firing || (r->cooldown_us && st->fired_us != CLK_NONE &&
			      recorded_us < st->fired_us + r->cooldown_us);
}
