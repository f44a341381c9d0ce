#ifndef COMMON_LOOP_CHILD_H
#define COMMON_LOOP_CHILD_H

/*
 * loop_child - a program run beside the event loop.
 *
 * It gets a session and process group of its own, so that it can be ended with
 * all that it started. Its end is told by the loop.
 */
#include "common/loop.h"

struct loop_child;

/* Exit status, or the number of the signal that ended it (else 0). */
typedef void loop_child_fn(void *arg, int status, int signal);

/*
 * Run argv[0], looked for in $PATH, without a shell. fd: its standard input,
 * output and error; they stay the caller's, and no other descriptor is passed
 * on. env: "NAME=value" lines, NULL-terminated, or NULL for our own. fn is
 * called once, from the loop. NULL with *e: EX_OSERR.
 */
struct loop_child *loop_child_new(struct loop *l, char **argv, char **env,
				  const int fd[3], loop_child_fn *fn, void *arg,
				  struct err *e);

/* Send a signal to its whole process group. */
void loop_child_kill(struct loop_child *c, int signo);

/*
 * Kills the group where it still runs, and waits for its end: nothing is left
 * of it. fn is not called any more.
 */
void loop_child_free(struct loop_child **cp);

#endif
