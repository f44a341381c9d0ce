#ifndef NOTIFIER_SEND_H
#define NOTIFIER_SEND_H

/*
 * send - one attempt to deliver a notification over one channel.
 *
 * By HTTP, by SMTP or as a command, within the channel's timeout. The outcome
 * is told from the loop, once, never before send_start() has returned. What the
 * receiver said is without the channel's secrets.
 */
#include "common/event.h"
#include "common/loop.h"
#include "common/opt.h"

#include "channel.h"
#include "compose.h"
#include "outcome.h"

struct sender;
struct sending;

enum {
	SEND_CHART_MS = 10000,	     /* for drawing one; else there is none */
	SEND_CHART_MAX = 256 * 1024, /* bytes */
};

/*
 * Borrowed: common, whose prices are drawn (weir-chart), NULL: nobody's; and the
 * links to unsubscribe, NULL: none.
 */
struct sender *sender_new(struct loop *l, const struct opt_common *common,
			  const struct compose_links *links, struct err *e);
void sender_free(struct sender **sp); /* after all sendings */

typedef void send_fn(void *arg, const struct outcome *o);

/*
 * What the job has is copied; c is only looked at now. The handle ends with fn
 * or with send_cancel().
 */
struct sending *send_start(struct sender *s, const struct channel *c,
			   const struct compose_job *job, send_fn *fn,
			   void *arg);

/* fn is not called any more; a command is killed. */
void send_cancel(struct sending **sp);

#endif
