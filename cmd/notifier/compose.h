#ifndef NOTIFIER_COMPOSE_H
#define NOTIFIER_COMPOSE_H

/*
 * compose - from a notification to the request of a channel's kind. Pure, as
 * far as the kind is.
 */
#include "channel.h"

/*
 * line: the notification's event as text; id: of its delivery. What is in
 * *req_r ends with compose_free(), also after a failure. -1 with *e: it can
 * never be sent.
 */
int compose(const struct channel *c, struct str line, const char *id,
	    struct kind_request *req_r, struct err *e);

void compose_free(struct kind_request *req);

#endif
