#ifndef ALERTER_DISPATCH_H
#define ALERTER_DISPATCH_H

/*
 * dispatch - from alerts to notifications: who is told what, and when.
 *
 * The alert is the record (alert.*, judge.c); what is delivered is
 * user.notification/USER, and only this emits it.
 */
#include "alerter.h"
#include "common/types_alert.h"

enum dispatch_change {
	DISPATCH_NEW,	   /* alert.new was said */
	DISPATCH_UPDATE,   /* alert.update */
	DISPATCH_RESOLVED, /* alert.resolved */
	DISPATCH_ACKED,	   /* alert.acked */
};

struct dispatch_news {
	enum dispatch_change change;
	const struct type_alert *alert;
	struct str note; /* the user.notification of this alert alone */
	int64_t time_us, recorded_us;
	const struct event *cause; /* or NULL, and: */
	struct str ext;		   /* further attributes, or absent */
};

/* What happened to an alert is told, now or later, to whom it concerns. */
int dispatch_tell(struct alerter *al, struct stage *s,
		  const struct dispatch_news *news, struct err *e);

#endif
