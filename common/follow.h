#ifndef COMMON_FOLLOW_H
#define COMMON_FOLLOW_H

/*
 * follow - every event of the journal after a position, once, in order, as it
 * comes.
 *
 * The feed is the fast path: while its next event is the next offset, events
 * come from there. Whatever is not next (start, gap, overload, a new epoch) is
 * read from the journal. The store's heartbeat tells when the newest was
 * missed. Work is done in slices from the loop, so that others have their
 * turn.
 */
#include "common/bus.h"
#include "common/event.h"
#include "common/journal.h"
#include "common/loop.h"

struct follow;

struct follow_conf {
	struct loop *loop;
	struct bus *bus;
	const char *dir;      /* data directory, for the journal */
	struct position from; /* the last event seen; epoch 0: start at 1 */
	bool at_head;	      /* start at the head instead */
	/*
	 * With at_head: where there is no journal, as on another machine than
	 * the store's, go by the feed alone. What that does not deliver is lost
	 * and told as a gap.
	 */
	bool feed_only;
	const char *silence; /* warned of while neither is there, or NULL */
	/*
	 * What of it is wanted, for `gap` (the patterns are borrowed); all
	 * events are handed over. `told`: what is known to be missing.
	 */
	struct journal_want want;
	bool gap_again; /* for those who want less each: see `gap` */
	unsigned slice; /* events per turn of the loop; 0: 512 */

	/* All of these may be NULL but event. arg is handed to each. */
	void *arg;
	/* The next event. Its strings are valid during the call. */
	void (*event)(void *arg, const struct event *ev);
	/* A journal was found: from now on nothing that comes is missed. */
	void (*started)(void *arg);
	/* A slice has ended: commit what it gave rise to. */
	void (*slice_end)(void *arg);
	/*
	 * Everything recorded up to clock_us has been handed over, and nothing
	 * that comes will be recorded before it.
	 */
	void (*clock)(void *arg, int64_t clock_us);
	/*
	 * Of what is wanted, events from..to (inclusive; of the epoch of
	 * follow_position) were pruned before they were read: some of these,
	 * or all. Said once for that range; with gap_again also when more of
	 * it is found to be pruned later.
	 */
	void (*gap)(void *arg, uint64_t from, uint64_t to);
	/* The journal is another one now; pos is where it goes on. */
	void (*epoch)(void *arg, struct position pos);
	/* The feed's control messages ($ack, $stats ...; not $head). */
	void (*control)(void *arg, const struct bus_msg *m);
};

/*
 * Does not fail where store or journal are not there yet: it waits for them.
 */
struct follow *follow_new(const struct follow_conf *conf, struct err *e);
void follow_free(struct follow **fp);

/*
 * Open the journal now, not in the next turn of the loop, so that its reader
 * can be used. False: it is not there, or cannot be read yet.
 */
bool follow_look(struct follow *f);

/*
 * Hand over a slice of what is there now, not in the next turn of the loop: for
 * whoever makes a turn long. Not from within a handler: nothing happens then.
 */
void follow_look_now(struct follow *f);

/* The last event handed over. epoch 0: no journal was seen yet. */
struct position follow_position(const struct follow *f);

/* True while nothing newer is known than what was handed over. */
bool follow_caught_up(const struct follow *f);

/* The newest offset known to exist, for lag figures. */
uint64_t follow_head(const struct follow *f);

/* When the store was last heard of (loop_now_ms), or -1. */
int64_t follow_heard_ms(const struct follow *f);

/* The journal that it reads; NULL while there is none. Borrowed. */
struct journal *follow_journal(struct follow *f);

#endif
