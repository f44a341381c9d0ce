#ifndef BOT_KNOWN_H
#define BOT_KNOWN_H

/*
 * known - what the bot knows of watches, prices, searches and alerts, so that
 * it can answer at once.
 *
 * Rows of its ledger: "w/ID" and "s/ID", watch.set and search.set as they were
 * set; "p/ITEM/SOURCE", the last price.update; "a/ID", an alert, and "t/TIME/ID"
 * to forget it after KNOWN_ALERT_DAYS; "y/WATCH", it is stale.
 */
#include "common/stage.h"
#include "common/types_finding.h"
#include "common/types_rule.h"
#include "common/types_watch.h"

enum { KNOWN_ALERT_DAYS = 30, KNOWN_ALERTS_A_TURN = 16 };

/* Take in what an event says. Inside a transaction. */
int known_event(struct stage *s, const struct event *ev, struct arena *a,
		struct err *e);

/*
 * One row as it was set; complete (watch_complete). 1; 0: there is none that we
 * understand; -1.
 */
int known_watch(struct stage *s, struct str id, struct arena *a,
		struct type_watch *w_r, struct err *e);
int known_search(struct stage *s, struct str id, struct arena *a,
		 struct type_search *r, struct err *e);

/*
 * Each search above `after` in the order of ids, in one pass: there may be very
 * many. What fn gets dies with its call; it ends the walk with 1.
 */
typedef int known_search_fn(void *arg, const struct type_search *t,
			    struct err *e);
int known_searches(struct stage *s, struct str after, known_search_fn *fn,
		   void *arg, struct err *e);

/* Ids in their order, those above `after`, at most max; how many, or -1. */
int known_ids(struct stage *s, const char *table, struct str after,
	      struct arena *a, struct str *id, int max, struct err *e);
int known_count(struct stage *s, const char *table, struct err *e);

/* Prices of an item, the lowest first; how many, or -1. */
enum { KNOWN_PRICES_MAX = 32 };
struct known_price {
	struct type_price p;
	int64_t time_us;
};
int known_prices(struct stage *s, struct str item, struct arena *a,
		 struct known_price out[KNOWN_PRICES_MAX], struct err *e);

struct known_alert {
	struct str topic, user, message; /* of the alert.new */
};
/* 1; 0: none of this id, or long ago; -1. */
int known_alert(struct stage *s, struct str id, struct arena *a,
		struct known_alert *r, struct err *e);
/* The newest alert of a user: its id. 1, 0, -1. */
int known_newest(struct stage *s, struct str user, struct arena *a,
		 struct str *id_r, struct err *e);

#endif
