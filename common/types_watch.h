#ifndef COMMON_TYPES_WATCH_H
#define COMMON_TYPES_WATCH_H

/*
 * types_watch - what is fetched, and when: watch.set, watch.poll, and the chats
 * among the watches, session.start and session.stop. See types.h.
 */
#include "common/types_part.h"

struct type_chat { /* "chat" of a watch */
	bool present;
	struct str protocol, platform;
	struct str send; /* JSON array of strings and objects */
	struct str subprotocol, nick;
	struct str pass; /* JSON object {"file":NAME} */
	struct shape_list channels;
	struct str messages, id, username, message, sent, only, ended;
	struct str since;
};

struct type_confirm { /* "confirm": a change counts once seen N times of M */
	bool present;
	struct str times, of; /* whole numbers */
	struct str again;
};

struct type_adaptive { /* "adaptive": {"min","max"}, both durations */
	bool present;
	struct str min, max;
};

struct type_watch { /* watch.set/ID */
	struct str id, url, source, kind, every, cron, tz, fresh;
	struct shape_list windows; /* when it may be fetched; hours.h */
	struct type_adaptive adaptive;
	struct str cache;     /* JSON false: Cache-Control is not heeded */
	struct str robots;    /* ignore */
	struct str min_items; /* a count */
	struct type_bounds plausible;
	struct type_item item;
	struct str extract; /* JSON object, compiled by the scraper */
	struct str enabled; /* JSON true or false as text; absent: true */
	struct str headers; /* JSON object */
	struct str currency;
	struct type_chat chat;
	struct shape_list via; /* "direct", pools and providers, in order */
	struct str list, forget;
	struct type_confirm confirm;
	struct str pages; /* a count */
	struct shape_list next_hosts;
};

/* session.start/ID: a watch of kind chat, or nothing, or an old client's. */
struct type_session {
	struct type_watch watch;
	struct str reason;
};

extern const struct shape shape_watch, shape_poll;
extern const struct shape shape_session_start, shape_session_stop;

enum {
	WATCH_ID_TEXT = 80, /* bytes of an id that is made from a URL */
	WATCH_CONFIRM_MAX = 10,
	WATCH_PAGES_MAX = 100, /* of one look at a list */
	WATCH_NEXT_HOSTS_MAX = 8,
	WATCH_MIN_ITEMS_MAX = 5000,
	CHAT_SEND_MAX = 16, /* texts that a WebSocket is sent once it is open */
};

/*
 * Fill what a user left out of a watch, in place; text comes from the arena.
 * kind is product, or mock for a mock: URL. source is the URL's host. id is
 * host and path with '_' for each '/', at most WATCH_ID_TEXT bytes of it; where
 * something else was left out or replaced (a query, an end that is too long),
 * eight hexadecimal digits of the URL's hash follow. item is there for product
 * and mock; one without an id gets the watch's. Of a chat (a ws, wss, irc or
 * ircs URL, or kind or chat say so) protocol is filled in from the URL,
 * platform is the source.
 *
 * -1 with *e (EX_DATAERR) for what cannot be: a URL without a host, or with a
 * password in it; a header with a secret that is not in a file; kind and URL
 * that do not go together; both every and cron; a cron expression that is none;
 * a confirmation of more than there are.
 */
int watch_complete(struct type_watch *w, struct arena *a, struct err *e);

#endif
