#ifndef SCRAPER_CHAT_IRC_H
#define SCRAPER_CHAT_IRC_H

/*
 * chat_irc - one line of IRC as a chat message: chat_decode.h. Pure.
 *
 * IRCv3 message tags: their escapes are resolved. What a bot or bridge does
 * ("/me waves", CTCP ACTION) is said; other CTCP is for programs.
 */
#include <stdbool.h>

#include "common/arena.h"
#include "common/str.h"

struct chat_irc {
	struct str text;	       /* absent: nothing was said */
	struct str username, id, sent; /* each may be absent */
	struct str channel;	       /* where it was said */
	bool ended;		       /* the channel is closed to us */
};

/* False: no line of IRC. No CR or LF in it. */
bool chat_irc_parse(struct str line, struct arena *a, struct chat_irc *irc_r);

#endif
