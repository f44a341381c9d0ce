#ifndef NOTIFIER_NOTIFIER_H
#define NOTIFIER_NOTIFIER_H

/*
 * notifier - the stage: notifications in, deliveries out.
 *
 * What arrives is queued in the ledger for each channel it goes to (lane.h).
 * An attempt is committed as begun before it starts, and its outcome with the
 * event that tells it. What an earlier life left as begun, and what is older
 * than the ledger without a delivery.* in the journal, has an unknown outcome:
 * delivery.unknown is recorded, and the channel's policy decides.
 */
#include "common/stage.h"

#include "channel.h"
#include "heartbeat.h"
#include "lane.h"
#include "send.h"

struct notifier {
	const struct channels *channels; /* borrowed */
	const struct opt_common *common; /* for charts; NULL: none */
	struct compose_links links;
	/*
	 * SIGHUP: read *channels again and call notifier_rebind(), after which
	 * those of before may go. -1 with *e: nothing has changed.
	 */
	int (*reload)(struct notifier *n, struct err *e);
	struct heartbeat_conf beat; /* url NULL: none */
	struct heartbeat *heartbeat;
	size_t stale; /* watches: "stale/ID" in the ledger */
	struct stage *stage;
	struct sender *sender;
	struct loop_work *work;
	struct loop_timer *timer;
	struct lane **lane;
	size_t n_lanes, lanes_cap;
	uint64_t seq;	 /* of the newest row */
	unsigned booked; /* since book_prune() */
	bool replaying;	 /* learning what was delivered before this ledger */
	bool input_over;
	bool stopping; /* begin no more attempts */
	struct buf scratch;
};

extern const struct stage_handler notifier_handler;

/* The channels have changed: bind each lane to its own. */
void notifier_rebind(struct notifier *n);

/* The lane of a channel; where there is no such channel, one for the name. */
struct lane *notifier_lane(struct notifier *n, struct str name);

/* ---- all below are for a transaction, but for deliver_start() ---- */

/*
 * Put a notification into a channel's queue. born_us: from when its retry life
 * counts; tried: channels that failed before, or absent.
 */
int notifier_enqueue(struct notifier *n, const struct message *m,
		     struct str lane, struct str target, struct str tried,
		     struct err *e);

/* ---- deliver.c ---- */

/* Record outcomes, read rows, judge what is unsettled, choose what to send. */
int deliver_turn(struct notifier *n, struct lane *l, struct err *e);
/* True if deliver_turn() has anything to do; else *wait_ms_r as lane_next(). */
bool deliver_is_due(struct notifier *n, struct lane *l, int64_t *wait_ms_r);

/* Start what was chosen. Outside a transaction. */
void deliver_start(struct notifier *n, struct lane *l);

/* Tell that there is no channel of this name for the notification. */
int deliver_refuse(struct notifier *n, const struct message *m,
		   struct str target, const char *reason, struct err *e);

/* ---- book.c: the receivers' ids of what was sent ---- */

/* Of the message for a notification, which can be changed; else absent. */
int book_find(struct notifier *n, const struct lane *l, struct str notification,
	      struct str *message_r, struct err *e);
int book_put(struct notifier *n, const struct lane *l, struct str notification,
	     struct str message, struct err *e);
int book_drop(struct notifier *n, const struct lane *l, struct str notification,
	      struct err *e);
/* Forget those that are too old. */
int book_prune(struct notifier *n, struct err *e);

/* ---- health.c: channels that are down ---- */

/* What the end of an attempt says of the channel; told where that is new. */
int health_judge(struct notifier *n, struct lane *l, const struct outcome *o,
		 struct err *e);
/* One that is not configured any more is not down. */
int health_gone(struct notifier *n, struct lane *l, struct err *e);
int health_load(struct notifier *n, struct err *e);
/* channel.down and channel.up, from before this ledger. */
int health_learn(struct notifier *n, const struct event *ev, struct arena *a,
		 struct err *e);

#endif
