#ifndef COMMON_STAGE_H
#define COMMON_STAGE_H

/*
 * stage - a process that reads events, keeps state, and says what follows.
 *
 *	event -> handler -> state and derived events, in one transaction
 *
 * Written once, here: where to go on, reading from feed and journal, the
 * ledger's transactions, the outbox, deadlines, recovery, counters, and the
 * same as a filter on standard input and output. A tool brings a handler.
 *
 * A handler is pure if what it does depends only on the events so far: no
 * clock, no random numbers, no configuration outside events. Time is the
 * events' own: what happened is judged by `time`, deadlines by recordedtime.
 * Replaying the same journal then gives byte-identical results. A handler that
 * cannot be pure (scraper, notifier) sets pure = false and may also open
 * transactions of its own from callbacks of the loop.
 *
 * What the handler keeps in memory must be what the ledger would give it: on
 * any failure the process ends, and open() loads it again.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/bus.h"
#include "common/event.h"
#include "common/ledger.h"
#include "common/loop.h"
#include "common/opt.h"
#include "common/stats.h"

struct stage;

enum { STAGE_DRAIN_MS = 5000 };

struct stage_handler {
	const char *tool; /* "analyzer" */
	bool pure;
	bool generates; /* has something to say without input: -o alone */
	/* All are called with self. Return 0, or -1 with *e to end the process. */

	/* Load state; inside a transaction. May be NULL. */
	int (*open)(void *self, struct stage *s, struct err *e);
	/* One event, inside a transaction. */
	int (*event)(void *self, struct stage *s, const struct event *ev,
		     struct err *e);
	/* The earliest deadline (a recordedtime), or CLK_NONE. May be NULL. */
	int64_t (*deadline)(void *self);
	/*
	 * A deadline has passed: now_us is that deadline. Inside a transaction.
	 * Must move or clear it. Its events carry now_us as their time.
	 */
	int (*fire)(void *self, struct stage *s, int64_t now_us, struct err *e);
	/*
	 * Firing that deadline ended the process again and again: move or
	 * clear it for good, with as little else as possible. Inside a
	 * transaction. Goes with fire.
	 */
	int (*give_up)(void *self, struct stage *s, int64_t now_us,
		       struct err *e);
	/* Outside a transaction, after a commit: start outside effects. */
	void (*settled)(void *self, struct stage *s);
	/* Once, when everything up to the head found at start is consumed. */
	void (*live)(void *self, struct stage *s);
	/*
	 * On the bus, once live, about each second: the store's clock, after
	 * all that was recorded up to it. May be NULL.
	 */
	void (*clock)(void *self, struct stage *s, int64_t clock_us);
	/*
	 * On the bus: a process says of itself that it lives ("alerter"), about
	 * each STATS_EVERY_MS. May be NULL.
	 */
	void (*heard)(void *self, struct stage *s, struct str tool);
	/*
	 * SIGHUP, on the bus: read again what can change. -1 with *e: all is
	 * as before. May be NULL: there is nothing.
	 */
	int (*reload)(void *self, struct stage *s, struct err *e);
	/*
	 * A filter's input is over. Whoever has this runs in the loop also as a
	 * filter, and goes on until stage_finish(). May be NULL: a filter then
	 * ends with its input.
	 */
	void (*input_end)(void *self, struct stage *s);
	/*
	 * On the bus, asked to stop: begin nothing new, and return true if
	 * something is under way that will soon be over; then stage_finish().
	 * There are STAGE_DRAIN_MS for it. May be NULL.
	 */
	bool (*drain)(void *self, struct stage *s);
	/* At the end, also after a failure: free what sits in the loop, which
	 * is still there. Nothing can be emitted any more. May be NULL. */
	void (*close)(void *self, struct stage *s);
};

