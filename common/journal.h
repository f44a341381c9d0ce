#ifndef COMMON_JOURNAL_H
#define COMMON_JOURNAL_H

/*
 * journal - every event there was, in order, on disk. The truth.
 *
 * One process writes it (weir-store); any number read it, each through its own
 * memory map, also while no store runs. An event's place is its offset, from 1
 * up by 1; old ones may have been pruned, so offsets can have holes. The
 * journal's identity is its epoch: offsets of different epochs have nothing to
 * do with each other, except that a journal that was copied or restored draws
 * a new epoch and remembers where the old one ended.
 *
 * Tables: events (offset to record), topics (topic to last offset and count),
 * sources (source to last id), retained (topic to offset, for types whose last
 * value is state), pruned (topic to the highest offset that was pruned),
 * origins (idempotency keys of the last day), stages (how far each has read),
 * meta. A record holds the offset of the previous event of its
 * topic, so that a topic's history is a chain to walk backwards.
 *
 * Events handed to callbacks borrow from the map: they are valid during the
 * call only. Callbacks must not block; a reader that writes to a socket copies
 * first. A callback returns 0 to go on, 1 to stop, -1 to fail with *e set.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

/*
 * Format 2 knows per topic up to where events were pruned. Format 1, which did
 * not, is read as it is and brought up by the first writer; of positions below
 * the highest hole that it had, both say that they cannot be recovered.
 */
enum {
	JOURNAL_FORMAT = 2,
	JOURNAL_PRUNED_MAX = 1 << 17, /* topics of which it is known */
	JOURNAL_ORIGIN_S = 86400,     /* idempotency keys: a day */
	JOURNAL_SWEEP_TURNS = 2160,   /* calls for one look at a whole table */
	JOURNAL_TOPICS_MAX = 1 << 15, /* touched by one transaction */
};

struct journal;

/* DIR/journal. A reader of a journal that is not there yet: EX_NOINPUT. */
struct journal *journal_open(const char *dir, struct err *e);
void journal_close(struct journal **jp);

/*
 * Between these all reads see one snapshot; outside, each call takes its own.
 * Keep it short (milliseconds). begin fails with EX_IOERR or EX_TEMPFAIL.
 */
int journal_begin(struct journal *j, struct err *e);
void journal_end(struct journal *j);

struct journal_head {
	uint32_t epoch;
	uint64_t offset;     /* of the newest event; 0: none yet */
	uint64_t first;	     /* of the oldest that is there; 0: none */
	int64_t recorded_us; /* of the newest event; CLK_NONE: none */
};
int journal_head(struct journal *j, struct journal_head *head_r, struct err *e);

/*
 * When the epoch was drawn, by the machine's clock; before any writer knew that
 * row, when its first event was recorded. 1; 0: no writer wrote it down yet.
 */
int journal_born(struct journal *j, int64_t *us_r, struct err *e);

/*
 * What a reader wants, and what it knows to be missing: zeroed but for the
 * patterns (borrowed), and when they change, `asked` is zeroed again.
 */
struct journal_want {
	const struct str *pattern;
	size_t n;	/* 0: everything */
	uint64_t told;	/* something is missing up to here, it was told */
	uint64_t asked; /* how much had ever been pruned when it last asked */
};

/*
 * Were events pruned that a reader wants and that come after offset `after`?
 * 1: yes, and it was not told before (*want: from now on it was, up to
 * want->told); 0: no; -1. For one that asks again before each piece it reads,
 * with `after` never falling. Exact for topics that are there, and for all as
 * to events recorded in the last 7 days; below a topic that is gone for longer,
 * or where more than JOURNAL_PRUNED_MAX are known, it may say yes for one of
 * which nothing was pruned. Never no where something was. Costs one look-up
 * while nothing was pruned since it asked, else a walk over the topics that
 * match; whoever else asks for many of them then has its answer, too.
 */
int journal_pruned(struct journal *j, uint64_t after, struct journal_want *want,
		   struct err *e);

/* Of how many topics it is known; more than the limit are soon given up. */
int journal_pruned_topics(struct journal *j, uint64_t *n_r, struct err *e);

/*
 * Where to go on after a position: *next_r is the first offset to read.
 * Returns 1 if everything that is wanted and comes after it is still there, 0
 * if not: it is of another epoch (*next_r is where this one went on, 1 for an
 * unrelated one) or above the newest event, or journal_pruned().
 */
int journal_resume(struct journal *j, struct position pos,
		   struct journal_want *want, uint64_t *next_r, struct err *e);

/*
 * Likewise for a time of recording: *next_r is journal_at_time(). Of what was
 * pruned between the event before that and this one, nobody knows when it was
 * recorded: it counts as missing.
 */
int journal_resume_at(struct journal *j, int64_t us, struct journal_want *want,
		      uint64_t *next_r, struct err *e);

typedef int journal_fn(void *arg, const struct event *ev, struct err *e);

/*
 * Call fn for the events from offset `from` on, in order (reverse: downwards
 * from it; UINT64_MAX is the newest). *next_r is where to go on: the offset
 * after (below) the last one looked at. Stops after `budget` events looked at.
 * Returns 1 if it stopped early, 0 at the end of the journal, -1 on failure.
 */
