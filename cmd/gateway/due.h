#ifndef GATEWAY_DUE_H
#define GATEWAY_DUE_H

/*
 * due - deadlines that are all equally far away when they are set.
 *
 * So the first one set is the first one due, and a list is all that it takes:
 * setting, moving and dropping a deadline costs the same with 10 and 100,000.
 * A zeroed struct due is in no list; it lives inside of what is waiting.
 */
#include <stdbool.h>
#include <stdint.h>

struct due {
	int64_t at_ms;
	struct due *prev, *next;
	struct due_list *list; /* NULL: not set */
};

struct due_list {
	int64_t in_ms; /* how far away */
	struct due *first, *last;
};

/* Set, or move, a deadline. now_ms never runs backwards. */
void due_set(struct due_list *list, struct due *d, int64_t now_ms);
void due_drop(struct due *d);

/* When the next one is due; INT64_MAX: never. */
int64_t due_next_ms(const struct due_list *list);

/* Drop and return one that is due, or NULL. */
struct due *due_take(struct due_list *list, int64_t now_ms);

#endif
