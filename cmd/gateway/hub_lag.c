/* What is said of the hub: its counts, and how far clients are behind. */
#include "hub_private.h"

uint32_t hub_epoch_of(const struct hub *h)
{
	return h->epoch;
}

struct filters *hub_filters(struct hub *h)
{
	return h->filters;
}

struct hub_counts hub_count(const struct hub *h)
{
	struct hub_counts n = h->counts;

	n.groups = groups_count(h->groups);
	n.filters = filters_count(h->filters);
	return n;
}

/* Only those that are not live have a position of their own. */
static void note_lags(const struct hub *h, const struct queue *q,
		      enum hub_class class,
		      struct hub_lag out[HUB_TRANSPORTS][HUB_CLASSES])
{
	for (const struct hub_client *c = q->head; c; c = c->next) {
		struct hub_lag *l = &out[c->transport][class];

		if (h->newest > c->pos && h->newest - c->pos > l->events)
			l->events = h->newest - c->pos;
	}
}

void hub_lags(const struct hub *h,
	      struct hub_lag out[HUB_TRANSPORTS][HUB_CLASSES])
{
	for (int t = 0; t < HUB_TRANSPORTS; t++)
		for (int k = 0; k < HUB_CLASSES; k++)
			out[t][k] = (struct hub_lag){ h->clients[t][k], 0 };
	for (int t = 0; t < HUB_TRANSPORTS; t++)
		if (h->clients[t][HUB_CLASS_LIVE])
			out[t][HUB_CLASS_LIVE].events = h->newest - h->flushed;
	note_lags(h, &h->behind, HUB_CLASS_BEHIND, out);
	note_lags(h, &h->choked, HUB_CLASS_CHOKED, out);
}
