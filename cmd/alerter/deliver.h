#ifndef ALERTER_DELIVER_H
#define ALERTER_DELIVER_H

/*
 * deliver - what is to be told now: told, or kept for later where a user may
 * not be told yet. Between dispatch.c, which knows what happened, and the
 * ledger.
 */
#include "alerter.h"
#include "common/types_alert.h"
#include "notice.h"
#include "policy.h"

/* Of one call of the stage: an event, or a deadline. */
struct run {
	struct alerter *al;
	struct stage *s;
	int64_t now_us;	 /* recordedtime */
	int64_t time_us; /* of what is emitted */
	struct err *e;
};

/* An alert that is to be told, with what it is told by. */
struct item {
	struct telling t;
	struct type_alert alert; /* t.alert, decoded */
	const struct policy *policy;
	const struct user *user;
	bool stored; /* the ledger has it */
	bool gone;   /* no more is to be said of it */
};

/* Alerts of one user and one list of channels that may be told together. */
struct batch {
	enum notice_kind kind;
	struct item *v;
	size_t n;
	uint64_t more;
	struct str update; /* that of a group which is replaced, or absent */
	struct str id;	   /* of one with several alerts */
	struct str told;   /* set: the notification, where there was one */
};

/* Times and texts of the ledger, in the arena. */
struct str run_key(const struct run *r, const char *table, struct str rest);

int item_load(const struct run *r, struct str id, struct item *it_r);
void item_find(const struct run *r, struct item *it); /* policy and user */
int item_save(const struct run *r, struct item *it);
int item_drop(const struct run *r, struct item *it);

/* 1: it is there, 0: *q_r is an empty one of that key, -1. */
int queue_load(const struct run *r, struct str key, struct queue *q_r);
int queue_save(const struct run *r, const struct queue *q);
int queue_drop(const struct run *r, const struct queue *q);

/* It is due at that time, or before. */
void queue_hasten(const struct run *r, struct queue *q, int64_t due_us);

/* False where it is full: counted only. */
bool queue_add(const struct run *r, struct queue *q, struct str id);

/* "tell/q/KIND/USER/HASH": who waits for the same, over the same channels. */
struct str queue_key(const struct run *r, char kind, const struct item *it);

/*
 * Tell what of the batch is fresh and may be told, with the rest of it as
 * context; keep the fresh rest for later.
 */
int deliver(const struct run *r, struct batch *b);

/* The next step of the escalation of these alerts is due, the same for all. */
int deliver_step(const struct run *r, struct batch *b);

/* Those that an escalation has told are told that it is over. */
int deliver_end(const struct run *r, struct item *it);

/* Its next step is due at that time, or (CLK_NONE) there is none. */
int item_step_at(const struct run *r, struct item *it, int64_t due_us);

/* Its next step is due when its escalation says. */
int item_next_step(const struct run *r, struct item *it);

/* Is there more to be said of it, so that the ledger keeps it? */
bool item_waits(const struct item *it);

#endif
