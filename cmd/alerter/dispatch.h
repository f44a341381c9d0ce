#ifndef ALERTER_DISPATCH_H
#define ALERTER_DISPATCH_H

/*
 * dispatch - from alerts to notifications: who is told what, and when.
 *
 *	alert -> group -> inhibited? -> digest, quiet hours, limits -> told
 *	                                              told -> escalation
 *
 * The alert is the record (alert.*, judge.c); what is delivered is
 * user.notification/USER, and only this emits it. When is decided in plan.h;
 * what waits is in the ledger (telling.h), its deadlines in deadlines.h. An
 * alert that is told at once, and of which no more is to be said, leaves
 * nothing in the ledger.
 */
#include "alerter.h"
#include "common/types_alert.h"

#define DISPATCH_KEY STR("tell/") /* of its deadlines */

enum dispatch_change {
	DISPATCH_NEW,	   /* alert.new was said */
	DISPATCH_UPDATE,   /* alert.update */
	DISPATCH_RESOLVED, /* alert.resolved */
	DISPATCH_ACKED,	   /* alert.acked */
};

struct dispatch_news {
	enum dispatch_change change;
	const struct type_alert *alert;
	bool is_search;	 /* its rule is a saved search */
	bool lasting;	 /* a new one: it is so until it is resolved */
	struct str note; /* the user.notification of this alert alone; absent of
			    one that is over because its rule is gone: it is
			    told to nobody */
	int64_t time_us, recorded_us;
	const struct event *cause; /* or NULL, and: */
	struct str ext;		   /* further attributes, or absent */
};

/* What happened to an alert is told, now or later, to whom it concerns. */
int dispatch_tell(struct alerter *al, struct stage *s,
		  const struct dispatch_news *news, struct err *e);

/*
 * Nobody can say any more whether the alert of this id is so: its thing or its
 * rule is gone since that event. What was not told of it is not. An absent id
 * is fine.
 */
int dispatch_forget(struct alerter *al, struct stage *s, struct str id,
		    const struct event *since, struct err *e);

/* The user was set to something else by an event: what waits for them is seen to again. */
int dispatch_user(struct alerter *al, struct stage *s, struct str user,
		  const struct event *since, struct err *e);

/* The deadline of key has come. */
int dispatch_due(struct alerter *al, struct stage *s, struct str key,
		 int64_t now_us, struct err *e);

/* Read what waits. */
int dispatch_open(struct alerter *al, struct stage *s, struct err *e);

#endif
