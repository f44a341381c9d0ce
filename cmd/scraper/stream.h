#ifndef SCRAPER_STREAM_H
#define SCRAPER_STREAM_H

/*
 * stream - chats that are listened to, beside the pages that are fetched.
 *
 * Each chat watch is a stream. It connects, hands over what comes, connects
 * again when it was cut off, and ends when a user or the server says so. What
 * came in one turn of the loop, or within STREAM_GATHER_MS where much comes,
 * goes into one transaction: the messages as events, what is known of each
 * stream, and how it is. So a message is published once, whatever is repeated
 * and whenever we are killed.
 *
 * Streams take turns (turns.h): each is read as far as its share goes, and then
 * again when the others were, so that one that floods delays no other by more
 * than a round. A round begins with a transaction, but only once no more than
 * STREAM_AHEAD_MAX events wait for the store; where the store is away, after
 * STREAM_ROUND_MS. While more than STREAM_OUTBOX_MAX wait, no stream is read.
 * Whatever is not read stays at the server.
 */
#include "common/stage.h"

#include "egress.h"
#include "schedule.h"
#include "stream_link.h"
#include "watch.h"

enum {
	STREAM_GATHER_MS = 20,	  /* two transactions are so far apart */
	STREAM_BATCH_MAX = 10000, /* messages of one transaction */
	STREAM_OUTBOX_MAX = 100000,
	/* What waits before a new round of turns, or this time has passed. */
	STREAM_AHEAD_MAX = 4096,
	STREAM_ROUND_MS = 250,
	STREAM_EVENT_BYTES = 256,    /* what a message costs beside its bytes */
	STREAM_SETTLE_MS = 1000,     /* for a backlog to be repeated in */
	STREAM_BACKLOG_US = 5000000, /* clocks differ by less than this */
	STREAM_LOG_BYTES_MAX = 4 << 20, /* then the oldest goes to snapshots */
	STREAM_REPORT_MS = 60 * 1000,	/* how often a rate is told */
};

struct streams;

struct streams_conf {
	struct stage *stage;
	struct links_conf links; /* loop is filled in */
	struct backoff backoff;
	struct egress *egress; /* the pools that a watch may name */
	/* A seat of a pool was left; as in struct trips. */
	void (*left)(void *arg, bool provider, enum pool_end how, bool changed);
	void *arg;
};

/* Inside a transaction, before the first watch. NULL with *e. */
struct streams *streams_new(const struct streams_conf *conf, struct err *e);
void streams_set_conf(struct streams *ss, const struct streams_conf *conf);
void streams_free(struct streams **ssp);
size_t streams_count(const struct streams *ss);
/*
 * The ids, borrowed, of those that are live and must be fresh; n: room for
 * streams_count().
 */
size_t streams_fresh(const struct streams *ss, struct str *ids);

/* ---- inside a transaction ---- */

/* The first watches are set: read what is known of them, all at once. */
int streams_loaded(struct streams *ss, struct err *e);
bool streams_has(const struct streams *ss, struct str id);
/* Takes w, in place of an older one. -1 with *e. */
int streams_set(struct streams *ss, struct watch *w, struct err *e);
/* Forgets what is known of it, too. There may be none. */
int streams_remove(struct streams *ss, struct str id, struct err *e);

/*
 * session.start and session.stop. A start that brings a definition publishes
 * it as the watch. Of what is not there the status says so.
 */
int streams_start(struct streams *ss, const struct event *ev, struct err *e);
int streams_stop(struct streams *ss, const struct event *ev, struct err *e);

/* ---- outside of one ---- */

/* Everything before now is known: connect. */
void streams_live(struct streams *ss);

#endif
