#include "vitals.h"

#include <stdio.h>

void vitals_heard(struct vitals *v, struct str tool, int64_t now_ms)
{
	for (size_t i = 0; i < v->n_tools; i++)
		if (str_is(tool, v->tool[i].name))
			v->tool[i].heard_ms = now_ms;
}

static bool is_old(int64_t at_ms, int64_t now_ms, int64_t limit_ms)
{
	return at_ms < 0 || now_ms - at_ms > limit_ms;
}

bool vitals_are_good(const struct vitals *v, int64_t now_ms,
		     char why[VITALS_REASON_MAX])
{
	if (is_old(v->clock_ms, now_ms, VITALS_CLOCK_MS)) {
		snprintf(why, VITALS_REASON_MAX,
			 "the journal's clock stands still");
		return false;
	}
	for (size_t i = 0; i < v->n_tools; i++) {
		if (!is_old(v->tool[i].heard_ms, now_ms, VITALS_HEARD_MS))
			continue;
		snprintf(why, VITALS_REASON_MAX, "nothing is heard of %.64s",
			 v->tool[i].name);
		return false;
	}
	if (v->stale == 0)
		return true;
	snprintf(why, VITALS_REASON_MAX, "%zu %s stale", v->stale,
		 v->stale == 1 ? "watch is" : "watches are");
	return false;
}
