#include "lifecycle.h"

#include <assert.h>

const char *life_name(enum life life)
{
	switch (life) {
	case LIFE_PENDING: return "pending";
	case LIFE_SUPPRESSED: return "suppressed";
	case LIFE_FIRING: return "firing";
	case LIFE_ACKED: return "acknowledged";
	case LIFE_INACTIVE:
	case LIFE_QUIET: break;
	}
	return "inactive";
}

const char *hold_name(enum hold hold)
{
	switch (hold) {
	case HOLD_COOLDOWN: return "cooldown";
	case HOLD_SILENCE: return "silence";
	case HOLD_INHIBITED: return "inhibited";
	case HOLD_NONE: break;
	}
	return "";
}

bool rule_is_firing(const struct rule_state *st)
{
	return st->life != LIFE_INACTIVE && st->life != LIFE_PENDING &&
	       !st->happened;
}

bool rule_is_held(const struct rule_state *st)
{
	return st->life == LIFE_PENDING || st->life == LIFE_SUPPRESSED;
}

static bool was_told(const struct rule_state *st)
{
	return st->life == LIFE_FIRING || st->life == LIFE_ACKED;
}

/* When the cooldown is over; CLK_NONE where there is none, or it is over. */
static int64_t ready_us(const struct rule *r, const struct rule_state *st,
			int64_t recorded_us)
{
	if (!r->cooldown_us || st->fired_us == CLK_NONE ||
	    recorded_us >= st->fired_us + r->cooldown_us)
		return CLK_NONE;
	return st->fired_us + r->cooldown_us;
}

/* It is so no longer, which is remembered while a cooldown asks for it. */
static void forget(const struct rule *r, struct rule_state *st,
		   int64_t recorded_us)
{
	st->life = LIFE_INACTIVE;
	st->hold = HOLD_NONE;
	st->ending = st->happened = false;
	st->due_us = ready_us(r, st, recorded_us);
}

static enum rule_action suppress(struct rule_state *st, enum hold hold,
				 int64_t until_us, bool momentary)
{
	st->hold = hold;
	if (momentary)
		return RULE_SUPPRESS; /* it is over already */
	st->life = LIFE_SUPPRESSED;
	st->due_us = until_us;
	return RULE_SUPPRESS;
}

/* It is to be told, unless something holds it back. */
static enum rule_action raise_it(const struct rule *r, struct rule_state *st,
				 const struct occasion *o)
{
	int64_t ready = ready_us(r, st, o->recorded_us);

	if (o->hold != HOLD_NONE)
		return suppress(st, o->hold, o->hold_until_us, o->momentary);
	if (ready != CLK_NONE)
		return suppress(st, HOLD_COOLDOWN, ready, o->momentary);
	st->life = LIFE_FIRING;
	st->hold = HOLD_NONE;
	st->fired_us = o->recorded_us;
	st->happened = o->momentary;
	st->due_us = CLK_NONE;
	if (o->momentary) {
		int64_t keep_us = (int64_t)LIFE_ACK_MS * 1000;

		if (keep_us < r->cooldown_us)
			keep_us = r->cooldown_us;
		st->due_us = o->recorded_us + keep_us;
	}
	return RULE_FIRE;
}

static enum rule_action become_so(const struct rule *r, struct rule_state *st,
				  const struct occasion *o)
{
	if (o->quiet) {
		if (!o->momentary)
			st->life = LIFE_QUIET;
		return RULE_NOTHING;
	}
	if (!r->for_us || o->momentary)
		return raise_it(r, st, o);
	st->life = LIFE_PENDING;
	st->due_us = o->recorded_us + r->for_us;
	return RULE_NOTHING;
}

static enum rule_action stay_so(struct rule_state *st)
{
	if (st->ending) {
		st->ending = false;
		st->due_us = CLK_NONE;
	}
	return RULE_NOTHING;
}

static enum rule_action cease(const struct rule *r, struct rule_state *st,
			      int64_t recorded_us)
{
	bool told = was_told(st);

	if (told && recorded_us < st->fired_us + r->keep_us) {
		st->ending = true;
		st->due_us = st->fired_us + r->keep_us;
		return RULE_NOTHING;
	}
	forget(r, st, recorded_us);
	return told ? RULE_RESOLVE : RULE_NOTHING;
}

/* N of the last M say yes; those that were never made say no. */
static bool is_so(const struct rule *r, struct rule_state *st, bool yes)
{
	uint32_t mask;
	unsigned n = 0;

	if (!r->of_m)
		return yes;
	assert(r->of_m <= 32);
	mask = r->of_m == 32 ? UINT32_MAX : (UINT32_C(1) << r->of_m) - 1;
	st->said = (st->said << 1 | yes) & mask;
	for (uint32_t left = st->said; left; left &= left - 1)
		n++;
	return n >= r->of_n;
}

enum rule_action rule_step(const struct rule *r, struct rule_state *st,
			   enum verdict v, const struct occasion *o)
{
	if (v == VERDICT_UNKNOWN)
		return RULE_NOTHING;
	/* A state of an older version says only when it fired. */
	if (st->life == LIFE_INACTIVE && st->due_us == CLK_NONE)
		st->due_us = ready_us(r, st, o->recorded_us);
	if (is_so(r, st, v == VERDICT_YES))
		return st->life == LIFE_INACTIVE || o->momentary
			       ? become_so(r, st, o)
			       : stay_so(st);
	if (st->happened || st->life == LIFE_INACTIVE || st->ending)
		return RULE_NOTHING;
	return cease(r, st, o->recorded_us);
}

enum rule_action rule_due(const struct rule *r, struct rule_state *st,
			  const struct occasion *o)
{
	if (rule_is_held(st))
		return raise_it(r, st, o);
	if (st->ending) {
		forget(r, st, o->recorded_us);
		return RULE_RESOLVE;
	}
	if (st->happened)
		forget(r, st, o->recorded_us);
	else
		st->due_us = CLK_NONE;
	return RULE_NOTHING;
}

enum rule_action rule_gone(const struct rule *r, struct rule_state *st,
			   int64_t recorded_us)
{
	bool told = was_told(st) && !st->happened;

	st->said = 0;
	forget(r, st, recorded_us);
	return told ? RULE_RESOLVE : RULE_NOTHING;
}

bool rule_ack(struct rule_state *st, bool undo)
{
	if (st->life != (undo ? LIFE_ACKED : LIFE_FIRING))
		return false;
	st->life = undo ? LIFE_FIRING : LIFE_ACKED;
	return true;
}

bool rule_state_matters(const struct rule_state *st)
{
	return st->life != LIFE_INACTIVE || st->said || st->due_us != CLK_NONE;
}
