#ifndef NOTIFIER_MESSAGE_H
#define NOTIFIER_MESSAGE_H

/*
 * message - a notification, and the ids of its deliveries. Pure.
 */
#include "common/event.h"
#include "common/types_alert.h"

enum { MESSAGE_ID_SIZE = 33 }; /* of a delivery's id, with its NUL */

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

#endif
