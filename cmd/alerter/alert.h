#ifndef ALERTER_ALERT_H
#define ALERTER_ALERT_H

/* alert - what a rule has found, as the data of events. */
#include "common/types_alert.h"

#include "sighting.h"

/*
 * The alert of rule about what was seen; cause ("SOURCE ID") makes its id,
 * together with rule and thing. over: it was so, and its message says that it
 * is no longer. Text is borrowed, or from the arena.
 */
void alert_make(const struct rule *r, const struct sighting *s,
		struct str cause, bool over, struct arena *a,
		struct type_alert *alert);

/* The rule's text as it was set, hashed. */
struct str alert_version(const struct rule *r, struct arena *a);

/* "alert.new/ITEM/RULE"; the item is hashed where that is too long. */
struct str alert_topic(const char *type, const struct type_alert *alert,
		       struct arena *a);

/* Add the data of user.notification. */
void alert_notification(const struct rule *r, const struct sighting *s,
			const struct type_alert *alert, int64_t time_us,
			struct arena *a, struct buf *b);

#endif
