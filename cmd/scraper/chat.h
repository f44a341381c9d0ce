#ifndef SCRAPER_CHAT_H
#define SCRAPER_CHAT_H

/*
 * chat - the part of a watch that says how a chat is reached and read,
 * compiled.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/types_watch.h"

#include "chat_decode.h"
#include "stream_link.h"

enum {
	CHAT_EVERY_MS = 1000,	    /* of polls, where the watch says nothing */
	CHAT_SENT_BYTES_MAX = 8192, /* of one message that is sent */
	CHAT_SINCE_MAX = 1024,	    /* bytes of what {since} becomes */
};

enum chat_since {
	CHAT_SINCE_NONE, /* no {since} in the URL */
	CHAT_SINCE_ID,
	CHAT_SINCE_SENT, /* RFC 3339 */
	CHAT_SINCE_SENT_MS,
	CHAT_SINCE_SENT_S,
	CHAT_SINCE_CURSOR,
};

struct chat {
	struct link_target target; /* but for headers, url of polls, last_id */
	enum chat_form form;
	enum chat_since since;
	struct chat_rules *rules;
	struct str platform;
	uint64_t place; /* hash of where it is: ids of another are others */
	uint64_t hash;	/* … and of all that is sent there */
};

/*
 * Of a watch that watch_complete() was through with. Text is in the arena or
 * in w. dir: where secrets are, or NULL. NULL with *e: EX_CONFIG.
 */
struct chat *chat_new(const struct type_watch *w, const char *dir,
		      struct arena *a, struct err *e);
void chat_free(struct chat **cp);

/*
 * Add the URL to fetch after `since` (absent: nothing is known yet): {since}
 * becomes that, percent-encoded, or what stands behind the colon of
 * {since:DEFAULT}.
 */
void chat_url(const struct chat *c, struct str since, struct buf *b);

/*
 * What `since` is after this unit: by the last of the new messages, or the
 * cursor. False: as before. Text in *since_r is in the arena or in f.
 */
bool chat_since_after(const struct chat *c, const struct chat_found *f,
		      struct arena *a, struct str *since_r);

#endif
