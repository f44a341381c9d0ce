#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

/*
 * child - another of weir's programs, run for an answer: its standard input is
 * given, its standard output collected, its log goes to ours. It is looked for
 * beside this program, then in $PATH, gets the same data directory and
 * configuration, and is killed after its time.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"

struct child;

/*
 * ok: it ended with status 0. output: what it printed, and what is left of it
 * where it was too long; dies with the call.
 */
typedef void child_fn(void *arg, bool ok, struct str output);

struct child_want {
	const char *tool;	  /* "chart" */
	const char *const *args;  /* NULL-terminated */
	const char *dir, *config; /* NULL: the default */
	struct str input;	  /* absent: none */
	int64_t timeout_ms;
	size_t max_bytes;
};

/* NULL with *e: EX_OSERR. Ends with fn, or child_cancel(). */
struct child *child_start(struct loop *l, const struct child_want *w,
			  child_fn *fn, void *arg, struct err *e);
void child_cancel(struct child **cp);

#endif
