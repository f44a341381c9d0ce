#ifndef SOAK_CHECKS_H
#define SOAK_CHECKS_H

/* checks - results as TAP, and what is to be so when all clients have gone. */
#include <stdbool.h>
#include <stdint.h>

enum {
	VISITS = 4000,	   /* that come and go at the end, one by one */
	VISIT_BYTES = 256, /* of memory that one may leave behind */
	CLIENT_KB = 8,	   /* that a client may take, those stuck as well */
	FLAT_KB = 1 << 10, /* by which the second half may be above the first */
	SHARED_KB = 2 << 10, /* that they share, but for the rings */
	KEPT_KB = 26 << 10,  /* three rings that are full, and the spare */
};

struct watched;

void result(bool ok, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int results(void);     /* so far */
int results_bad(void); /* of them */

/* Before anybody comes. */
void check_begin(int pid);
/* What it has while they are there does not grow, and is not too much. */
void check_memory(const struct watched *w, unsigned clients);
/* It has the system's memory no longer, but for what all share. */
void check_given_back(int pid);
/* The gateway has nothing of theirs. */
void check_nothing_left(uint16_t port);
/* Others come and go, and leave no memory. */
void check_visits(uint16_t port, int pid);
/* It has so many descriptors again. */
void check_files(int pid, unsigned want);

#endif
