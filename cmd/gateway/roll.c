#include "roll.h"

#include <stdlib.h>

#include "common/xmem.h"

/* In the order of their numbers. */
struct roll {
	struct roll_item *head, *tail;
	size_t n;
	uint64_t newest;
};

struct roll *roll_new(void)
{
	return xcalloc(1, sizeof(struct roll));
}

void roll_free(struct roll **rp)
{
	free(*rp);
	*rp = NULL;
}

void roll_add(struct roll *r, struct roll_item *item, struct session *s,
	      struct hub_client *client, int64_t now_us)
{
	*item = (struct roll_item){
		.prev = r->tail,
		.session = s,
		.client = client,
		.id = ++r->newest,
		.since_us = now_us,
	};
	if (r->tail)
		r->tail->next = item;
	else
		r->head = item;
	r->tail = item;
	r->n++;
}

void roll_remove(struct roll *r, struct roll_item *item)
{
	if (item->prev)
		item->prev->next = item->next;
	else
		r->head = item->next;
	if (item->next)
		item->next->prev = item->prev;
	else
		r->tail = item->prev;
	r->n--;
}

size_t roll_count(const struct roll *r)
{
	return r->n;
}

struct roll_item *roll_after(struct roll *r, uint64_t id)
{
	struct roll_item *at = r->head;

	if (id >= r->newest)
		return NULL;
	while (at && at->id <= id)
		at = at->next;
	return at;
}

struct roll_item *roll_find(struct roll *r, uint64_t id)
{
	struct roll_item *at = id ? roll_after(r, id - 1) : NULL;

	return at && at->id == id ? at : NULL;
}
