#ifndef BOT_REPLY_H
#define BOT_REPLY_H

/*
 * reply - a message in the making: text with a little HTML, and buttons. Pure.
 *
 * https://core.telegram.org/bots/api#html-style: what comes from outside is
 * escaped. A text has at most REPLY_TEXT_MAX bytes, which is below Telegram's
 * 4096 UTF-16 units whatever is in it; what does not fit is left out at an end
 * of a line.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum {
	REPLY_TEXT_MAX = 4000,
	REPLY_BUTTONS_MAX = 12,
	REPLY_DATA_MAX = 64,   /* bytes of what a button stands for */
	REPLY_LABEL_MAX = 120, /* bytes of what stands on it */
};

struct reply {
	struct buf text;    /* HTML */
	struct buf buttons; /* rows of an inline_keyboard, without brackets */
	size_t n_buttons;
};

void reply_reset(struct reply *r);
void reply_free(struct reply *r);

/* Add markup of ours; text from outside. */
void reply_puts(struct reply *r, const char *html);
void reply_text(struct reply *r, struct str text);
/* Both with printf; the second is escaped. */
void reply_textf(struct reply *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A button in a row of its own. data is cut by nobody: false, and no button,
 * where it is too long or there are too many.
 */
bool reply_button(struct reply *r, struct str label, struct str data);

/* The request's members behind the chat: "text":…,"reply_markup":… */
void reply_print(const struct reply *r, struct buf *b);

#endif
