#ifndef COMMON_TYPES_H
#define COMMON_TYPES_H

/*
 * types - the data of every event type that weir itself knows.
 *
 * One struct and one shape (shape.h) each, in a file for each family, which is
 * what to include for one of them:
 *
 *	types_watch		watch.*, session.* but watch.stale, watch.fresh
 *	types_way		proxy.*, provider.*
 *	types_rule		rule.set, search.set, silence.set, alert.ack
 *	types_user		user.set, and what of it rules say
 *	types_finding		price.update, offer.*, listing.*, page.*, chat.*
 *	types_observation	observation.*, scraper.status, watch.stale
 *				and watch.fresh
 *	types_stats		price.stats, price.anomaly
 *	types_alert		alert.*, user.notification, delivery.*
 *	types_system		system.message, event.refused, stage.*
 *	types_part		what several of these are made of
 *
 * A field that is absent has p == NULL (or present == false, or false). Text
 * lives as long as what was decoded; see shape.h. Settings (watch, rule, search
 * …) are closed: an unknown member is an error. Observed facts are open. The
 * manual is weir-events(7).
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/event.h"
#include "common/shape.h"
#include "common/types_alert.h"
#include "common/types_finding.h"
#include "common/types_observation.h"
#include "common/types_rule.h"
#include "common/types_stats.h"
#include "common/types_system.h"
#include "common/types_user.h"
#include "common/types_watch.h"
#include "common/types_way.h"

/* The shape of a type ("price.update"), or NULL: weir does not know it. */
const struct shape *type_shape(struct str type);

/* Every known type, for listings and tests; NULL after the last. */
struct type_entry {
	const char *type;
	const struct shape *shape;
	bool retained;	     /* its last value per topic is state */
	const char *subject; /* what it is: "ITEM", "SOURCE" …; NULL: any */
	size_t named;	     /* offset of the member that equals it, or -1 */
};
const struct type_entry *type_at(size_t i);
bool type_is_retained(struct str type);

/* Data null deletes what is retained, and undoes a command that can be. */
bool type_takes_null(const struct type_entry *t);

/*
 * The door: whoever takes events from outside asks this first, so that a
 * setting is judged while somebody is there to read what is wrong with it.
 *
 * Checks an event of a known type: its data decodes (or is null where the
 * type is retained: a deletion), the subject is the one that the data names,
 * a watch can be completed and its time zone is one, a rule, search or silence
 * makes sense. 0, or -1 with *e: EX_DATAERR. Unknown types pass. Only the
 * scraper can judge extract, the parameters of a mock and files with secrets.
 */
int type_check(const struct event *ev, struct err *e);

#endif
