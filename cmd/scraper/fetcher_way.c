/*
 * By which way a fetch goes: the first of those that its watch names which is
 * open, and which the site has not sent away lately. No line of a pool is tried
 * after another to get around a block: a site that sends one away sends the
 * pool away.
 */
#include "fetcher_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/types_way.h"
#include "common/xmem.h"

bool way_is_direct(struct str id)
{
	return str_is(id, WAY_DIRECT);
}

bool way_is_choice(const struct fetch *ft)
{
	return ft->n_via > 1 || (ft->n_via && !way_is_direct(ft->via[0]));
}

static struct site_way *find(const struct site *s, struct str id)
{
	struct site_way *w = s->ways;

	while (w && !str_is(id, w->id))
		w = w->next;
	return w;
}

static struct site_way *find_or_make(struct site *s, struct str id)
{
	struct site_way *w = find(s, id);

	if (w)
		return w;
	w = xcalloc(1, sizeof(*w) + id.len + 1);
	memcpy(w->id, id.p, id.len);
	w->polite.seed = s->polite.seed ^ str_hash(id);
	w->next = s->ways;
	s->ways = w;
	return w;
}

void site_ways_free(struct site *s)
{
	while (s->ways) {
		struct site_way *w = s->ways;

		s->ways = w->next;
		free(w);
	}
}

/* How long the site does not want to see this way: ms, or 0. */
static int64_t held_ms(const struct site *s, struct str id, int64_t now_ms)
{
	const struct site_way *w = find(s, id);

	return w && w->polite.hold_ms > now_ms ? w->polite.hold_ms - now_ms : 0;
}

void way_say_shut(enum egress_answer why, const char *reason,
		  struct verdict *v_r)
{
	*v_r = (struct verdict){ .outcome = why == EGRESS_RESTS
						    ? OUTCOME_UNREACHABLE
						    : OUTCOME_REFUSED };
	snprintf(v_r->reason, sizeof(v_r->reason), "%s", reason);
	str_make_printable(v_r->reason);
}

/* Nothing goes any more: tell how the last way ended, or why none is open. */
static enum choice end(struct fetch *ft, enum egress_answer why,
		       const char *reason, int64_t hold_ms, struct verdict *v_r)
{
	if (ft->fell) {
		*v_r = *ft->fell;
		if (v_r->retry_ms < hold_ms)
			v_r->retry_ms = hold_ms;
		return CHOICE_END;
	}
	way_say_shut(why, reason, v_r);
	return CHOICE_END;
}

enum choice way_choose(struct fetch *ft, int64_t now_ms, struct seat *seat_r,
		       int64_t *wait_ms_r, struct verdict *v_r)
{
	const struct fetcher_conf *conf = &ft->fetcher->conf;
	char reason[EGRESS_REASON_MAX] = "";
	enum egress_answer got = EGRESS_SHUT;
	int64_t soonest = 0, ms;

	*seat_r = (struct seat){ NULL, 0 };
	for (size_t i = ft->way; i < ft->n_via; i++) {
		struct str id = ft->via[i];

		ms = held_ms(ft->site, id, now_ms);
		if (ms && (!soonest || ms < soonest))
			soonest = ms;
		if (ms)
			continue;
		if (!way_is_direct(id))
			got = egress_take(conf->egress, id, ft->site->host,
					  now_ms, clk_wall_us() / 1000000,
					  seat_r, wait_ms_r, reason);
		if (!way_is_direct(id) &&
		    (got == EGRESS_SHUT || got == EGRESS_RESTS))
			continue;
		if (ft->way != i)
			ft->tries = 0;
		ft->way = i;
		return way_is_direct(id) || got == EGRESS_TAKEN ? CHOICE_GO
								: CHOICE_WAIT;
	}
	if (ft->n_via == 0)
		return CHOICE_GO;
	if (soonest && !ft->fell) {
		*wait_ms_r = soonest;
		return CHOICE_WAIT;
	}
	return end(ft, got, reason, soonest, v_r);
}

static bool wants_another(const struct verdict *v, enum http_result result,
			  enum trip_end how)
{
	if (how != TRIP_THERE)
		return true;
	switch (v->outcome) {
	case OUTCOME_BLOCKED:
	case OUTCOME_RATE_LIMITED:
	case OUTCOME_TIMEOUT: return true;
	/* A name that is none is none for everybody. */
	case OUTCOME_UNREACHABLE: return result != HTTP_NO_HOST;
	default: return false;
	}
}

static bool has_another(const struct fetch *ft, int64_t now_ms)
{
	for (size_t i = ft->way + 1; i < ft->n_via; i++)
		if (!held_ms(ft->site, ft->via[i], now_ms))
			return true;
	return false;
}

/* What the site thinks of this way, where there are others. */
static void note(struct fetch *ft, const struct verdict *v, int64_t now_ms)
{
	const struct polite_rules *rules = &ft->fetcher->conf.polite;
	struct str id = ft->via[ft->way];
	enum polite_end how = v->outcome == OUTCOME_BLOCKED ? POLITE_BLOCKED
			      : v->outcome == OUTCOME_RATE_LIMITED
				      ? POLITE_LIMITED
				      : POLITE_NEUTRAL;
	struct site_way *w;

	if (how == POLITE_NEUTRAL || !ft->fetcher->conf.holds)
		return;
	w = find_or_make(ft->site, id);
	polite_start(rules, &w->polite, now_ms);
	polite_end(rules, &w->polite, how, v->retry_ms, now_ms);
}

static void forget(struct fetch *ft, const struct verdict *v)
{
	struct site_way *w;

	if (!ft->n_via ||
	    (v->outcome != OUTCOME_FOUND && v->outcome != OUTCOME_UNCHANGED))
		return;
	w = find(ft->site, ft->via[ft->way]);
	if (w)
		w->polite.strikes = 0;
}

bool way_next(struct fetch *ft, const struct verdict *v,
	      enum http_result result, enum trip_end how, int64_t now_ms)
{
	if (how == TRIP_LOST && ++ft->tries < WAY_LINES_MAX)
		return true;
	forget(ft, v);
	if (!wants_another(v, result, how) || !has_another(ft, now_ms))
		return false;
	if (how == TRIP_THERE)
		note(ft, v, now_ms);
	ft->way++;
	ft->tries = 0;
	if (!ft->fell)
		ft->fell = xmalloc(sizeof(*ft->fell));
	*ft->fell = *v;
	return true;
}

bool way_for_robots(const struct fetch *ft, unsigned tried, struct str *id_r)
{
	const struct egress *g = ft->fetcher->conf.egress;
	unsigned n = 0;

	for (size_t i = 0; i < ft->n_via; i++) {
		*id_r = ft->via[i];
		if (!egress_find(g, *id_r, true) && n++ == tried)
			return true;
	}
	*id_r = STR(WAY_DIRECT);
	if (n == 0 && n++ == tried)
		return true;
	for (size_t i = 0; i < ft->n_via; i++) {
		*id_r = ft->via[i];
		if (egress_find(g, *id_r, true) && n++ == tried)
			return true;
	}
	return false;
}
