#ifndef ALERTER_TELLING_H
#define ALERTER_TELLING_H

/*
 * telling - what the ledger keeps of alerts that are to be told, and of those
 * who wait together, as JSON.
 *
 *	tell/a/ALERT	an alert of which more is to be said: not told yet, or
 *			in a group, or with a step of its escalation to come
 *	tell/q/KIND/…	a queue: a group (g), or what waits for a user: as soon
 *			as they may be told (l), for their digest (d), until
 *			what inhibits it is over (i), for the next step of its
 *			escalation (e)
 *	tell/i/ALERT	an alert that inhibits others (inhibit.h)
 *	tell/n/…	how many were told on a day
 */
#include "common/arena.h"
#include "common/buf.h"
#include "common/clk.h"
#include "common/shape.h"
#include "common/types_alert.h"

#include "plan.h"

enum {
	TELLING_QUEUE_MAX = 1000,   /* alerts in one queue; then counted only */
	TELLING_GROUPS_MAX = 10000, /* groups at once; then each alert alone */
	TELLING_LINES_MAX = 20,	    /* alerts that one message names */
	TELLING_LINE_MAX = 300,	    /* bytes of each */
	TELLING_MESSAGE_MAX = 3000, /* bytes of all; then "and N more" */
};

#define TELLING_ALERT "tell/a/"
#define TELLING_QUEUE "tell/q/"
#define TELLING_END   "tell/i/" /* what inhibits: until it ends */
#define TELLING_COUNT "tell/n/"

struct telling {
	struct str id;		/* the alert's */
	struct str alert, note; /* JSON: its data; the notification of it */
	struct str cause;	/* SOURCE ID */
	struct str group;	/* key of its group, or absent */
	struct str in;		/* key of the queue it waits in, or absent */
	bool search;		/* of a search, not of a rule */
	bool lasting;		/* it is so until it is resolved */
	bool over, acked;
	bool fresh;	  /* something of it was not told */
	bool said;	  /* that nobody is told was said */
	struct str told;  /* the notification that told it, or absent */
	struct str at;	  /* when that was first */
	struct str steps; /* taken, as digits */
	struct str due;	  /* when the next one is */
};

struct queue {
	struct str key;
	struct shape_list alerts;
	struct str due, since, at; /* since: of news; at: told last */
	struct str more;	   /* that were too many, as digits */
	struct str told; /* a group: the notification that told last */
	bool news;
};

int telling_decode(struct str text, struct arena *a, struct telling *t_r,
		   struct err *e);
void telling_encode(const struct telling *t, struct buf *b);
int queue_decode(struct str text, struct arena *a, struct queue *q_r,
		 struct err *e);
void queue_encode(const struct queue *q, struct buf *b);

/* Times in rows; absent is CLK_NONE. */
int64_t telling_time(struct str s);
struct str telling_text_of(int64_t us, struct arena *a);
struct str telling_digits(uint64_t n, struct arena *a);

/* "tell/n/…" */
struct plan_count count_decode(struct str text);
void count_encode(struct plan_count count, struct buf *b);

#endif
