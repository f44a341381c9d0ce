/* A request that waits until its events are durable. */
#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "api.h"
#include "http.h"

struct posting {
	struct session s;	     /* first */
	struct publish_batch *batch; /* NULL: done */
	api_published *fn;
	void *arg;
};

static void close_posting(struct session *s)
{
	struct posting *p = (struct posting *)s;

	if (p->batch)
		publish_abandon(p->batch);
	free(p->arg);
	free(p);
}

static void on_batch_end(void *arg, enum publish_end end,
			 const struct position *pos, size_t n)
{
	struct posting *p = arg;
	struct net_conn *c = p->s.conn;

	p->batch = NULL;
	switch (end) {
	case PUBLISH_DONE: p->fn(p->s.g, c, p->arg, pos, n); break;
	case PUBLISH_REFUSED:
		http_problem(c, 422,
			     "the store refused an event; the journal "
			     "has the reason as event.refused");
		break;
	case PUBLISH_LATE:
		http_problem(c, 504,
			     "not confirmed in time; it may still be recorded "
			     "(a repeat with the same source and id is safe)");
		break;
	}
	session_end(c);
}

void api_count_unpublished(struct gateway *g, const struct err *e)
{
	stats_add(g->stats, "refused_total",
		  e->code == EX_TEMPFAIL ? "queue-full" : "event", 1);
}

void api_publish(struct gateway *g, struct net_conn *c, const struct event *ev,
		 size_t n, api_published *fn, void *arg)
{
	struct posting *p = xcalloc(1, sizeof(*p));
	struct err e;

	p->batch = publish_add(g->publish, ev, n, on_batch_end, p, &e);
	if (!p->batch) {
		free(p);
		free(arg);
		api_count_unpublished(g, &e);
		api_fail(g, c, &e);
		return;
	}
	p->fn = fn;
	p->arg = arg;
	session_begin(&p->s, g, c, close_posting);
	producer_kick(g->producer);
}
