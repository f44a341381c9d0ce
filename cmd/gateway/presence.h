#ifndef GATEWAY_PRESENCE_H
#define GATEWAY_PRESENCE_H

/*
 * presence - who is there: for each topic or pattern, the clients that have
 * subscribed to it by that very name, at this gateway and at all others.
 *
 * Every gateway counts its own and tells the others, what has changed at most
 * once a second, and all of it again within PRESENCE_REFRESH_MS:
 *
 *	{"topics":[{"topic":"venue.update/7","count":3,"anonymous":1,
 *		    "users":["ann","bob"]}]}
 *
 * What was not said again within PRESENCE_FORGET_MS, because its gateway has
 * died or a message was lost, is forgotten. A user who has several connections
 * is one user, and counts for each of them. Of a topic, NAMES_MAX users of each
 * gateway are named (names.h).
 *
 * Pure: messages and times in, text out. One thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum {
	PRESENCE_TOPICS_MAX = 16384,	 /* more are not counted */
	PRESENCE_GATEWAYS_MAX = 64,	 /* others; more are not heard */
	PRESENCE_MESSAGE_MAX = 48 << 10, /* bytes, about; then another one */
	PRESENCE_REFRESH_MS = 10000,
	PRESENCE_FORGET_MS = 35000,
};

struct presence;

struct presence *presence_new(void);
void presence_free(struct presence **pp);

/*
 * A client of ours has come, or gone; user may be absent. False: there are
 * PRESENCE_TOPICS_MAX others, it is not counted, and must not leave.
 */
bool presence_join(struct presence *p, struct str topic, struct str user);
void presence_leave(struct presence *p, struct str topic, struct str user);

/* What another gateway says. False: not such a message, or too much. */
bool presence_hear(struct presence *p, struct str gateway, struct str data,
		   int64_t now_ms);

/* The next message to the others; false: there is nothing to say now. */
bool presence_tell(struct presence *p, int64_t now_ms, struct buf *b);

/* Forget what is too old. */
void presence_expire(struct presence *p, int64_t now_ms);

/* {"topic":T,"count":N,"users":[...],"anonymous":N} */
void presence_print(struct presence *p, struct str topic, struct buf *b);

/* ---- those who want to be told ---- */

/*
 * Watch a topic; again: nothing. Adds to b what the others who watch it were
 * told so far, as presence_changes() would. False: too many topics.
 */
bool presence_watch(struct presence *p, struct str topic, void *watcher,
		    struct buf *b);
void presence_unwatch(struct presence *p, struct str topic, void *watcher);

/*
 * For each topic that is watched and has changed since the last call, and each
 * that watches it, call fn, which must not change who watches, with
 *
 *	{"presence":{"topic":T,"count":N,"joined":[USER...],"left":[...]}}
 *
 * What presence_watch() adds has "all":true, too: those who joined are all.
 */
void presence_changes(struct presence *p,
		      void (*fn)(void *watcher, struct str message));

struct presence_counts {
	size_t topics, gateways;
	uint64_t untracked; /* joins beyond PRESENCE_TOPICS_MAX */
};
struct presence_counts presence_count(const struct presence *p);

#endif
