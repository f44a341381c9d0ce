#ifndef SIM_CHAT_H
#define SIM_CHAT_H

/*
 * chat - rooms in which people talk.
 *
 * A room comes into being when somebody enters it. What is said, by whom, is a
 * matter of seed, room and number: the n-th message of a room is always the
 * same one; only when it was said, and what control makes somebody say, is
 * not. Knows no socket.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/str.h"

enum {
	CHAT_ROOMS_MAX = 2048,
	CHAT_KEPT = 8192,      /* messages of a room that can be had again */
	CHAT_SAY_MAX = 100000, /* at a time */
	CHAT_BACKLOG = 20,     /* what comes again with each connection */
};

struct chat_said {
	int64_t sent_ms;
	char *user, *text; /* heap; NULL: by seed */
};

struct chat_room {
	char name[STR_ID_MAX + 1];
	struct chat_said kept[CHAT_KEPT]; /* message n at n % CHAT_KEPT */
	uint64_t n;			  /* said so far; the first is 1 */
	unsigned backlog;
	uint64_t drops; /* times that everybody was thrown out */
	bool ended, stalled;
	uint64_t visits, peers;
};

struct chats {
	uint64_t seed;
	struct chat_room *room[CHAT_ROOMS_MAX];
	size_t n;
	/* Something has changed in the room: who serves it should look. */
	void (*changed)(void *arg, struct chat_room *r);
	void *arg;
};

void chats_release(struct chats *cs);

/* NULL: no id, or too many. */
struct chat_room *chats_room(struct chats *cs, struct str name);

/* Say n more, or one that is given. */
void chats_say(struct chats *cs, struct chat_room *r, unsigned n);
void chats_say_this(struct chats *cs, struct chat_room *r, struct str user,
		    struct str text);

/* The oldest that can still be had. */
uint64_t chat_oldest(const struct chat_room *r);

enum chat_as { CHAT_AS_JSON, CHAT_AS_BARE, CHAT_AS_TEXT, CHAT_AS_IRC };
/*
 * Add message n: JSON with id and time, JSON without them, "<user> text", or a
 * line of IRC with Twitch's tags.
 */
void chat_print(const struct chats *cs, const struct chat_room *r, uint64_t n,
		enum chat_as as, struct buf *b);

/*
 * {"room","say":N} or {"room","user","text"}; "drop", "end", "stall": booleans;
 * "backlog": N. -1 with *e (EX_DATAERR).
 */
int chats_control(struct chats *cs, const struct json *in, struct err *e);
/* Add {"room","said","visits","peers"} of one. */
void chats_describe(const struct chat_room *r, struct buf *b);

#endif
