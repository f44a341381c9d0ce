#ifndef ALERTER_USER_H
#define ALERTER_USER_H

/*
 * user - whom to tell, as user.set says it.
 *
 * Whoever is not set has the defaults: UTC, no quiet hours, a digest each day
 * at 08:00, no limits, all of their channels, nobody after them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/cron.h"
#include "common/err.h"
#include "common/hours.h"
#include "common/types_user.h"

#include "table.h"

struct step { /* of an escalation */
	int64_t after_us;
	struct shape_list notify;
	struct str user; /* absent: the same */
};

struct user {
	struct arena arena;
	struct str id;
	struct str text; /* as it was set; absent: it is not */
	const struct tz *zone;
	bool has_quiet;
	struct hours quiet, open; /* open: all other hours */
	struct cron digest;
	uint64_t max_per_day;  /* 0: any number */
	uint64_t max_searches; /* likewise */
	uint64_t n_searches;   /* that there are */
	struct shape_list notify;
	struct step *step;
	size_t n_steps;
};

struct users { /* zeroed: none is set */
	struct table by_id;
	struct tz_cache zones;
};

/* Set by the data of user.set. -1 with *e: EX_DATAERR, all is as before. */
int users_put(struct users *all, struct str id, struct str data, struct err *e);
void users_remove(struct users *all, struct str id);
void users_free(struct users *all);

/* Never NULL; until the next change of this user. */
struct user *users_get(struct users *all, struct str id);

/* Steps as a rule or user has them, in the arena. */
struct step *steps_make(const struct shape_subs *subs, struct arena *a);

#endif
