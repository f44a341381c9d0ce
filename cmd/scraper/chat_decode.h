#ifndef SCRAPER_CHAT_DECODE_H
#define SCRAPER_CHAT_DECODE_H

/*
 * chat_decode - from what a chat's server sends to the messages in it.
 *
 * Pure. A unit is one WebSocket message, the data of one SSE event, the body
 * of one poll, or one line of IRC. JSON is read by the paths that a watch
 * gives; where it gives none, by the names that servers use for the parts of a
 * message, wherever in the unit one stands. What has no text and nobody who
 * said it (joins, pings, likes) is no message.
 *
 * A path is names and indexes with dots between them ("data.items.0.text"),
 * alternatives have commas between them: the first that leads somewhere
 * counts. A text on the way that is JSON itself is read as such, as Pusher's
 * "data" is.
 *
 * IRC is RFC 1459 with IRCv3 message tags, `server-time` and `message-ids`,
 * and Twitch's own: display-name, id, tmi-sent-ts.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/str.h"
#include "common/types_watch.h"

enum {
	CHAT_FOUND_MAX = 10000,	    /* messages of one unit; the rest is left */
	CHAT_ID_MAX = 256,	    /* bytes; a longer id becomes its hash */
	CHAT_NAME_MAX = 256,	    /* bytes; a longer name is cut */
	CHAT_TEXT_MAX = 4096,	    /* bytes; a longer text is cut */
	CHAT_DEPTH_MAX = 8,	    /* how deep messages are looked for */
	CHAT_PATH_STEPS = 16,	    /* names of one path */
	CHAT_PATH_ALTERNATIVES = 8, /* paths with commas between them */
};

enum chat_form {
	CHAT_JSON_OR_TEXT, /* what is no JSON is lines of text */
	CHAT_JSON,	   /* what is no JSON is an error */
	CHAT_IRC,
};

/* Text is UTF-8 without control characters, and never empty but for id. */
struct chat_message {
	struct str id;	     /* the server's; absent: it gives none */
	struct str username; /* absent: not said */
	struct str text;
	struct str channel; /* IRC: where it was said; else absent */
	int64_t sent_us;    /* CLK_NONE: not said, or no sane time */
};

struct chat_found {
	struct chat_message *v; /* as they stand in the unit */
	size_t n, cap;
	struct str cursor; /* absent: there was none */
	bool ended;	   /* the server says that it is over */
	bool cut;	   /* there were more than CHAT_FOUND_MAX */
};

/* The members of "chat" that say how to read it, compiled. */
struct chat_rules;

/* NULL with *e (EX_CONFIG), naming the member. */
struct chat_rules *chat_rules_new(const struct type_chat *c, struct err *e);
void chat_rules_free(struct chat_rules **rp);

/*
 * Everything in *f_r is in the arena or in bytes. -1 with *e (EX_DATAERR):
 * this is nothing that a chat sends.
 */
int chat_decode(struct chat_rules *r, enum chat_form form, struct str bytes,
		struct arena *a, struct chat_found *f_r, struct err *e);

/* A time as servers write it: ISO 8601 and others (date.h), s, ms, us or ns. */
bool chat_time(struct str text, int64_t *us_r);

#endif