struct journal_scan {
	uint64_t from;
	uint64_t until; /* last offset (reverse: lowest); 0: no bound */
	bool reverse;
	uint64_t budget; /* 0: 10,000 */
};
int journal_scan(struct journal *j, const struct journal_scan *scan,
		 journal_fn *fn, void *arg, uint64_t *next_r, struct err *e);

/* One event. 1: *fn was called (fn's -1 is passed on); 0: not there. */
int journal_get(struct journal *j, uint64_t offset, journal_fn *fn, void *arg,
		struct err *e);

/* Walk one topic from its newest event (at most `from`; 0: any) backwards. */
int journal_history(struct journal *j, struct str topic, uint64_t from,
		    journal_fn *fn, void *arg, struct err *e);

struct journal_topic {
	struct str topic;
	uint64_t last; /* offset of its newest event */
	uint64_t count;
};
typedef int journal_topic_fn(void *arg, const struct journal_topic *t,
			     struct err *e);

/* How many topics there are. */
int journal_count_topics(struct journal *j, uint64_t *n_r, struct err *e);

/* Topics that match a pattern, in byte order, those above `after` only. */
int journal_topics(struct journal *j, struct str pattern, struct str after,
		   journal_topic_fn *fn, void *arg, struct err *e);

/* The retained topics (state) that match a pattern, newest value each. */
int journal_retained(struct journal *j, struct str pattern, journal_fn *fn,
		     void *arg, struct err *e);

/* The offset of the first event recorded at or after us (head + 1: none). */
int journal_at_time(struct journal *j, int64_t us, uint64_t *offset_r,
		    struct err *e);

/*
 * The offset of an event that came from outside with this pair and was recorded
 * at or after since_us. 1, 0, -1. Pairs are kept for JOURNAL_ORIGIN_S at least.
 */
int journal_origin(struct journal *j, struct str source, struct str id,
		   int64_t since_us, uint64_t *offset_r, struct err *e);

/* The last id accepted from a source. 1, 0, -1. */
int journal_source(struct journal *j, struct str source, uint64_t *last_r,
		   struct err *e);

uint64_t journal_bytes(const struct journal *j); /* size of the file used */

/* ---- writing: weir-store only (journal_write.c, journal_prune.c) ---- */

/*
 * Open for writing, creating what is missing; holds the journal's lock. Draws
 * a new epoch where there was none or where the files were copied.
 */
struct journal *journal_create(const char *dir, struct err *e);

/* One transaction appends to, or prunes, at most JOURNAL_TOPICS_MAX topics. */
int journal_write_begin(struct journal *j, struct err *e);
int journal_write_commit(struct journal *j, struct err *e); /* synced */
void journal_write_abort(struct journal *j);

/* 1: last id of the source; 0: never seen (*last_r is 0). */
int journal_write_source(struct journal *j, struct str source, uint64_t *last_r,
			 bool *transient_r, struct err *e);
int journal_write_set_source(struct journal *j, struct str source,
			     uint64_t last, bool transient, int64_t now_us,
			     struct err *e);

/*
 * Append: sets recorded_us (never below the last one), offset and epoch of
 * ev. Keeps topics, retained and origins.
 */
int journal_write_append(struct journal *j, struct event *ev, int64_t now_us,
			 struct err *e);

/*
 * False once its directory or file was moved, replaced or removed: what is
 * written then is where nobody will look for it.
 */
bool journal_in_place(const struct journal *j);

/* Epoch and newest offset, without a look at the tables. */
void journal_newest(const struct journal *j, struct journal_head *head_r);

/*
 * The clock to announce: never below any recorded time, nor below what was
 * announced before, also by an earlier process; later events are recorded
 * after it. Only a power cut may take the last seconds of what was announced:
 * if it also sets the machine's clock back, by more than it took, events may
 * be recorded before a time that was announced.
 */
int64_t journal_write_clock(struct journal *j, int64_t now_us);

/* A stage's position, for pruning. */
int journal_write_stage(struct journal *j, struct str stage,
			struct position pos, int64_t now_us, struct err *e);
/* The lowest position reported since `since_us`; head where none was. */
int journal_write_floor(struct journal *j, int64_t since_us, uint64_t *floor_r,
			struct err *e);

/*
 * Remove one event, keeping topics' counts and what is known to be pruned. 1;
 * 0 if it is not there, the newest, or a topic's retained value; -1.
 */
int journal_write_prune(struct journal *j, uint64_t offset, struct err *e);

/*
 * Look at n rows, or one of JOURNAL_SWEEP_TURNS where that is more, of origins,
 * transient sources and pruned topics that are gone, from where the last call
 * ended, and drop what expired.
 */
int journal_write_sweep(struct journal *j, int64_t now_us, unsigned n,
			struct err *e);

/* True if the open transaction has changed anything. */
bool journal_write_changed(const struct journal *j);

/*
 * Read everything and compare: checksums, chains, counts, what was pruned,
 * retained. Calls problem for each finding; the number of events in *n_r.
 */
int journal_verify(struct journal *j,
		   void (*problem)(void *arg, const char *text), void *arg,
		   uint64_t *n_r, struct err *e);

/* Copy to another directory while it is in use; the copy is a journal. */
int journal_backup(struct journal *j, const char *dir, struct err *e);

int journal_clear_readers(struct journal *j);

#endif
