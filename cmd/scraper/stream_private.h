#ifndef SCRAPER_STREAM_PRIVATE_H
#define SCRAPER_STREAM_PRIVATE_H

/*
 * Inside stream*.c.
 *
 * In the ledger, with SLOT as 4 and SEQ as 8 bytes, big-endian:
 *
 *	c/ID	session (stream_life.h)
 *	n/slot	the next free slot
 *	l/SEQ	what one transaction added: for each stream its slot, the
 *		hashes of its messages, where to go on (`since`)
 *	m/SLOT	all that is known of a stream up to a SEQ
 *
 * A transaction writes one row at the end of l/ for all streams in it, not a
 * row for each, so that a message costs some ten bytes on one page. When l/ is
 * longer than STREAM_LOG_BYTES_MAX its oldest rows go, and the streams in them
 * are written to m/ before, unless they were since.
 */
#include "seen.h"
#include "stream.h"
#include "stream_life.h"
#include "trip.h"
#include "turns.h"

enum { STREAM_SLOTS = 4096 }; /* of the table by id */

struct note {		       /* a message on its way into the ledger */
	struct stream *stream; /* NULL: removed meanwhile */
	struct chat_message m;
	uint64_t hash;
	int64_t at_us;
	bool backlog;
};

/* Messages without ids, until it shows which of them are repeated. */
struct hold {
	struct arena arena;
	struct note *v;
	size_t n, cap;
};

struct stream {
	struct schedule_entry entry; /* first: the next try, or settling */
	struct streams *all;
	struct watch *watch;
	struct session session;
	enum stream_state state;
	struct link *link;
	struct stream_way *way; /* NULL: directly */
	struct link_target target;
	struct buf url;	  /* of the next request */
	struct str since; /* heap; where to go on, or the last id of SSE */

	struct seen *seen;
	uint64_t n;	   /* messages so far */
	uint64_t snapshot; /* what is known was written up to here */
	size_t fresh;	   /* hashes at its end that are not in the ledger */
	bool moved;	   /* `since` is not, either */

	unsigned failures;
	uint64_t tries, reconnects;
	bool opened;	   /* in this process */
	bool settling;	   /* a backlog may be coming */
	bool first;	   /* nothing was known when it was opened */
	bool heard;	   /* something came since it stands */
	bool repeated;	   /* something came that was known */
	int64_t open_ms;   /* when it stood; 0: it does not */
	int64_t lost_us;   /* when the connection before was lost; 0: never */
	int64_t polled_us; /* when the last body came; 0: never */
	int64_t gap_us;	   /* since when something may be missing; 0: no */
	int64_t last_us;   /* when the last message came; 0: never */
	int64_t next_us;   /* the next try; 0: none */
	struct hold *hold;
	struct turn turn; /* it is not read while it waits for that */

	enum outcome outcome; /* of the last try, where it was none of ours */
	char reason[LINK_REASON_MAX];
	/* What scraper.status said last. */
	bool told;
	enum stream_state told_state;
	enum outcome told_outcome;
	int64_t told_gap_us;
	uint64_t told_n; /* messages until the last minute */
	bool is_quiet;	 /* there were none in it */

	bool dirty; /* its session is to be written */
	bool is_touched;
	struct stream *touched; /* the next that the transaction is about */
	struct stream *next;	/* in its slot of the table */
};

struct streams {
	struct streams_conf conf;
	struct loop *loop;
	struct links *links;
	struct stream *table[STREAM_SLOTS];
	size_t n;
	struct stream **by_slot;
	size_t n_slots; /* room in by_slot */
	uint32_t next_slot;

	struct schedule schedule;
	struct loop_timer *due, *gather, *report, *relief;
	struct loop_work *work;
	bool loading, live, paused, reporting;
	int64_t committed_ms;
	struct turns turns;
	int64_t renewed_ms; /* when the round began */

	struct arena arena; /* of the batch */
	struct note *batch;
	size_t n_batch, cap_batch;
	struct stream *touched;
	struct buf text; /* scratch */

	uint64_t log_first, log_next; /* rows of l/ */
	size_t log_bytes;
};

struct stream *stream_find(const struct streams *ss, struct str id);

/* The next transaction is about it. */
void stream_touch(struct stream *s);
/* One more message that is new. */
void stream_take(struct stream *s, const struct note *n);
void stream_set_since(struct stream *s, struct str since);

/* Its link is read, or is not, as all of them are and as it has its turn. */
void stream_read_or_wait(struct stream *s);
/* Pause all, or let them go on, as the store has it. */
void stream_relieve(void *streams);

/* The way there is found: the link. */
void stream_connect(struct stream *s);
/* … or it is not: try again. */
void stream_try_in(struct stream *s, int64_t ms);
void stream_end(void *stream, const struct link_end *end);
/* From its unit: what it was answered is no chat, so it is not there. */
void stream_reject(struct stream *s, const char *reason);

/* ---- stream_way.c ---- */

/* Find the way and then stream_connect(), or one of the others. */
void stream_way_begin(struct stream *s);
/* Its seat at a proxy, if it has one, is another's. */
void stream_way_leave(struct stream *s, enum pool_end how, const char *reason);
/* What such an end says of the proxy. */
enum pool_end stream_way_health(const struct link_end *end);
void stream_way_free(struct stream *s);

/* ---- stream_unit.c ---- */

/* For link_handler.unit. */
void stream_unit(void *stream, const struct link_unit *u);
/* It will not come any more: judge what was held back. */
void stream_settle(struct stream *s);
void stream_cut_off(struct stream *s);
void stream_drop_hold(struct stream *s);

/* ---- stream_record.c ---- */

bool stream_commit_work(void *streams); /* from the loop, before it waits */
void stream_gathered(void *streams);	/* for loop_timer_new() */
void stream_report(void *streams);
/* Inside a transaction: what was asked of a stream cannot be. */
int stream_tell_failed(struct streams *ss, struct str id, int64_t time_us,
		       const char *reason, struct err *e);

/* ---- stream_log.c, inside a transaction ---- */

int stream_log_open(struct streams *ss, struct err *e);
/* All that are there at the start: what was left out of loading them. */
int stream_log_loaded(struct streams *ss, struct err *e);
/* Session and slot of a new stream, and what is known of it. */
int stream_log_load(struct stream *s, struct err *e);
int stream_log_save_session(struct stream *s, struct err *e);
/* It is somewhere else now: nothing is known of it. */
int stream_log_renew(struct stream *s, struct err *e);
int stream_log_forget(struct stream *s, struct err *e);
/* What is new of all that are touched. */
int stream_log_write(struct streams *ss, struct err *e);

#endif
