#ifndef TESTS_UNIT_FAKE_BUS_H
#define TESTS_UNIT_FAKE_BUS_H

/*
 * fake_bus - bus.h and loop.h in one process, without sockets and in a time
 * of its own, for tests of who talks over them. Included by one file only: it
 * takes the place of bus.c and loop.c.
 *
 * Messages wait in the socket that they were sent to. The network may lose
 * them or deliver them twice, the second time later; all by a seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bus.h"
#include "common/loop.h"
#include "common/xmem.h"

/* ---- chance ---- */

static uint64_t fake_seed;

static unsigned fake_chance(unsigned n)
{
	fake_seed = fake_seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(fake_seed >> 33) % n;
}

/* ---- the network ---- */

struct fake_late {
	struct bus_sock *to;
	struct str part[3];
	char mem[3][1024];
};

static struct fake_net {
	unsigned lose, twice; /* per cent */
	struct bus_sock *first;
	unsigned long sent, lost;
	struct fake_late late; /* a copy that is still on its way */
} fake_net;

struct fake_msg {
	struct fake_msg *next;
	size_t len[3];
	char *part[3];
};

struct bus {
	int unused;
};

struct bus_sock {
	struct bus_sock *next;
	enum bus_role role;
	struct fake_msg *head, **tail;
	char prefix[16][160];
	size_t n_prefixes;
};

static inline void fake_msg_free(struct fake_msg *m)
{
	for (int i = 0; m && i < 3; i++)
		free(m->part[i]);
	free(m);
}

struct bus *bus_new(const struct opt_common *common, struct err *e)
{
	(void)common, (void)e;
	return xcalloc(1, sizeof(struct bus));
}

void bus_free(struct bus **busp)
{
	free(*busp);
	*busp = NULL;
}

struct bus_sock *bus_open(struct bus *bus, enum bus_role role, struct err *e)
{
	struct bus_sock *s = xcalloc(1, sizeof(*s));

	(void)bus, (void)e;
	s->role = role;
	s->tail = &s->head;
	s->next = fake_net.first;
	fake_net.first = s;
	return s;
}

/* What waits in it is lost, as when its process dies. */
void bus_close(struct bus_sock **sp)
{
	struct bus_sock **at = &fake_net.first, *s = *sp;

	if (!s)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (fake_net.late.to == s)
		fake_net.late.to = NULL;
	while (s->head) {
		struct fake_msg *m = s->head;

		s->head = m->next;
		fake_msg_free(m);
	}
	free(s);
	*sp = NULL;
}

int bus_subscribe(struct bus_sock *s, struct str prefix, struct err *e)
{
	(void)e;
	snprintf(s->prefix[s->n_prefixes++ % 16], 160, "%.*s", STR_ARG(prefix));
	return 0;
}

static void fake_deliver(struct bus_sock *to, const struct str part[3],
			 bool late)
{
	struct fake_msg *m = xcalloc(1, sizeof(*m)), **at = to->tail;

	for (int i = 0; i < 3; i++) {
		m->len[i] = part[i].len;
		m->part[i] = xstrndup(part[i].p ? part[i].p : "", part[i].len);
	}
	/* A copy that was long on its way comes before what is sent last. */
	if (late && to->head)
		at = &to->head;
	m->next = *at;
	*at = m;
	while (*to->tail)
		to->tail = &(*to->tail)->next;
}

static bool fake_wants(const struct bus_sock *s, struct str topic)
{
	for (size_t i = 0; i < s->n_prefixes; i++)
		if (str_starts(topic, str_from(s->prefix[i])))
			return true;
	return s->role == BUS_INGEST;
}

int bus_send(struct bus_sock *s, struct str topic, struct str attrs,
	     struct str data, struct err *e)
{
	enum bus_role to = s->role == BUS_PRODUCER ? BUS_INGEST : BUS_CONSUMER;
	const struct str part[3] = { topic, attrs, data };

	(void)e;
	for (struct bus_sock *r = fake_net.first; r; r = r->next) {
		if (r->role != to || !fake_wants(r, topic))
			continue;
		fake_net.sent++;
		if (fake_chance(100) < fake_net.lose) {
			fake_net.lost++;
			continue;
		}
		fake_deliver(r, part, false);
		/* One that will come again, when others were sent. */
		if (fake_net.late.to == r) {
			fake_deliver(r, fake_net.late.part, fake_chance(2));
			fake_net.late.to = NULL;
		}
		if (fake_chance(100) >= fake_net.twice)
			continue;
		fake_net.late.to = r;
		for (int i = 0; i < 3; i++) {
			size_t len = part[i].len < 1024 ? part[i].len : 1024;

			if (len)
				memcpy(fake_net.late.mem[i], part[i].p, len);
			fake_net.late.part[i] =
				(struct str){ fake_net.late.mem[i], len };
		}
	}
	return 0;
}

