#include "turns.h"

void turns_init(struct turns *ts)
{
	*ts = (struct turns){ .room = TURNS_ROUND, .round = 1 };
	ts->last = &ts->first;
}

static void wait_in_line(struct turns *ts, struct turn *t)
{
	t->waits = true;
	t->next = NULL;
	*ts->last = t;
	ts->last = &t->next;
	ts->n++;
}

static struct turn *take_first(struct turns *ts)
{
	struct turn *t = ts->first;

	ts->first = t->next;
	if (!ts->first)
		ts->last = &ts->first;
	ts->n--;
	t->waits = false;
	return t;
}

/* What is not used of a quantum is not saved up. */
static void give_quantum(struct turn *t)
{
	t->left += TURNS_QUANTUM;
	if (t->left > TURNS_QUANTUM)
		t->left = TURNS_QUANTUM;
}

bool turns_take(struct turns *ts, struct turn *t, size_t bytes)
{
	int64_t n = (int64_t)bytes;
	int64_t paid = n < t->prepaid ? n : t->prepaid;

	if (t->round != ts->round && !t->waits)
		give_quantum(t);
	t->round = ts->round;
	t->left -= n;
	t->prepaid -= paid;
	ts->room -= n - paid;
	if (t->left > 0 || t->waits)
		return t->waits;
	wait_in_line(ts, t);
	return true;
}

struct turn *turns_next(struct turns *ts)
{
	while (ts->first && ts->room > 0) {
		struct turn *t = take_first(ts);

		give_quantum(t);
		if (t->left > 0) {
			t->round = ts->round;
			ts->room -= t->left - t->prepaid;
			t->prepaid = t->left;
			return t;
		}
		wait_in_line(ts, t);
	}
	return NULL;
}

void turns_renew(struct turns *ts)
{
	ts->round++;
	ts->room += TURNS_ROUND;
	if (ts->room > TURNS_ROUND)
		ts->room = TURNS_ROUND;
}

void turns_leave(struct turns *ts, struct turn *t)
{
	struct turn **p = &ts->first;

	ts->room += t->prepaid;
	t->prepaid = 0;
	if (!t->waits)
		return;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	if (ts->last == &t->next)
		ts->last = p;
	ts->n--;
	t->waits = false;
}
