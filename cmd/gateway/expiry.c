#include "expiry.h"

#include <stdlib.h>

#include "common/xmem.h"

void expiry_free(struct expiry *x)
{
	free(x->v);
	*x = (struct expiry){ 0 };
}

static void put(struct expiry *x, size_t place, struct expiry_item *item)
{
	x->v[place - 1] = item;
	item->place = place;
}

/* To where nobody above is later, nor anybody below earlier. */
static void settle(struct expiry *x, struct expiry_item *item)
{
	size_t at = item->place;

	while (at > 1 && x->v[at / 2 - 1]->at_us > item->at_us) {
		put(x, at, x->v[at / 2 - 1]);
		at /= 2;
	}
	for (;;) {
		size_t child = 2 * at;

		if (child < x->n && x->v[child]->at_us < x->v[child - 1]->at_us)
			child++;
		if (child > x->n || x->v[child - 1]->at_us >= item->at_us)
			break;
		put(x, at, x->v[child - 1]);
		at = child;
	}
	put(x, at, item);
}

void expiry_set(struct expiry *x, struct expiry_item *item, int64_t at_us)
{
	item->at_us = at_us;
	if (!item->place) {
		xgrow(&x->v, &x->cap, x->n, sizeof(struct expiry_item *));
		x->n++;
		put(x, x->n, item);
	}
	settle(x, item);
}

void expiry_drop(struct expiry *x, struct expiry_item *item)
{
	size_t at = item->place;
	struct expiry_item *last;

	if (!at)
		return;
	item->place = 0;
	last = x->v[--x->n];
	if (last == item)
		return;
	put(x, at, last);
	settle(x, last);
}

int64_t expiry_next_us(const struct expiry *x)
{
	return x->n ? x->v[0]->at_us : INT64_MAX;
}

struct expiry_item *expiry_take(struct expiry *x, int64_t now_us)
{
	struct expiry_item *first = x->n ? x->v[0] : NULL;

	if (!first || first->at_us > now_us)
		return NULL;
	expiry_drop(x, first);
	return first;
}
