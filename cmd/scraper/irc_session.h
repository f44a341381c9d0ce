#ifndef SCRAPER_IRC_SESSION_H
#define SCRAPER_IRC_SESSION_H

/*
 * irc_session - what a client says on IRC until it has joined, and to stay.
 *
 * Pure: lines in, lines out. Capabilities (IRCv3 302) are asked for where they
 * are offered; registration does not wait for a server that knows none of that.
 * Twitch's servers (RECONNECT, its capabilities, "justinfan" without a
 * password) are like any other.
 */
#include "common/buf.h"

#include "item.h"

enum {
	IRC_JOIN_MAX = 20, /* channels joined at a time, as Twitch allows */
	IRC_JOIN_MS = 10 * 1000, /* in so long */
	IRC_NICK_TRIES = 5,	 /* other nicks, where one is in use */
};

struct irc_conf {
	const char *nick, *pass; /* see struct link_target */
	const char *const *channels;
	size_t n_channels;
	uint32_t random; /* for the digits of a nick */
};

enum irc_state { IRC_ASKING, IRC_REGISTERING, IRC_JOINING, IRC_JOINED };

struct irc_session {
	struct irc_conf conf;
	enum irc_state state;
	char nick[64];
	unsigned tries;
	size_t asked, answered; /* channels */
	bool refused_all;	/* no channel let us in */
	struct buf caps;	/* to be asked for, of those offered */
};

/* What a line came to. */
struct irc_verdict {
	bool over;
	enum outcome outcome; /* where it is over */
	char reason[200];
	bool give; /* it is for the user: all but what is the session's own */
};

/* Add the first lines to out. NULL, or why conf will not do. */
const char *irc_begin(struct irc_session *s, const struct irc_conf *conf,
		      struct buf *out);

/* A line has come: add to out what is to be said to that. */
void irc_line(struct irc_session *s, struct str line, struct buf *out,
	      struct irc_verdict *v_r);

/* Ask for the next channels, where there are more. True: there still are. */
bool irc_join_more(struct irc_session *s, struct buf *out);

void irc_session_free(struct irc_session *s);

#endif
