#ifndef ALERTER_PLAN_H
#define ALERTER_PLAN_H

/*
 * plan - when a user is told, and why not sooner. Pure: times and settings in,
 * decisions out.
 *
 * What is to be told passes three doors, in this order: that of its group,
 * which collects; that of the user, who may be asleep, want it in a digest, or
 * have been told enough for one day; and that of an escalation, which opens
 * while nobody acknowledges. Times are recordedtime, microseconds since 1970.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clk.h"

struct user;
struct step;

enum plan_why {
	PLAN_NOW,
	PLAN_WAIT,	 /* others of the group may come */
	PLAN_INTERVAL,	 /* the group was told a short time ago */
	PLAN_REPEAT,	 /* nothing is new: told again then */
	PLAN_DIGEST,	 /* it waits for the digest */
	PLAN_QUIET,	 /* quiet hours of the user */
	PLAN_RULE_LIMIT, /* the rule has told as much as it may in a day */
	PLAN_USER_LIMIT, /* the user was told as much as they want in a day */
	PLAN_STEP,	 /* time to acknowledge, before the next step */
	PLAN_NEVER,	 /* there is nothing to tell */
};

struct plan {
	enum plan_why why;
	int64_t at_us; /* when; CLK_NONE with PLAN_NEVER */
};

/* ---- a group ---- */

struct plan_group {
	int64_t wait_us, interval_us;
	int64_t repeat_us; /* 0: never */
};

struct plan_gathering {
	bool news;	  /* something of it was not told yet */
	int64_t since_us; /* since when */
	bool holds;	  /* something of it is so, and not acknowledged */
	int64_t told_us;  /* when it was told last, or CLK_NONE */
};

/*
 * When a group is told: wait after the first news, but not within interval
 * after it was told; while it holds without news, each repeat. One that has
 * nothing to tell may be forgotten once interval is over.
 */
struct plan plan_group(const struct plan_group *g,
		       const struct plan_gathering *now);

/* ---- the user ---- */

/* How many notifications were sent on which day. Zeroed: none. */
struct plan_count {
	int64_t day; /* since 1970, by the user's clock */
	uint64_t n;
};

struct plan_ask {
	const struct user *user;
	bool urgent, digest;
	uint64_t rule_max; /* a day; 0: any number */
	struct plan_count of_user, of_rule;
};

/* May this be told now? Otherwise: ask again at that time. */
struct plan plan_user(const struct plan_ask *ask, int64_t now_us);

/* The last one of a limit: it says so. The limit is *max_r. */
bool plan_is_last(const struct plan_ask *ask, int64_t now_us, uint64_t *max_r);

/* One more was sent. */
void plan_add(struct plan_count *count, const struct user *u, int64_t now_us);

/* The user's next digest, after now. */
int64_t plan_digest(const struct user *u, int64_t now_us);

/* The first moment of the user's next day. */
int64_t plan_midnight(const struct user *u, int64_t now_us);

/* ---- escalation ---- */

/*
 * The next of n steps of an alert that was told first at told_us, done: how
 * many steps were taken. to: who is told by it.
 */
struct plan plan_step(const struct step *step, size_t n, size_t done,
		      int64_t told_us);

/* May a step be taken now? Only quiet hours of whom it tells delay it. */
struct plan plan_take_step(const struct user *to, bool urgent, int64_t now_us);

/* As a few words for people. */
const char *plan_words(enum plan_why why);

#endif
