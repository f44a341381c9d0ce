#ifndef BOT_ERRAND_H
#define BOT_ERRAND_H

/*
 * errand - what the bot is about to do: send a message, draw and send a chart,
 * look something up.
 *
 * An errand is a row of the ledger from the transaction that decides it until
 * it is done, so that no answer is lost; one that was sent when the bot ended
 * may be sent twice. Those of one chat are done in their order, different chats
 * do not wait for each other. What fails and may pass is tried again for
 * ERRAND_LIFE_S; Telegram's own pauses are waited for.
 */
#include <stdint.h>

#include "common/err.h"

#include "reply.h"

enum {
	ERRAND_WINDOW = 64,    /* chats in memory; the others wait on disk */
	ERRAND_ACTIVE_MAX = 8, /* at a time */
	ERRAND_LIFE_S = 24 * 3600,
	ERRAND_RETRY_MS = 1000, /* doubles, up to: */
	ERRAND_RETRY_MAX_MS = 5 * 60 * 1000,
	ERRAND_CHILD_MS = 60 * 1000, /* for a chart or a look-up */
	ERRAND_OUTPUT_MAX = 4 << 20, /* bytes of what these say */
};

struct bot;
struct errands;

struct errands *errands_new(struct bot *b, struct err *e);
void errands_free(struct errands **ep);
/* At the start, inside a transaction: what is left of a life before. */
int errands_load(struct errands *es, struct err *e);
/* After a commit: do what is there. */
void errands_go(struct errands *es);

/* ---- inside a transaction ---- */

int errand_send(struct bot *b, int64_t chat, const struct reply *r,
		struct err *e);
/* Answer a press; text may be "". */
int errand_press(struct bot *b, int64_t chat, struct str press,
		 const char *text, struct err *e);
/* since: a time or an age for weir-chart. */
int errand_chart(struct bot *b, int64_t chat, struct str item, struct str since,
		 struct str caption, struct err *e);
int errand_lookup(struct bot *b, int64_t chat, struct str kind,
		  struct str query, struct err *e);

#endif
