#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

/*
 * loop - the one event loop of a process, libuv behind it.
 *
 * One thread. Handlers do bounded work and must not block. Handles belong to
 * the loop's user, who frees them before loop_free(); a handler may free any
 * handle, its own too.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct loop;
struct loop_timer;
struct loop_fd;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(struct err *e);
void loop_free(struct loop **lp);

/* Run until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
bool loop_stopping(const struct loop *l);
/* Take a loop_stop() back: loop_run() may be called once more. */
void loop_rearm(struct loop *l);

/* Monotonic milliseconds, taken once a turn; or when told that one is long. */
int64_t loop_now_ms(struct loop *l);
void loop_update_now(struct loop *l);

/*
 * SIGTERM and SIGINT stop the loop; SIGHUP calls hup (NULL: ignored). SIGPIPE
 * is ignored.
 */
int loop_signals(struct loop *l, void (*hup)(void *arg), void *arg,
		 struct err *e);

/* Call fn in the loop after a signal; not one of those above. */
struct loop_signal;
struct loop_signal *loop_signal_new(struct loop *l, int signo,
				    void (*fn)(void *arg), void *arg,
				    struct err *e);
void loop_signal_free(struct loop_signal **sp);

/*
 * One-shot timer; not running until started. Starting again moves it, from
 * within its own call to a later turn of the loop, however short the time.
 */
struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *arg),
				  void *arg);
void loop_timer_start(struct loop_timer *t, int64_t in_ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_running(const struct loop_timer *t);
void loop_timer_free(struct loop_timer **tp);

/*
 * Call fn(arg, what) when fd can be read or written (level-triggered; `what`
 * also has both bits on an error). Interest starts as given and is changed
 * with loop_fd_set(); 0 pauses. The fd is not closed by loop_fd_free().
 */
struct loop_fd *loop_fd_new(struct loop *l, int fd, int interest,
			    void (*fn)(void *arg, int what), void *arg);
void loop_fd_set(struct loop_fd *f, int interest);
void loop_fd_free(struct loop_fd **fp);

/*
 * Call fn once before the loop next waits, and again before each wait for as
 * long as it returns true (then without waiting). For work in bounded slices,
 * and for sources whose readiness has no fd (ZeroMQ).
 */
struct loop_work;
struct loop_work *loop_work_new(struct loop *l, bool (*fn)(void *arg),
				void *arg);
void loop_work_wake(struct loop_work *w);
void loop_work_free(struct loop_work **wp);

/* The uv_loop_t, for a library that wants to sit in the same loop. */
void *loop_native(struct loop *l);

#endif
