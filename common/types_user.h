#ifndef COMMON_TYPES_USER_H
#define COMMON_TYPES_USER_H

/*
 * types_user - whom to tell, and when: user.set, and what rules say of the same.
 * See types.h.
 */
#include "common/types_part.h"

enum {
	USER_STEPS_MAX = 16,  /* of an escalation */
	USER_LIST_MAX = 8,    /* fields of group.by, of inhibits.equal */
	USER_DAY_MAX = 10000, /* the largest max_per_day */
	USER_SEARCHES_MAX = 10000000, /* the largest searches */
};

#define USER_DIGEST_AT "08:00"

struct type_digest { /* "digest": {"at", "days"} */
	bool present;
	struct str at, days;
};

struct type_step { /* one of "escalate" */
	struct str after;
	struct shape_list notify;
	struct str user;
};

struct type_user { /* user.set/ID */
	struct str id, name, zone;
	struct shape_list quiet; /* hours.h */
	struct type_digest digest;
	struct str max_per_day; /* digits */
	struct shape_list notify;
	struct shape_subs escalate; /* struct type_step */
	struct str searches;	    /* digits */
};

struct type_group { /* "group" of a rule */
	bool present;
	struct shape_list by;
	struct str wait, interval, repeat;
};

struct type_inhibits { /* "inhibits" of a rule; if is a word of C */
	bool present;
	struct str when;
	struct shape_list equal;
};

extern const struct shape shape_user, shape_step, shape_group, shape_inhibits;
extern const char *const user_priorities[]; /* low … urgent, NULL */

/*
 * What a shape cannot say: windows are windows and leave some hour, a digest
 * comes at a time, steps of an escalation follow each other, fields and
 * expressions are such. -1 with *e: EX_DATAERR.
 */
int user_check(const struct type_user *u, struct err *e);
int user_check_escalate(const struct shape_subs *steps, struct err *e);
int user_check_notify(const struct shape_list *names, struct err *e);
int user_check_group(const struct type_group *g, struct err *e);
int user_check_inhibits(const struct type_inhibits *i, struct err *e);

/* The digest as a schedule (cron.h), in the zone of the user. */
struct cron;
int user_digest_cron(const struct type_digest *d, struct cron *c_r,
		     struct err *e);

#endif
