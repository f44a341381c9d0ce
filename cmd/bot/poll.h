#ifndef BOT_POLL_H
#define BOT_POLL_H

/*
 * poll - ask Telegram for updates, again and again, and have each served.
 *
 * getUpdates waits at Telegram until there is one. What was served is confirmed
 * by the next request's offset, which is in the ledger ("u/NUMBER", for the bot
 * of that number) with the effects of the last update; so each is served once.
 */
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

enum {
	POLL_LIMIT = 100,     /* updates in one answer; fewer after a failure */
	POLL_RETRY_MS = 1000, /* after a failure; doubles, up to: */
	POLL_RETRY_MAX_MS = 60 * 1000,
	POLL_SLACK_MS = 10 * 1000, /* for the answer, beside the waiting */
};

struct bot;
struct poll;

struct poll *poll_new(struct bot *b, struct err *e);
void poll_start(struct poll *p);
void poll_free(struct poll **pp);

/*
 * The journal tells of an update that this bot has served in an earlier life,
 * whose ledger is gone. Inside a transaction.
 */
int poll_served(struct bot *b, struct str update, struct err *e);

#endif
