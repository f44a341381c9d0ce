#include "due.h"

#include <stddef.h>

void due_drop(struct due *d)
{
	struct due_list *list = d->list;

	if (!list)
		return;
	if (d->prev)
		d->prev->next = d->next;
	else
		list->first = d->next;
	if (d->next)
		d->next->prev = d->prev;
	else
		list->last = d->prev;
	*d = (struct due){ 0 };
}

void due_set(struct due_list *list, struct due *d, int64_t now_ms)
{
	due_drop(d);
	*d = (struct due){ now_ms + list->in_ms, list->last, NULL, list };
	if (list->last)
		list->last->next = d;
	else
		list->first = d;
	list->last = d;
}

int64_t due_next_ms(const struct due_list *list)
{
	return list->first ? list->first->at_ms : INT64_MAX;
}

struct due *due_take(struct due_list *list, int64_t now_ms)
{
	struct due *d = list->first;

	if (!d || d->at_ms > now_ms)
		return NULL;
	due_drop(d);
	return d;
}
