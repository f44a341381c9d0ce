#ifndef NOTIFIER_MESSAGE_H
#define NOTIFIER_MESSAGE_H

/*
 * message - a notification, and how it reads on each kind of channel. Pure.
 */
#include "common/event.h"
#include "common/types_alert.h"

enum {
	MESSAGE_ID_SIZE = 33,	  /* of a delivery's id, with its NUL */
	TELEGRAM_TEXT_MAX = 4096, /* UTF-16 code units */
};

struct message {
	struct event ev;
	struct str user; /* subject of the event; "default" where it has none */
	struct type_notification data;
};

/* Borrows from ev; what was escaped is in the arena. -1 with *e: EX_DATAERR. */
int message_read(const struct event *ev, struct arena *a, struct message *m_r,
		 struct err *e);

/*
 * The delivery of an event over a channel: a hash of the event's source and id
 * and the channel's name, so the same whenever it is tried.
 */
void message_id(const struct event *ev, struct str channel,
		char out[MESSAGE_ID_SIZE]);

/*
 * What a webhook gets: the members of the notification, with `id` (of the
 * delivery), `channel`, `user` and `event` {source, id, time} before them.
 */
void message_webhook(const struct message *m, struct str id, struct str channel,
		     struct buf *b);

/*
 * The body of Telegram's sendMessage: the title in bold and the message,
 * escaped (HTML), cut to TELEGRAM_TEXT_MAX with an ellipsis at its end.
 */
void message_telegram(const struct message *m, struct str chat, struct buf *b);

/* What Telegram's answer says: why, and how long to wait (0: not said). */
void message_telegram_answer(struct str body, struct arena *a,
			     struct str *description_r, int64_t *wait_ms_r);

#endif
