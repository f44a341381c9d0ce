#ifndef ALERTER_NOTICE_H
#define ALERTER_NOTICE_H

/*
 * notice - the data of user.notification: of one alert, or of several as a
 * list that a person can read. Pure.
 */
#include "telling.h"

enum notice_kind {
	NOTICE_ALONE, /* as it happened */
	NOTICE_GROUP, /* alerts of one rule */
	NOTICE_LATER, /* what came while the user was not to be told */
	NOTICE_DIGEST,
};

struct notice {
	enum notice_kind kind;
	const struct telling *const *v; /* at least one */
	size_t n;
	uint64_t more; /* that were not kept */
	struct str id; /* of the notification; of a lone alert: its own */
	struct str update;
	struct str priority;
	struct shape_list notify;
	uint64_t last_of;    /* the limit that it reaches; 0: none */
	unsigned escalation; /* the step; 0: none */
	int64_t now_us;
};

/* -1 with *e: a note that the ledger kept is damaged. */
int notice_make(const struct notice *what, struct arena *a, struct buf *b,
		struct err *e);

#endif
