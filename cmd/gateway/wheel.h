#ifndef GATEWAY_WHEEL_H
#define GATEWAY_WHEEL_H

/*
 * wheel - visit each of many once in a period, evenly spread over it.
 *
 * A new one takes the slot of the wheel that is next in turn, at whatever time
 * it comes, and keeps it: nothing is sorted, and nothing is moved when it was
 * visited. Adding, removing and a visit cost the same however many there are.
 * Pure: the time is passed in.
 */
#include <stddef.h>
#include <stdint.h>

enum { WHEEL_SLOTS = 256 };

/* Part of whoever is visited. */
struct wheel_item {
	struct wheel_item *next, **at;
};

struct wheel {
	struct wheel_item *slot[WHEEL_SLOTS];
	int64_t period_ms, start_ms;
	int64_t turned; /* slots since the start, visited */
	unsigned next;	/* the slot of the next new one */
	size_t n;
};

void wheel_init(struct wheel *w, int64_t period_ms, int64_t now_ms);

void wheel_add(struct wheel *w, struct wheel_item *item, int64_t now_ms);
void wheel_remove(struct wheel *w, struct wheel_item *item);

/*
 * Visit whoever's turn has come since the last call, each once at most; fn may
 * remove the one that it is called for.
 */
void wheel_turn(struct wheel *w, int64_t now_ms,
		void (*fn)(void *arg, struct wheel_item *item), void *arg);

/* Visit all now, besides their turns; likewise. */
void wheel_each(struct wheel *w, void (*fn)(void *arg, struct wheel_item *item),
		void *arg);

/* From now to the next visit; -1 where there is nobody. */
int64_t wheel_wait_ms(const struct wheel *w, int64_t now_ms);

#endif