void bus_msg_init(struct bus_msg *m)
{
	*m = (struct bus_msg){ .topic = { 0 } };
}

static struct fake_msg **fake_slot(struct bus_msg *m)
{
	return (struct fake_msg **)(void *)m->frame[0];
}

void bus_msg_fini(struct bus_msg *m)
{
	fake_msg_free(*fake_slot(m));
	*fake_slot(m) = NULL;
}

int bus_recv(struct bus_sock *s, struct bus_msg *m, struct err *e)
{
	struct fake_msg *f = s->head;

	(void)e;
	if (!f)
		return 0;
	s->head = f->next;
	if (!s->head)
		s->tail = &s->head;
	bus_msg_fini(m);
	*fake_slot(m) = f;
	m->topic = (struct str){ f->part[0], f->len[0] };
	m->attrs = (struct str){ f->part[1], f->len[1] };
	m->data = (struct str){ f->part[2], f->len[2] };
	return 1;
}

int bus_forward(struct bus_sock *s, struct bus_msg *m, struct str attrs,
		struct err *e)
{
	return bus_send(s, m->topic, attrs, m->data, e);
}

int bus_fd(struct bus_sock *s)
{
	(void)s;
	return -1;
}

/* ---- the loop ---- */

struct loop {
	int64_t now_ms;
	struct loop_timer *timers;
	struct loop_work *works;
};

struct loop_timer {
	struct loop_timer *next;
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
	int64_t due_ms; /* -1: not running */
};

struct loop_work {
	struct loop_work *next;
	struct loop *loop;
	bool (*fn)(void *arg);
	void *arg;
};

int64_t loop_now_ms(struct loop *l)
{
	return l->now_ms;
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg),
				  void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	*t = (struct loop_timer){ l->timers, l, fn, arg, -1 };
	l->timers = t;
	return t;
}

void loop_timer_start(struct loop_timer *t, int64_t in_ms)
{
	t->due_ms = t->loop->now_ms + in_ms;
}

void loop_timer_stop(struct loop_timer *t)
{
	t->due_ms = -1;
}

bool loop_timer_running(const struct loop_timer *t)
{
	return t->due_ms >= 0;
}

void loop_timer_free(struct loop_timer **tp)
{
	if (*tp) {
		struct loop_timer **at = &(*tp)->loop->timers;

		while (*at != *tp)
			at = &(*at)->next;
		*at = (*tp)->next;
	}
	free(*tp);
	*tp = NULL;
}

struct loop_work *loop_work_new(struct loop *l, bool (*fn)(void *arg),
				void *arg)
{
	struct loop_work *w = xcalloc(1, sizeof(*w));

	*w = (struct loop_work){ l->works, l, fn, arg };
	l->works = w;
	return w;
}

void loop_work_wake(struct loop_work *w)
{
	(void)w; /* all work is tried in each turn */
}

void loop_work_free(struct loop_work **wp)
{
	if (*wp) {
		struct loop_work **at = &(*wp)->loop->works;

		while (*at != *wp)
			at = &(*at)->next;
		*at = (*wp)->next;
	}
	free(*wp);
	*wp = NULL;
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, int interest,
			    void (*fn)(void *arg, int what), void *arg)
{
	(void)l, (void)fd, (void)interest, (void)fn, (void)arg;
	return NULL;
}

void loop_fd_free(struct loop_fd **fp)
{
	*fp = NULL;
}

/* Do what can be done, then let ms pass, with the timers that end in it. */
static void fake_loop_turn(struct loop *l, int64_t ms)
{
	for (struct loop_work *w = l->works; w; w = w->next)
		while (w->fn(w->arg))
			;
	l->now_ms += ms;
	for (struct loop_timer *t = l->timers, *next; t; t = next) {
		next = t->next;
		if (t->due_ms < 0 || t->due_ms > l->now_ms)
			continue;
		t->due_ms = -1;
		t->fn(t->arg);
	}
}

#endif
