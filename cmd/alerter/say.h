#ifndef ALERTER_SAY_H
#define ALERTER_SAY_H

/*
 * say - what becomes of an alert, for all: the record (alert.*), whoever is to
 * be told (dispatch.h), and the chats that a rule starts and stops.
 */
#include "dispatch.h"

/* Because of what, and when. */
struct saying {
	struct stage *stage;
	const struct event *cause; /* or NULL, and: */
	struct str ext;		   /* further attributes, or absent */
	bool happened;		   /* the alert is nothing that lasts */
	int64_t time_us, recorded_us;
};

/* Only the record: type is "alert.suppressed", say. */
int say_record(struct alerter *al, const struct saying *by, const char *type,
	       const struct type_alert *alert, struct err *e);

/*
 * The record, and then to whom it concerns, by note: the user.notification of
 * this alert alone. r may be NULL: it is not there any more.
 */
int say_change(struct alerter *al, const struct saying *by,
	       enum dispatch_change change, const struct rule *r,
	       const struct type_alert *alert, struct str note, struct err *e);

#endif
