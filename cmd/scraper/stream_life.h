#ifndef SCRAPER_STREAM_LIFE_H
#define SCRAPER_STREAM_LIFE_H

/*
 * stream_life - what becomes of a stream. Pure: time is passed in.
 *
 * A session is whether it runs: what was said last holds, be it session.start,
 * session.stop, the server that ended it, or `enabled` of its watch.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

#include "item.h"
#include "schedule.h"

enum {
	STREAM_STEADY_MS = 60 * 1000,	   /* lived so long: it did not fail */
	STREAM_BLOCKED_MS = 5 * 60 * 1000, /* at least, where we are blocked */
	STREAM_ASKED_MAX_MS = 3600 * 1000, /* at most, what a server asks for */
};

enum stream_state {
	STREAM_STOPPED, /* by a user */
	STREAM_ENDED,	/* by the server */
	STREAM_FAILED,	/* what we will not do; tried again, rarely */
	STREAM_CONNECTING,
	STREAM_LIVE,
	STREAM_WAITING, /* to connect again */
	STREAM_PAUSED,	/* too much waits for the store */
};
const char *stream_state_name(enum stream_state s);

enum session_said {
	SESSION_UNSAID = 'u',
	SESSION_STARTED = 'r',
	SESSION_STOPPED = 's',
	SESSION_ENDED = 'e',
};

/* What the ledger has of a stream, beside its messages. */
struct session {
	uint32_t slot; /* its number in the log of messages */
	enum session_said said;
	bool enabled;	  /* `enabled` of the watch when it was said */
	int64_t first_us; /* first connected to; 0: never */
	uint64_t place;	  /* where: see chat.h */
};
enum { SESSION_TEXT_MAX = 128 };
struct str session_print(const struct session *s, char out[SESSION_TEXT_MAX]);
bool session_parse(struct str text, struct session *s_r);

/* Its watch was set: a change of `enabled` says whether it runs. */
void session_set_enabled(struct session *s, bool enabled);
bool session_runs(const struct session *s, bool enabled);
/* The state of one that does not run. */
enum stream_state session_rest(const struct session *s);

/* A try that is over. */
struct stream_try {
	enum outcome outcome;
	int status;	   /* of HTTP, or 0 */
	int64_t retry_ms;  /* what the server asks for, or 0 */
	int64_t lived_ms;  /* since it stood; 0: it never did */
	unsigned failures; /* in a row, before this one */
	uint64_t seed, n;  /* of the stream, of its tries */
};
struct stream_next {
	enum stream_state state; /* WAITING, FAILED or ENDED */
	int64_t wait_ms;	 /* until the next try; -1: there is none */
	unsigned failures;
};
/*
 * The base doubled with each failure, at most max_ms, between half and all of
 * it; longer where the server asks or blocks.
 */
struct stream_next stream_after(const struct stream_try *t,
				const struct backoff *b);

#endif
