#include "session.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/xmem.h"

#include "gateway.h"

struct sessions {
	struct gateway *g;
	struct session *first;
	struct expiry expiry; /* by the wall clock */
	struct loop_timer *timer;
};

/* ---- one ---- */

void session_begin(struct session *s, struct gateway *g, struct net_conn *c,
		   void (*close)(struct session *s))
{
	s->g = g;
	s->conn = c;
	s->close = close;
	s->who = access_hold(net_who(c));
	net_set_user(c, s);
}

bool session_is_stranger(const struct session *s)
{
	return access_is_nobody(s->who) && !access_reads_some(s->who);
}

static void start_timer(struct sessions *all)
{
	int64_t next_us = expiry_next_us(&all->expiry);
	int64_t now_us = clk_wall_us(), ms = 0;

	if (next_us == INT64_MAX)
		return;
	if (next_us > now_us)
		ms = (next_us - now_us) / 1000 + 1;
	loop_timer_start(all->timer,
			 ms < SESSIONS_LOOK_MS ? ms : SESSIONS_LOOK_MS);
}

/* When it is over, by what it is now. */
static void schedule(struct session *s)
{
	struct sessions *all = s->g->sessions;
	int64_t second = 1000000;

	if (session_is_stranger(s))
		expiry_set(&all->expiry, &s->until,
			   clk_wall_us() + SESSION_AUTH_S * second);
	else if (s->who->expires_us != ACCESS_NEVER)
		expiry_set(&all->expiry, &s->until,
			   s->who->expires_us + ACCESS_GRACE_S * second);
	else
		expiry_drop(&all->expiry, &s->until);
	start_timer(all);
}

void session_keep(struct session *s,
		  void (*over)(struct session *s, const char *why))
{
	struct sessions *all = s->g->sessions;

	s->over = over;
	s->prev = NULL;
	s->next = all->first;
	if (s->next)
		s->next->prev = s;
	all->first = s;
	schedule(s);
}

void session_forget(struct session *s)
{
	struct sessions *all;

	if (!s->over)
		return;
	all = s->g->sessions;
	s->over = NULL;
	expiry_drop(&all->expiry, &s->until);
	if (s->prev)
		s->prev->next = s->next;
	else
		all->first = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

void session_set_who(struct session *s, struct access *who)
{
	access_drop(&s->who);
	s->who = who;
	if (s->over)
		schedule(s);
}

void session_end(struct net_conn *c)
{
	struct session *s = net_user(c);
	struct access *who;

	net_set_user(c, NULL);
	if (!s)
		return;
	session_forget(s);
	who = s->who;
	s->close(s);
	access_drop(&who);
}

/* ---- all ---- */

static void end(struct session *s, const char *label, const char *why)
{
	stats_add(s->g->stats, "sessions_over_total", label, 1);
	s->over(s, why);
}

static void on_timer(void *arg)
{
	struct sessions *all = arg;
	int64_t now_us = clk_wall_us();
	struct expiry_item *item;

	for (int i = 0; i < SESSIONS_SLICE; i++) {
		struct session *s;

		item = expiry_take(&all->expiry, now_us);
		if (!item)
			break;
		s = (struct session *)((char *)item -
				       offsetof(struct session, until));
		if (session_is_stranger(s))
			end(s, "not-authenticated", "no token came in time");
		else
			end(s, "expired", "the token has expired");
	}
	start_timer(all);
}

struct sessions *sessions_new(struct gateway *g)
{
	struct sessions *all = xcalloc(1, sizeof(*all));

	all->g = g;
	all->timer = loop_timer_new(g->loop, on_timer, all);
	return all;
}

void sessions_free(struct sessions **sp)
{
	struct sessions *all = *sp;

	*sp = NULL;
	if (!all)
		return;
	loop_timer_free(&all->timer);
	expiry_free(&all->expiry);
	free(all);
}

void sessions_review(struct sessions *all)
{
	for (struct session *s = all->first, *next; s; s = next) {
		next = s->next;
		if (!auth_knows(all->g->auth, s->who))
			end(s, "unknown", "the token is not known any more");
	}
}
