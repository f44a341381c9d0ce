#ifndef SCRAPER_TURNS_H
#define SCRAPER_TURNS_H

/*
 * turns - who is read next where all want more than there is room for. Pure.
 *
 * Deficit round robin by bytes (Shreedhar and Varghese, 1995), in which the
 * sockets are the queues: nobody is read ahead of his turn. In a round there is
 * room for TURNS_ROUND bytes of all. Each may begin with TURNS_QUANTUM of them;
 * who wants more waits in line, and gets as much again when it is his turn. Who
 * took more than he had, as one big unit may be, is passed over until it is
 * made good.
 *
 * So who says little never waits for who says much: what others are served
 * between two of his rounds is TURNS_ROUND, and of each other one quantum and
 * what exceeds it of one unit.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TURNS_ROUND = 2 << 20,
	TURNS_QUANTUM = 16 << 10,
};

/* Of one who takes turns; zeroed at first. */
struct turn {
	int64_t left;	 /* bytes that he has; below zero: a debt */
	int64_t prepaid; /* of these the room was taken when he got them */
	uint64_t round;	 /* in which that was */
	bool waits;
	struct turn *next;
};

struct turns {
	int64_t room; /* of this round; below zero: of those to come */
	uint64_t round;
	struct turn *first, **last;
	size_t n; /* that wait */
};

void turns_init(struct turns *ts);

/* He took so many bytes. True: that is all that he has, now he waits. */
bool turns_take(struct turns *ts, struct turn *t, size_t bytes);

/* Whose turn it is; he does not wait any more. NULL: nobody's. */
struct turn *turns_next(struct turns *ts);

/* Another round. */
void turns_renew(struct turns *ts);

/* He wants no more. What he owes stays. */
void turns_leave(struct turns *ts, struct turn *t);

#endif
