/* What WebSockets publish: answered one by one, when it is durable. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "api.h"
#include "live_private.h"

struct publication {
	struct live *live;
	struct publication *next, **at;
	struct publish_batch *batch;
	struct str id; /* behind the struct; absent: none was given */
};

static void forget(struct publication *p)
{
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	p->live->n_publishing--;
	free(p);
}

static void on_end(void *arg, enum publish_end end, const struct position *pos,
		   size_t n)
{
	struct publication *p = arg;
	struct live *l = p->live;

	(void)n;
	switch (end) {
	case PUBLISH_DONE:
		client_print_published(p->id, pos[0], live_text(l));
		live_reply(l);
		break;
	case PUBLISH_REFUSED:
		live_reply_refused(l, "refused",
				   "the store refused the event; the journal "
				   "has the reason as event.refused",
				   p->id);
		break;
	case PUBLISH_LATE:
		live_reply_refused(l, "late",
				   "not confirmed in time; it may still be "
				   "recorded (a repeat with the same source "
				   "and id is safe)",
				   p->id);
		break;
	}
	forget(p);
}

static void begin(struct live *l, const struct event *ev, struct str id)
{
	struct gateway *g = l->s.g;
	struct publication *p = xcalloc(1, sizeof(*p) + id.len + 1);
	struct err e;

	p->batch = publish_add(g->publish, ev, 1, on_end, p, &e);
	if (!p->batch) {
		free(p);
		api_count_unpublished(g, &e);
		live_reply_refused(l,
				   e.code == EX_TEMPFAIL ? "busy" : "bad-event",
				   e.msg, id);
		return;
	}
	p->live = l;
	if (id.p)
		p->id = (struct str){ memcpy(p + 1, id.p, id.len), id.len };
	p->next = l->publishing;
	if (p->next)
		p->next->at = &p->next;
	p->at = &l->publishing;
	l->publishing = p;
	l->n_publishing++;
	producer_kick(g->producer);
}

void live_publish(struct live *l, const struct client_command *cmd,
		  struct arena *a)
{
	struct event ev;
	struct err e;

	if (api_read_event(l->s.who, cmd->event, a, clk_wall_us(), &ev, &e))
		live_reply_refused(
			l, e.code == EX_NOPERM ? "forbidden" : "bad-event",
			e.msg, cmd->id);
	else if (l->n_publishing == LIVE_PUBLISHING_MAX)
		live_reply_refused(l, "busy",
				   "too many events wait for the store",
				   cmd->id);
	else
		begin(l, &ev, cmd->id);
}

void live_publish_abandon(struct live *l)
{
	while (l->publishing) {
		publish_abandon(l->publishing->batch);
		forget(l->publishing);
	}
}
