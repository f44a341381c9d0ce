#ifndef SCRAPER_IRC_H
#define SCRAPER_IRC_H

/*
 * irc - lines of IRC and their parts (RFC 1459, RFC 2812, IRCv3 message tags).
 * Pure.
 */
#include <stdbool.h>

#include "common/str.h"

enum {
	IRC_TAGS_MAX = 8191, /* bytes, with '@' and the blank behind */
	IRC_REST_MAX = 512,  /* bytes of all the rest, with CRLF */
	/* Servers write longer ones; so we cut off later. */
	IRC_LINE_MAX = 16 << 10,
	IRC_PARAMS_MAX = 15,
};

enum irc_result { IRC_MORE, IRC_LINE, IRC_BIG };

/*
 * The next line of the input, without its CR, LF or both: *used_r bytes are
 * used. Empty lines are skipped (and used with IRC_MORE, too).
 */
enum irc_result irc_next(struct str in, struct str *line_r, size_t *used_r);

/* Borrows from the line; absent where it is not there. */
struct irc_message {
	struct str tags;	 /* without '@' */
	struct str source, nick; /* ":nick!user@host", "nick" or the server */
	struct str command;
	struct str param[IRC_PARAMS_MAX]; /* the last one with its blanks */
	size_t n;
};

/* False: no command, or one that is neither letters nor three digits. */
bool irc_parse(struct str line, struct irc_message *m_r);

/* Param i, or absent. */
struct str irc_param(const struct irc_message *m, size_t i);

/* May be a nick, or a channel's name: no byte that ends a parameter. */
bool irc_is_word(struct str s);

#endif
