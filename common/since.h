#ifndef COMMON_SINCE_H
#define COMMON_SINCE_H

/*
 * since - a place in the journal as people write it.
 *
 *	9b1c04e7:88213		a position: the last event seen
 *	2026-11-20T21:00:00Z	a time of recording (RFC 3339; a bare date too)
 *	90d			so long ago (ms s m h d w)
 *
 * As `since` it gives what comes after it (a time: what was recorded then or
 * later); as `until` it includes it (a time: what was recorded before it, or
 * just then).
 */
#include "common/journal.h"

struct since {
	bool is_position;
	struct position position;
	int64_t us;
};

/* False if s is none of the three. now_us is what ages are counted from. */
bool since_parse(struct str s, int64_t now_us, struct since *since_r);

/*
 * The first offset to read. Returns 1 if nothing that is wanted is missing, 0
 * if some is (journal_resume, journal_resume_at), -1 on failure.
 */
int since_first(const struct since *since, struct journal *j,
		struct journal_want *want, uint64_t *first_r, struct err *e);

/*
 * What comes after it may be yet to come. is_ahead: it is a position after the
 * newest event. has: does an event come after it? A zeroed one has all.
 */
bool since_is_ahead(const struct since *since, const struct journal_head *head);
bool since_has(const struct since *since, const struct event *ev);

/* The last offset to read; a position of another epoch is EX_DATAERR. */
int since_last(const struct since *since, struct journal *j, uint64_t *last_r,
	       struct err *e);

#endif
