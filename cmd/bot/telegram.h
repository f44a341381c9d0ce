#ifndef BOT_TELEGRAM_H
#define BOT_TELEGRAM_H

/*
 * telegram - calls of the Bot API. https://core.telegram.org/bots/api
 *
 * The token is in no text that comes out of here.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"
#include "common/loop.h"

enum {
	TELEGRAM_ANSWER_MAX = 4 << 20, /* bytes: 100 updates */
	TELEGRAM_TIMEOUT_MS = 30000,
	TELEGRAM_CAPTION_MAX = 900, /* bytes, below 1024 UTF-16 units */
};

struct telegram;
struct telegram_call;

struct telegram *telegram_new(struct loop *l, const char *base,
			      const char *token, struct err *e);
void telegram_free(struct telegram **tp); /* after all calls */

struct telegram_answer {
	bool ok;
	const struct json *result; /* where it is ok */
	int status;		   /* HTTP; 0: there was none */
	int64_t wait_ms;	   /* it asks for a pause; 0: it does not */
	const char *why;	   /* where it is not ok, one line */
};

/* All in the answer dies when the callback returns. */
typedef void telegram_fn(void *arg, const struct telegram_answer *a);

/* body: a JSON object; copied. Ends with fn or telegram_cancel(). */
struct telegram_call *telegram_call(struct telegram *t, const char *method,
				    struct str body, int64_t timeout_ms,
				    telegram_fn *fn, void *arg);

/* sendPhoto with an HTML caption; all is copied. */
struct telegram_call *telegram_photo(struct telegram *t, int64_t chat,
				     struct str caption, struct str png,
				     telegram_fn *fn, void *arg);
void telegram_cancel(struct telegram_call **callp);

#endif
