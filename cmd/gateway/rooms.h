#ifndef GATEWAY_ROOMS_H
#define GATEWAY_ROOMS_H

/*
 * rooms - who is in which room, and what is kept of clients that may come back.
 *
 * A seat is what is known of one client: its pid (a secret that it comes back
 * with), its user, its public id, and the rooms that it is in. A seat that is
 * left stays for ROOMS_KEEP_MS; whoever says its pid then, and is the same
 * user, has it again. Which events such a client has missed is not kept: its
 * position says that.
 *
 * Pure: the time comes with each call (monotonic, ms).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum {
	ROOMS_MAX = 64,			 /* of one client */
	ROOMS_KEEP_MS = 10 * 60 * 1000,	 /* a seat that was left */
	ROOMS_LEFT_MAX = 50000,		 /* such seats; the oldest go first */
	ROOMS_LEFT_BYTES_MAX = 64 << 20, /* and what they take, likewise */
};

struct rooms;
struct rooms_seat;

struct rooms *rooms_new(void);
void rooms_free(struct rooms **rp); /* and every seat */

/*
 * A seat that is taken by `holder`. The texts are copied; user may be absent.
 * No other seat may have this pid.
 */
struct rooms_seat *rooms_sit(struct rooms *r, struct str pid, struct str sid,
			     struct str user, void *holder);

/*
 * The seat with this pid, if it is this user's and was not given up. It may
 * still be taken: *holder_r is by whom, or NULL; it is `holder`'s now.
 */
struct rooms_seat *rooms_sit_again(struct rooms *r, struct str pid,
				   struct str user, void *holder,
				   void **holder_r);

/* Its client has gone, and may come back; or never will. */
void rooms_stand_up(struct rooms *r, struct rooms_seat *seat, int64_t now_ms);
void rooms_give_up(struct rooms *r, struct rooms_seat **seatp);

/* There is one with this pid. */
bool rooms_has(const struct rooms *r, struct str pid);

/* Each that was left, the oldest first, and when. */
void rooms_each_left(const struct rooms *r,
		     void (*fn)(void *arg, const struct rooms_seat *seat,
				int64_t left_ms),
		     void *arg);

/* Give up seats whose time is over. */
void rooms_tick(struct rooms *r, int64_t now_ms);

struct str rooms_pid(const struct rooms_seat *seat);
struct str rooms_sid(const struct rooms_seat *seat);
struct str rooms_user(const struct rooms_seat *seat);

/* ---- rooms of a seat; of none (NULL), which is in no room ---- */

/* True if it is in there now; false: it is in ROOMS_MAX others. */
bool rooms_enter(struct rooms *r, struct rooms_seat *seat, struct str room);
/* False if it was not in there. */
bool rooms_leave(struct rooms *r, struct rooms_seat *seat, struct str room);
bool rooms_in(const struct rooms_seat *seat, struct str room);
/* The i-th, absent behind the last one. */
struct str rooms_at(const struct rooms_seat *seat, size_t i);

/* Each room that clients are in, and how many. Stops when fn says false. */
void rooms_each(const struct rooms *r,
		bool (*fn)(void *arg, struct str room, size_t clients),
		void *arg);

struct rooms_counts {
	size_t rooms;	  /* with clients in them, now */
	size_t left;	  /* seats that wait for their client, now */
	uint64_t again;	  /* clients that came back to theirs */
	uint64_t unknown; /* that had none any more */
	uint64_t pushed;  /* seats given up since there were too many */
};
struct rooms_counts rooms_count(const struct rooms *r);

#endif
