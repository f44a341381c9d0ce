#include "presence_live.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "api.h"
#include "frame.h"
#include "http.h"
#include "presence.h"

struct presence_live {
	struct gateway *g;
	struct presence *all;
	struct loop_timer *timer;
	struct buf text, frame;
};

/* ---- who is there ---- */

/* Take one out of a set that is there only while it has some. */
static bool take_out(struct patterns **set, struct str pattern)
{
	if (!*set || !patterns_remove(*set, pattern))
		return false;
	if ((*set)->n == 0) {
		patterns_free(*set);
		free(*set);
		*set = NULL;
	}
	return true;
}

static void unwatch(struct live *l, struct str pattern)
{
	if (take_out(&l->watched, pattern))
		presence_unwatch(l->s.g->presence->all, pattern, l);
}

static void join(struct live *l, struct str pattern)
{
	struct presence *all = l->s.g->presence->all;

	if (presence_join(all, pattern, l->present_as->user))
		return;
	if (!l->uncounted)
		l->uncounted = xcalloc(1, sizeof(*l->uncounted));
	patterns_add(l->uncounted, pattern);
}

static void leave(struct live *l, struct str pattern)
{
	struct presence *all = l->s.g->presence->all;

	if (!take_out(&l->uncounted, pattern))
		presence_leave(all, pattern, l->present_as->user);
	unwatch(l, pattern);
}

/* Both are sorted: each is looked at once. */
void presence_live_wants(void *user, const struct patterns *before,
			 const struct patterns *now)
{
	static const struct patterns none;
	struct live *l = user;
	size_t b = 0, n = 0;

	before = before ? before : &none;
	now = now ? now : &none;
	if (!l->present_as)
		l->present_as = access_hold(l->s.who);
	while (b < before->n || n < now->n) {
		int order = b == before->n ? 1
			    : n == now->n  ? -1
					   : str_cmp(before->v[b], now->v[n]);

		if (order > 0)
			join(l, now->v[n]);
		else if (order < 0)
			leave(l, before->v[b]);
		n += order >= 0;
		b += order <= 0;
	}
	if (now->n == 0)
		access_drop(&l->present_as);
}

void presence_live_who(struct live *l)
{
	const struct group *group = l->client.group;
	struct presence *all = l->s.g->presence->all;

	if (!group || !l->present_as)
		return;
	for (size_t i = 0; i < group->patterns.n; i++) {
		struct str pattern = group->patterns.v[i];

		if (l->uncounted && patterns_have(l->uncounted, pattern))
			continue;
		presence_join(all, pattern, l->s.who->user);
		presence_leave(all, pattern, l->present_as->user);
	}
	access_drop(&l->present_as);
	l->present_as = access_hold(l->s.who);
}

/* ---- those who want to know ---- */

static void tell(struct live *l, struct str message)
{
	struct presence_live *pl = l->s.g->presence;

	buf_reset(&pl->frame);
	frame_add(&pl->frame, message);
	hub_reply(l->s.g->hub, &l->client, buf_str(&pl->frame));
}

/* Who is choked is told everything when it is not any more. */
static void tell_change(void *watcher, struct str message)
{
	struct live *l = watcher;

	if (l->client.blocked)
		l->presence_missed = true;
	else
		tell(l, message);
}

void presence_live_watch(struct live *l, const struct str *pattern, size_t n)
{
	struct presence_live *pl = l->s.g->presence;

	if (!l->watched)
		l->watched = xcalloc(1, sizeof(*l->watched));
	for (size_t i = 0; i < n; i++) {
		buf_reset(&pl->text);
		presence_unwatch(pl->all, pattern[i], l);
		if (!presence_watch(pl->all, pattern[i], l, &pl->text))
			continue;
		patterns_add(l->watched, pattern[i]);
		if (l->client.blocked)
			l->presence_missed = true;
		else
			tell(l, buf_str(&pl->text));
	}
}

void presence_live_drained(struct live *l)
{
	struct patterns again = { 0 };

	if (!l->presence_missed || !l->watched)
		return;
	l->presence_missed = false;
	patterns_copy(&again, l->watched);
	presence_live_watch(l, again.v, again.n);
	patterns_free(&again);
}

/* ---- other gateways ---- */

static struct str own_id(const struct gateway *g)
{
	struct str source = producer_memory_source(g->queue);

	/* "weir/gateway/1f..." gives "gateway/1f..." */
	return str_sub(source, strlen("weir/"), source.len);
}

void presence_live_hear(struct gateway *g, struct str topic, struct str data)
{
	struct str from = str_sub(topic, strlen("$presence/"), topic.len);

	if (!str_eq(from, own_id(g)) &&
	    !presence_hear(g->presence->all, from, data, loop_now_ms(g->loop)))
		stats_add(g->stats, "presence_unheard_total", NULL, 1);
}

static void on_tick(void *arg)
{
	struct presence_live *pl = arg;
	struct gateway *g = pl->g;
	int64_t now_ms = loop_now_ms(g->loop);
	struct buf topic = { 0 };

	buf_puts(&topic, "$presence/");
	buf_add_str(&topic, own_id(g));
	presence_expire(pl->all, now_ms);
	while (presence_tell(pl->all, now_ms, &pl->text))
		producer_control(g->producer, buf_str(&topic), STR("-"),
				 buf_str(&pl->text));
	presence_changes(pl->all, tell_change);
	buf_free(&topic);
	loop_timer_start(pl->timer, PRESENCE_TICK_MS);
}

/* ---- HTTP ---- */

void api_presence(struct gateway *g, struct net_conn *c,
		  const struct net_request *r, struct str rest)
{
	static const char *const names[] = { "topic" };
	struct str topic = http_param(r, "topic");
	struct buf b = { 0 };
	struct err e;

	(void)rest;
	if (!http_check_params(r, names, ARRAY_LEN(names), &e)) {
		http_problem(c, 400, "%s", e.msg);
	} else if (!topic.p) {
		http_problem(c, 400, "topic: is missing");
	} else if (pattern_check(topic, &e) ||
		   access_check_reads(net_who(c), &topic, 1, &e)) {
		api_fail(g, c, &e);
	} else {
		presence_print(g->presence->all, topic, &b);
		http_json(c, 200, NULL, &b);
	}
}

/* ---- life ---- */

void presence_live_report(const struct presence_live *pl, struct stats *stats)
{
	struct presence_counts n = presence_count(pl->all);

	stats_set(stats, "presence_topics", NULL, (int64_t)n.topics);
	stats_set(stats, "presence_gateways", NULL, (int64_t)n.gateways);
	stats_set(stats, "presence_untracked_total", NULL,
		  (int64_t)n.untracked);
}

struct presence_live *presence_live_new(struct gateway *g)
{
	struct presence_live *pl = xcalloc(1, sizeof(*pl));

	pl->g = g;
	pl->all = presence_new();
	pl->timer = loop_timer_new(g->loop, on_tick, pl);
	loop_timer_start(pl->timer, PRESENCE_TICK_MS);
	return pl;
}

void presence_live_free(struct presence_live **pp)
{
	struct presence_live *pl = *pp;

	if (!pl)
		return;
	loop_timer_free(&pl->timer);
	presence_free(&pl->all);
	buf_free(&pl->text);
	buf_free(&pl->frame);
	free(pl);
	*pp = NULL;
}