/* The options that every stage has; put STAGE_OPTIONS(cfg) into the table. */
struct stage_options {
	const char *in, *out;  /* "-": be a filter */
	const char *state_dir; /* -s: a filter's state, or NULL */
	bool pass;	       /* -p: pass input through */
	bool mute;	       /* a filter: print nothing of what follows */
	const char *from;      /* --from POSITION */
	const char *retry;     /* --retry POSITION */
};
/* clang-format off */
#define STAGE_OPTIONS(so)                                                      \
	{ 'i', "in", "FILE", OPT_STR, &(so).in, 0, 0,                          \
	  "be a filter: read events from FILE (- for standard input)" },       \
	{ 'o', "out", "-", OPT_STR, &(so).out, 0, 0,                           \
	  "be a filter: write events to standard output" },                    \
	{ 's', "state", "DIR", OPT_STR, &(so).state_dir, 0, 0,                 \
	  "as a filter: keep state in DIR" },                                  \
	{ 'p', "pass", NULL, OPT_FLAG, &(so).pass, 0, 0,                       \
	  "as a filter: pass the input through, too" },                        \
	{ 0, "from", "POSITION", OPT_STR, &(so).from, 0, 0,                    \
	  "with a new ledger: give output for events after POSITION" },        \
	{ 0, "retry", "POSITION", OPT_STR, &(so).retry, 0, 0,                  \
	  "handle the event at POSITION, which was skipped, again" }
/* clang-format on */

/*
 * Run until asked to stop (0) or broken (-1 with *e). As a filter: until the
 * end of input; bad lines are reported, one line each, and make the result
 * EX_DATAERR after everything else was done.
 */
int stage_run(const struct stage_handler *handler, void *self,
	      const struct opt_common *common,
	      const struct stage_options *options, struct err *e);

/*
 * Hand the handler events that come from a file (-w, -r, -q) before any
 * input, as if TYPE/ID with data {"id":ID,...} had been recorded. Bad lines
 * are reported; for filters. Called from open().
 */
int stage_feed_file(struct stage *s, const char *path, const char *type,
		    struct err *e);

/*
 * True as a filter: -i and -o were given, or only -o (then nothing is read; a
 * loop runs for the handler's own work until stage_finish()).
 */
bool stage_is_filter(const struct stage *s);

/*
 * No more will come from this handler: stop once what was emitted is
 * acknowledged (a filter: at once). The result of stage_run() is 0.
 */
void stage_finish(struct stage *s);

/*
 * As a filter: something that was read is not good, which showed only later.
 * It was told; the result of stage_run() is EX_DATAERR.
 */
void stage_bad_input(struct stage *s);

/* ---- inside a transaction (event, fire, open, or one's own) ---- */

/*
 * Say that something follows: topic, its time, data (JSON text). cause may be
 * NULL; otherwise the event carries its source and id as `cause`. ext: further
 * attributes as a JSON object, or absent. Silently dropped while the stage
 * replays what came before it was born (design, section 5, rule 5).
 */
int stage_emit(struct stage *s, struct str topic, int64_t time_us,
	       const struct event *cause, struct str ext, struct str data,
	       struct err *e);
/*
 * The same; source and id of what was emitted are in *ev_r, until the end of
 * the transaction, so that it can be the cause of others. Silent: an event
 * without a source, which causes nothing.
 */
int stage_emit_cause(struct stage *s, struct str topic, int64_t time_us,
		     const struct event *cause, struct str data,
		     struct event *ev_r, struct err *e);
bool stage_is_silent(const struct stage *s);

/* The handler's state; ledger.h has the rules. */
int stage_get(struct stage *s, struct str key, struct str *val_r,
	      struct err *e);
int stage_put(struct stage *s, struct str key, struct str val, struct err *e);
int stage_del(struct stage *s, struct str key, struct err *e);
int stage_each(struct stage *s, struct str prefix, ledger_fn *fn, void *arg,
	       struct err *e);

/* ---- handlers that are not pure, from callbacks of the loop ---- */

int stage_begin(struct stage *s, struct err *e);
int stage_commit(struct stage *s, struct err *e); /* synced; then sends */
/* A failure outside stage_run's own calls: end the process with it. */
void stage_fail(struct stage *s, const struct err *e);
struct loop *stage_loop(struct stage *s);

/* Events that wait for the store. */
uint64_t stage_outbox(const struct stage *s);

/* Counters, sent as $stats and served as metrics. */
struct stats *stage_stats(struct stage *s);

#endif
