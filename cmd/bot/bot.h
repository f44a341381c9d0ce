#ifndef BOT_BOT_H
#define BOT_BOT_H

/*
 * bot - the handler: what happens in, commands of people in, answers out.
 *
 * Its ledger keeps what it knows (known.h), the next update that is wanted, and
 * what is to be sent (errand.h). A command's effects, the answer to it and the
 * step to the next update are one transaction; so whenever it is killed,
 * a command has had its effect once or will have it.
 */
#include "common/stage.h"
#include "common/tz.h"

#include "guest.h"
#include "lookup.h"

struct errands;
struct poll;

struct bot {
	/* settings */
	struct guests guests;
	struct lookups lookups;
	const char *base;   /* of the Bot API, without a '/' at its end */
	const char *token;  /* secret: in no log, event or message */
	const char *zone;   /* of times in charts */
	const char *config; /* for the programs that it runs; or NULL */
	const char *dir;
	int64_t poll_s;

	/* a life */
	struct stage *stage;
	struct errands *errands;
	struct poll *poll;
	int64_t clock_us; /* the store's, CLK_NONE before */
	struct {
		char name[24];
		int64_t at_ms;
	} heard[16]; /* processes, and when they were heard of */
	size_t n_heard;
	struct arena arena; /* of one event or update */
};

extern const struct stage_handler bot_handler; /* self: struct bot */

/* Of the token, what names the bot: "123456". */
struct str bot_number(const struct bot *b);

#endif
