#ifndef BOT_UPDATE_H
#define BOT_UPDATE_H

/*
 * update - what Telegram's getUpdates tells: messages, and buttons that were
 * pressed. Pure. https://core.telegram.org/bots/api#update
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

enum update_kind {
	UPDATE_OTHER, /* nothing that is for us */
	UPDATE_MESSAGE,
	UPDATE_BUTTON,
};

struct update {
	uint64_t id;
	enum update_kind kind;
	int64_t chat, from; /* ids; 0: none */
	bool is_private;    /* the chat of one person */
	struct str text; /* of the message; of the button, what it stands for */
	struct str about; /* what a button of the message answered stands for */
	struct str press; /* the button's press, to be answered */
	int64_t message;  /* the one with the button */
};

/*
 * One element of the result. Text lives as long as the tree. -1 with *e
 * (EX_DATAERR): it has no id.
 */
int update_read(const struct json *node, struct update *u_r, struct err *e);

/*
 * A command and what follows it: "/price@weir_bot lamp" is "price" and "lamp".
 * False where the text is none.
 */
bool update_command(struct str text, struct str *name_r, struct str *args_r);

#endif
