#ifndef ALERTER_SILENCE_H
#define ALERTER_SILENCE_H

/*
 * silence - which alerts notify nobody, and until when.
 *
 * A silence is a pattern of topics (alert.new/ITEM/RULE), perhaps an end, and
 * perhaps one user. Pure: the time is that of the events (recordedtime).
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct silence;

struct silences { /* zeroed: none */
	struct silence **v;
	size_t n, cap;
};

/* Set or replace one by the data of silence.set. -1 with *e: EX_DATAERR. */
int silences_put(struct silences *all, struct str id, struct str data,
		 struct err *e);
void silences_remove(struct silences *all, struct str id);
void silences_free(struct silences *all);

/*
 * True if an alert of this topic to this user is silenced at this time;
 * *until_us_r is when the last of the silences ends, CLK_NONE if one has no
 * end.
 */
bool silences_cover(const struct silences *all, struct str topic,
		    struct str user, int64_t recorded_us, int64_t *until_us_r);

#endif
