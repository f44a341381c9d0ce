#ifndef COMMON_JOURNAL_RECORD_H
#define COMMON_JOURNAL_RECORD_H

/*
 * journal_record - how one event lies in the events table, and the journal's
 * own parts. For journal*.c only.
 *
 * A record is little-endian:
 *
 *	 0 crc32c of all that follows	 4 version	 5 topic_len
 *	 6 source_len	 7 zero		 8 previous offset of the topic
 *	16 recorded_us	24 time_us	32 id
 *	40 ext_len	44 data_len	48 topic, source, ext, data
 */
#include "common/db.h"
#include "common/journal.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the journal's records are little-endian"
#endif

enum {
	RECORD_HEAD = 48,
	RECORD_VERSION = 1,
	PRUNED_KEEP_S = 7 * 86400, /* what is known of topics that are gone */
	TRANSIENT_KEEP_S = 7 * 86400, /* rows of sources such as weir-pub */
	PRUNED_ANSWERS = 256,	      /* patterns whose answer is kept */
	PRUNED_WALK = 1000,	      /* rows; a shorter walk is not kept */
};

struct record_head {
	uint32_t crc;
	uint8_t version, topic_len, source_len, zero;
	uint64_t previous;
	int64_t recorded_us, time_us;
	uint64_t id;
	uint32_t ext_len, data_len;
};
_Static_assert(sizeof(struct record_head) == RECORD_HEAD, "no padding");

/* Values of the other tables. */
struct topic_row {
	uint64_t last, count;
};
struct source_row {
	uint64_t last;
	int64_t seen_us; /* negative: -1 - seen_us of a transient source */
};
struct origin_row {
	uint64_t offset;
	int64_t recorded_us;
};
struct pruned_row {
	uint64_t highest; /* offset of this topic that was pruned */
};
/* The row of that name in meta: what the table says in all. */
struct pruned_total {
	uint64_t highest;   /* of any topic */
	uint64_t forgotten; /* of the topics whose own rows were given up */
	uint64_t n;	    /* events that were ever pruned */
};
struct stage_row {
	uint32_t epoch, zero;
	uint64_t offset;
	int64_t seen_us;
};

/*
 * What a long walk over `pruned` found, 5 ms for a full table: kept, so that
 * many clients that come back at once with the same pattern share it. Good
 * while nothing else was pruned.
 */
struct pruned_answer {
	uint32_t epoch;
	uint64_t n; /* of the total */
	uint64_t highest;
	size_t len; /* of the pattern */
	char pattern[EVENT_TOPIC_MAX];
};

struct topic_cache;

struct journal {
	struct db *db;
	db_table events, topics, sources, retained, pruned;
	db_table origins, stages, meta;
	uint32_t format; /* of the file; in 1 there is no `pruned` */
	uint32_t epoch;
	struct db_txn *read;
	unsigned depth;		       /* of journal_begin() */
	struct pruned_answer *answers; /* PRUNED_ANSWERS, by hash, or NULL */

	/* the writer's own */
	struct db_txn *write;
	uint64_t head;		/* newest offset */
	struct position marked; /* the head as the name beside it says it */
	int dir_fd;
	int64_t last_us; /* newest recorded or announced time */
	struct topic_cache *cache;
	struct sweep {
		char at[DB_KEY_MAX];
		size_t len;
	} sweep_origins, sweep_sources, sweep_pruned;
	bool swept; /* the open transaction deleted expired rows */
};

/* Read a record; EX_DATAERR if it is damaged (check: compare its checksum). */
int record_read(struct str val, uint64_t offset, uint32_t epoch, bool check,
		struct event *ev_r, uint64_t *previous_r, struct err *e);

/* One record. 1, 0, -1. */
int record_get(struct journal *j, uint64_t offset, struct event *ev_r,
	       uint64_t *previous_r, struct err *e);

static inline struct str bytes(const void *p, size_t len)
{
	return (struct str){ p, len };
}

/* The journal's transaction: the writer's where one is open. */
struct db_txn *journal_txn(const struct journal *j);
int journal_open_tables(struct journal *j, struct err *e);
int journal_read_epoch(struct journal *j, struct err *e);

/* Walk a table of topics: those that match, above `after`. 1: fn stopped it. */
int journal_each_topic(struct journal *j, db_table t, struct str pattern,
		       struct str after,
		       int (*fn)(void *arg, struct str key, struct str val,
				 struct err *e),
		       void *arg, struct err *e);

/*
 * What was pruned in all. A journal of format 1 did not count: its highest
 * hole stands for all topics.
 */
int journal_pruned_total(struct journal *j, struct pruned_total *total_r,
			 struct err *e);

/*
 * *offset_r is the first event recorded at or after us (head + 1: none), and
 * *before_r the last one before it, 0 where there is none.
 */
int journal_find_time(struct journal *j, int64_t us, uint64_t *before_r,
		      uint64_t *offset_r, struct err *e);

/* Bring an older file to this format, in the open transaction. */
int journal_write_upgrade(struct journal *j, struct err *e);

/*
 * One event of its topic is to go: 1, and it is counted no more; 0 if it holds
 * the topic's value.
 */
int journal_write_uncount(struct journal *j, const struct event *ev,
			  struct err *e);

/*
 * Is the file that was opened a copy, and if so, not the one that was here
 * last? In the open transaction; remembers which file it is now. Once that is
 * committed, under a new epoch where it was one, settle() before any position
 * is told to anybody. journal_mark_head(): after each commit. open() brings
 * j->last_us to what journal_mark_clock() last kept of it.
 */
int journal_mark_open(struct journal *j, const char *path, bool *copy_r,
		      struct err *e);
int journal_mark_settle(struct journal *j, struct err *e);
void journal_mark_head(struct journal *j);
void journal_mark_clock(const struct journal *j);

/* Free what journal_write.c keeps; nothing where j is a reader. */
void journal_write_release(struct journal *j);

/* The key of an idempotency pair: "source id". */
struct str origin_key(struct str source, struct str id, char out[DB_KEY_MAX]);

#endif
