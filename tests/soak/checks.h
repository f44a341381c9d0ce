#ifndef SOAK_CHECKS_H
#define SOAK_CHECKS_H

/* checks - results as TAP, and what is to be so when all clients have gone. */
#include <stdbool.h>
#include <stdint.h>

enum {
	VISITS = 4000,	   /* that come and go at the end, one by one */
	VISIT_BYTES = 256, /* of memory that one may leave behind */
};

void result(bool ok, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int results(void);     /* so far */
int results_bad(void); /* of them */

/* The gateway has nothing of theirs. */
void check_nothing_left(uint16_t port);
/* Others come and go, and leave no memory. */
void check_visits(uint16_t port, int pid);
/* It has so many descriptors again. */
void check_files(int pid, unsigned want);

#endif
