#ifndef SCRAPER_ROW_H
#define SCRAPER_ROW_H

/*
 * row - which rows the scraper's ledger has, and their keys.
 *
 *	w/WATCH			watch.set's data		scraper.c
 *	s/WATCH			what was seen last		scraper_known.c
 *	a/WATCH			an adaptive interval, ms	scraper_rhythm.c
 *	t/SOURCE		what was told of it last	scraper_tell.c
 *	o/ITEM			the best offer that was told	scraper_group.c
 *	p/EPOCH:OFFSET		an observation.push to read	scraper_push.c
 *	proxy/POOL		proxy.set's data		scraper_egress.c
 *	provider/NAME		provider.set's data		scraper_egress.c
 *	budget/NAME		what was paid			scraper_egress.c
 *	told/TOPIC		what was told of a way last	scraper_egress.c
 *	c/CHAT			a chat's session		stream_log.c
 *	l/N m/SLOT n/slot	what was said in chats		stream_log.c
 *
 * Values are of the file that is named, which alone writes them.
 */
#include "common/str.h"

enum { ROW_KEY_MAX = STR_ID_MAX + 32 }; /* bytes, with the NUL */

#define ROW_WATCH    "w/"
#define ROW_KNOWN    "s/"
#define ROW_RHYTHM   "a/"
#define ROW_SOURCE   "t/"
#define ROW_OFFER    "o/"
#define ROW_POOL     "proxy/"
#define ROW_PROVIDER "provider/"
#define ROW_BUDGET   "budget/"
#define ROW_TOLD     "told/"

/* The key in out, NUL-terminated. Prefix and id fit, or it is our bug. */
struct str row_key(const char *prefix, struct str id, char out[ROW_KEY_MAX]);

#endif
