#ifndef NOTIFIER_LANE_H
#define NOTIFIER_LANE_H

/*
 * lane - what waits for one channel.
 *
 * All of it is in the ledger, a row each, in the order in which it came; the
 * lane holds a window of at most LANE_WINDOW jobs, so a channel that is dead
 * for a day costs disk, not memory. Up to LANE_URGENT jobs that are urgent are
 * held besides and go first. Each channel has a lane of its own, and no lane
 * waits for another. Pure: time is passed in.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clk.h"

#include "channel.h"
#include "message.h"
#include "outcome.h"
#include "retry.h"

enum {
	LANE_WINDOW = 2 * CHANNEL_PARALLEL_MAX,
	LANE_URGENT = 32, /* more, for urgent ones that are not its turn yet */
	LANE_KEY_MAX = STR_ID_MAX + 16,
	LANE_REJECTS = 3,      /* in a row: the channel is down */
	LANE_REASON_SIZE = 24, /* the longest word of outcome.h, with its NUL */
};

/* ---- rows of the ledger ---- */

enum row_state {
	ROW_WAITING, /* nothing is under way */
	ROW_BEGUN,   /* an attempt began; its outcome is not recorded */
	ROW_OLD,     /* from before this ledger: nobody knows */
};

struct row {
	enum row_state state;
	bool told;	  /* delivery.unknown was recorded */
	bool urgent;	  /* goes before those that are not */
	unsigned attempt; /* the last one, from 1; 0: none */
	int64_t born_us;  /* the retry life begins */
	int64_t due_us;	  /* the next attempt; wall clock */
	unsigned part;	  /* of a text that is split: that were sent */
	/* Hashes of the notification's id and of the one it replaces; 0: none */
	uint64_t self, update;
	struct str tried;   /* channels that failed before, with line breaks */
	struct str message; /* the receiver's id of the first one */
	struct str target;  /* the channel's name as it was asked for */
	struct str line;    /* the notification's event as text */
};

void row_print(const struct row *r, struct buf *b);
/* Borrows from val. False: damaged. */
bool row_read(struct str val, struct row *r_r);

/* The row's key, in the order of seq; and what all keys of a lane begin with */
struct str row_key(struct str lane, uint64_t seq, char out[LANE_KEY_MAX]);
struct str row_prefix(struct str lane, char out[LANE_KEY_MAX]);
bool row_unkey(struct str key, struct str *lane_r, uint64_t *seq_r);

/* ---- jobs in memory ---- */

enum job_state {
	JOB_UNSETTLED, /* what became of it must be judged first */
	JOB_WAITING,
	JOB_CHOSEN,  /* its intent is in the transaction */
	JOB_SENDING, /* and committed */
	JOB_ENDED,   /* the outcome is to be recorded */
};

struct lane;
struct sending;

struct job {
	struct lane *lane;
	uint64_t seq;
	enum job_state state;
	bool told, urgent;
	bool old; /* begun before lane_bind(): it says nothing of the channel */
	unsigned attempt;
	int64_t born_us, due_us;
	unsigned part; /* that were sent */
	uint64_t self, update;
	char *tried; /* names with line breaks between them, or NULL */
	bool stuck;  /* the channel is down, and there is no other */
	char *edit;  /* while it is being sent: the message that it changes */
	char message[OUTCOME_MESSAGE_MAX + 1];
	char id[MESSAGE_ID_SIZE];
	char *line; /* while it is being sent, else NULL */
	struct sending *sending;
	struct outcome outcome;
};

struct lane {
	void *owner;
	char *name;
	struct channel channel; /* kind NULL: it is gone */
	const char *label;	/* for counters: name, or "-" */
	struct job *job[LANE_WINDOW + LANE_URGENT]; /* by seq */
	size_t n;
	uint64_t loaded;    /* the last seq that was put into the window */
	bool whole;	    /* the window holds every row */
	uint64_t rows;	    /* in the ledger */
	unsigned active;    /* chosen, being sent, ended */
	unsigned failures;  /* in a row */
	int64_t pause_us;   /* nothing is sent before; wall clock */
	unsigned rejects;   /* in a row */
	int64_t failing_us; /* since when nothing gets through; or CLK_NONE */
	bool down;	    /* told of by channel.down */
	int64_t down_us;    /* since when */
	char down_reason[LANE_REASON_SIZE];
	bool gone; /* for good: nothing is sent until the next lane_bind() */
	struct bucket bucket;
};

/*
 * channel NULL: one that is gone. It is copied, and what it borrows must live
 * until the next lane_bind().
 */
struct lane *lane_new(const struct channel *channel, struct str name,
		      int64_t now_ms);
/*
 * The channel is another one from now on. What is being sent goes on; what
 * waits for one that is gone is to be judged.
 */
void lane_bind(struct lane *l, const struct channel *channel, int64_t now_ms);
/* Nothing may be under way. */
void lane_free(struct lane **lp);

/*
 * Put a row behind the others, if it is not there already. NULL: the window is
 * full.
 */
struct job *lane_add(struct lane *l, uint64_t seq, const struct row *row);

/* A row that is beyond the window: it may be urgent, and there room for it. */
void lane_add_urgent(struct lane *l, uint64_t seq, const struct row *row);
void lane_drop(struct lane *l, struct job *job);

/* True if rows should be read into the window. */
bool lane_wants_rows(const struct lane *l);

/* The first job in this state, or NULL. */
struct job *lane_find(const struct lane *l, enum job_state state);

/*
 * The first job that may be sent now, or NULL; then *wait_ms_r is when to look
 * again (-1: when something else happens).
 */
struct job *lane_next(struct lane *l, int64_t now_us, int64_t now_ms,
		      int64_t *wait_ms_r);

/*
 * An attempt failed and may be repeated: when, or CLK_NONE where the channel's
 * tries or the job's life are used up. Also slows down the whole lane.
 */
int64_t lane_retry_at(struct lane *l, const struct job *job,
		      const struct outcome *o, int64_t now_us, uint32_t random);

/*
 * What the end of an attempt says of the channel. It is down when it does not
 * want us (auth), is there no more (gone), has taken nothing for down_after_ms,
 * or has refused LANE_REJECTS in a row; and up with the next one that is sent.
 * One that only wants less of us is neither. What the receiver asks for after
 * one that it has taken is waited for.
 */
enum lane_turn { LANE_SAME, LANE_DOWN, LANE_UP };
enum lane_turn lane_judge(struct lane *l, const struct outcome *o,
			  int64_t now_us);

/*
 * Of a channel that is down and left alone for now: the first job that waits
 * and may go over another one, or NULL. Of one that is gone: that waits.
 */
struct job *lane_refugee(const struct lane *l, int64_t now_us);

#endif
