#include "silence.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/arena.h"
#include "common/clk.h"
#include "common/event.h"
#include "common/expr.h"
#include "common/hours.h"
#include "common/types_rule.h"
#include "common/xmem.h"

#include "zone.h"

struct silence {
	struct arena arena;
	struct str id, pattern, user; /* pattern absent: any */
	struct expr *when;	      /* NULL: any */
	int64_t until_us;	      /* CLK_NONE: no end */
	bool has_hours, always;
	struct hours in, out; /* out: all other hours; not if always */
	const struct tz *zone;
};

static void silence_free(struct silence *s)
{
	expr_free(&s->when);
	arena_free(&s->arena);
	free(s);
}

static int fill(struct silences *all, struct silence *s,
		const struct type_silence *t, struct err *e)
{
	s->pattern = t->pattern;
	s->user = t->user;
	if (!t->until.p || !clk_parse(t->until, &s->until_us))
		s->until_us = CLK_NONE;
	if (t->when.p && !(s->when = expr_compile(t->when, e)))
		return err_prefix(e, "if");
	if (!t->windows.present)
		return 0;
	if (hours_parse(t->windows.v, t->windows.n, &s->in, e))
		return err_prefix(e, "windows");
	s->has_hours = true;
	s->always = !hours_invert(&s->in, &s->out);
	s->zone = zone_or_utc(&all->zones, "silence", s->id, t->zone);
	return 0;
}

int silences_put(struct silences *all, struct str id, struct str data,
		 struct err *e)
{
	struct silence *s = xcalloc(1, sizeof(*s));
	struct type_silence t;

	data = arena_str(&s->arena, data);
	s->id = arena_str(&s->arena, id);
	if (shape_decode(&shape_silence, data, &t, &s->arena, e) ||
	    fill(all, s, &t, e)) {
		e->code = EX_DATAERR;
		silence_free(s);
		return -1;
	}
	silences_remove(all, id);
	xgrow(&all->v, &all->cap, all->n, sizeof(struct silence *));
	all->v[all->n++] = s;
	return 0;
}

void silences_remove(struct silences *all, struct str id)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!str_eq(all->v[i]->id, id))
			continue;
		silence_free(all->v[i]);
		all->v[i] = all->v[--all->n];
		return;
	}
}

void silences_free(struct silences *all)
{
	for (size_t i = 0; i < all->n; i++)
		silence_free(all->v[i]);
	free(all->v);
	tz_cache_free(&all->zones);
	*all = (struct silences){ 0 };
}

/* When it is over, by its end or its window; CLK_NONE: nobody knows. */
static int64_t end_of(const struct silence *s, int64_t at_us)
{
	int64_t closes_us;

	if (!s->has_hours || s->always)
		return s->until_us;
	closes_us = hours_open(&s->out, s->zone, at_us);
	if (closes_us == CLK_NONE ||
	    (s->until_us != CLK_NONE && s->until_us < closes_us))
		return s->until_us;
	return closes_us;
}

static bool covers(const struct silence *s, const struct silence_case *c)
{
	struct event ev = { .topic = c->topic,
			    .time_us = c->recorded_us,
			    .recorded_us = c->recorded_us };

	if ((s->pattern.p && !topic_matches(c->topic, s->pattern)) ||
	    (s->user.p && !str_eq(s->user, c->user)) ||
	    (s->until_us != CLK_NONE && c->recorded_us >= s->until_us) ||
	    (s->has_hours && !hours_are_open(&s->in, s->zone, c->recorded_us)))
		return false;
	if (!s->when)
		return true;
	ev.data = c->data(c->arg);
	return expr_match(s->when, &ev);
}

bool silences_cover(const struct silences *all, const struct silence_case *c,
		    int64_t *until_us_r)
{
	bool covered = false;

	for (size_t i = 0; i < all->n; i++) {
		int64_t end_us;

		if (!covers(all->v[i], c))
			continue;
		end_us = end_of(all->v[i], c->recorded_us);
		if (!covered || end_us == CLK_NONE ||
		    (*until_us_r != CLK_NONE && end_us > *until_us_r))
			*until_us_r = end_us;
		covered = true;
	}
	return covered;
}
