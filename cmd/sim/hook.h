#ifndef SIM_HOOK_H
#define SIM_HOOK_H

/*
 * hook - receivers for what a notifier sends: webhooks, and Telegram's Bot API
 * (https://core.telegram.org/bots/api) as far as sending goes.
 *
 * Every request is kept, as JSON, until HOOK_RECORDS_MAX newer ones came; what
 * a receiver answers can be scripted. A zeroed struct hooks has no receivers;
 * they come into being when they are first used.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/str.h"

#include "answer.h"

enum {
	HOOKS_MAX = 32,
	HOOK_RECORDS_MAX = 256,
	HOOK_BODY_MAX = 16 << 10, /* bytes kept of a body */
	HOOK_ANSWER_MAX = 4 << 10,
	TELEGRAM_TEXT_MAX = 4096, /* characters of a message */
};

struct hook;
struct hooks {
	struct hook *v[HOOKS_MAX];
	size_t n;
};

/* Keep the request and give the scripted answer, else 200 "ok". */
void hooks_receive(struct hooks *hs, struct str name, const struct request *rq,
		   struct answer *a);

/*
 * The same for "<TOKEN>/METHOD" behind "/bot", in the receiver "telegram":
 * sendMessage is checked as Telegram does; scripted statuses other than 200
 * have Telegram's error body.
 */
void hooks_telegram(struct hooks *hs, struct str rest, const struct request *rq,
		    struct answer *a);

/*
 * Set what a receiver answers: {"name","status","retry_after","delay_ms",
 * "times","body"}; without times for ever, else for so many requests.
 * -1 with *e: EX_DATAERR.
 */
int hooks_script(struct hooks *hs, const struct json *script, struct err *e);

/*
 * Add {"name","total","requests":[{"at_ms","method","path","args","headers",
 * "body","bytes"}]}, oldest first; headers have lower-case names. A receiver that nobody used has none.
 */
void hooks_print(const struct hooks *hs, struct str name, struct buf *b);

void hooks_release(struct hooks *hs);

#endif
