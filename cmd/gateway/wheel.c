#include "wheel.h"

#include <string.h>

/* Odd, so that all slots have their turn; those that follow lie far apart. */
enum { STRIDE = 97 };

void wheel_init(struct wheel *w, int64_t period_ms, int64_t now_ms)
{
	*w = (struct wheel){ .period_ms = period_ms, .start_ms = now_ms };
}

/* How many slots have come up since the start. */
static int64_t slots_until(const struct wheel *w, int64_t now_ms)
{
	return (now_ms - w->start_ms) * WHEEL_SLOTS / w->period_ms;
}

void wheel_add(struct wheel *w, struct wheel_item *item, int64_t now_ms)
{
	struct wheel_item **slot = &w->slot[w->next];

	if (w->n == 0)
		w->turned = slots_until(w, now_ms);
	w->next = (w->next + STRIDE) % WHEEL_SLOTS;
	w->n++;
	item->next = *slot;
	item->at = slot;
	if (item->next)
		item->next->at = &item->next;
	*slot = item;
}

void wheel_remove(struct wheel *w, struct wheel_item *item)
{
	*item->at = item->next;
	if (item->next)
		item->next->at = item->at;
	w->n--;
}

static void visit_slot(struct wheel_item *item,
		       void (*fn)(void *arg, struct wheel_item *item),
		       void *arg)
{
	while (item) {
		struct wheel_item *next = item->next;

		fn(arg, item);
		item = next;
	}
}

void wheel_each(struct wheel *w, void (*fn)(void *arg, struct wheel_item *item),
		void *arg)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		visit_slot(w->slot[i], fn, arg);
}

void wheel_turn(struct wheel *w, int64_t now_ms,
		void (*fn)(void *arg, struct wheel_item *item), void *arg)
{
	int64_t upto = slots_until(w, now_ms);

	/* However late we are, once around is all. */
	if (w->turned < upto - WHEEL_SLOTS)
		w->turned = upto - WHEEL_SLOTS;
	while (w->turned < upto)
		visit_slot(w->slot[w->turned++ % WHEEL_SLOTS], fn, arg);
}

int64_t wheel_wait_ms(const struct wheel *w, int64_t now_ms)
{
	int64_t slot = w->turned, at_ms;

	if (w->n == 0)
		return -1;
	while (!w->slot[slot % WHEEL_SLOTS])
		slot++;
	/* The slot has come up when slots_until() is one more than it. */
	at_ms = w->start_ms +
		((slot + 1) * w->period_ms + WHEEL_SLOTS - 1) / WHEEL_SLOTS;
	return at_ms > now_ms ? at_ms - now_ms : 0;
}
