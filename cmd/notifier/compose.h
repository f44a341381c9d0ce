#ifndef NOTIFIER_COMPOSE_H
#define NOTIFIER_COMPOSE_H

/*
 * compose - from a notification to the request of a channel's kind. Pure, as
 * far as the kind is.
 */
#include "channel.h"

/* The links by which users want no more of a rule (unsubscribe.h). */
struct compose_links {
	const char *url; /* of the gateway, for all; NULL: no links */
	char *key;
};

struct compose_job {
	struct str line; /* the notification's event as text */
	const char *id;	 /* of its delivery */
	unsigned part;	 /* which one of a text that is split, from 1 */
	struct str edit; /* kind_message.edit */
	const struct compose_links *links; /* NULL: none; likewise */
	/* Of this attempt; send_start() says them. */
	int64_t now_us;
	const unsigned char *random; /* kind_message.random */
};

/*
 * What is in *req_r ends with compose_free(), also after a failure. Returns how
 * many parts follow; -1 with *e: it can never be sent.
 */
int compose(const struct channel *c, const struct compose_job *job,
	    struct kind_request *req_r, struct err *e);

void compose_free(struct kind_request *req);

#endif
