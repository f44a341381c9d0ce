#ifndef ALERTER_SILENCE_H
#define ALERTER_SILENCE_H

/*
 * silence - which alerts notify nobody, and until when.
 *
 * A silence is a pattern of topics (alert.new/ITEM/RULE) or an expression on
 * the alert, or both; perhaps hours of the week, an end, and one user. Pure:
 * the time is that of the events (recordedtime).
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"
#include "common/tz.h"

struct silence;

struct silences { /* zeroed: none */
	struct silence **v;
	size_t n, cap;
	struct tz_cache zones;
};

/* Set or replace one by the data of silence.set. -1 with *e: EX_DATAERR. */
int silences_put(struct silences *all, struct str id, struct str data,
		 struct err *e);
void silences_remove(struct silences *all, struct str id);
void silences_free(struct silences *all);

/* An alert that may be silenced. */
struct silence_case {
	struct str topic, user;
	int64_t recorded_us;
	/* Its data, which few silences want to know. */
	struct str (*data)(void *arg);
	void *arg;
};

/*
 * True if it is silenced at this time; *until_us_r is when the last of the
 * silences ends, or its window closes, CLK_NONE if one has no end.
 */
bool silences_cover(const struct silences *all, const struct silence_case *c,
		    int64_t *until_us_r);

#endif
