#ifndef COMMON_TYPES_ALERT_H
#define COMMON_TYPES_ALERT_H

/*
 * types_alert - what people are told: alert.new, .suppressed and .resolved,
 * user.notification, and delivery.sent, .failed and .unknown. See types.h.
 */
#include "common/types_part.h"

struct type_alert {    /* alert.new/ITEM/RULE and the others */
	struct str id; /* hash of rule and cause */
	struct str rule, user, kind, message;
	struct str itemType; /* the fields of the old alert:new */
	struct type_item item;
	struct str currentPrice, targetPrice, currency, previous;
	struct str source, link;
	struct str listing; /* JSON object, of saved searches and keywords */
	struct str blob;    /* the page's text */
	struct str reason;  /* of alert.suppressed: cooldown, hysteresis … */
	struct str until;   /* RFC 3339, of alert.suppressed */
	struct shape_list notify;
	struct str state, was; /* pending, firing, … */
	struct str version;    /* of the rule */
	struct str values;     /* JSON object */
	struct str by, note;   /* of alert.acked */
};

enum { NOTIFICATION_ALERTS_MAX = 100 }; /* ids in one */

struct type_notification { /* user.notification/USER */
	struct str type;   /* price_alert, saved_search, custom */
	struct str title, message, timestamp, alert;
	struct str data;	  /* JSON object */
	struct shape_list notify; /* channels; absent: all of the user's */
	struct str id;		  /* what `update` of a later one names */
	struct shape_list alerts;
	struct str priority, update;
	bool resolved;
	struct str escalation; /* digits: the step */
};

struct type_delivery { /* delivery.sent, .failed, .unknown/USER */
	struct str id; /* idempotency key */
	struct str channel, user, alert, reason, receiver;
	struct str status;  /* JSON number */
	struct str attempt; /* JSON number */
	struct str message_id;
	struct str fallover, instead; /* channels */
};

struct type_channel { /* channel.down, channel.up/NAME */
	struct str channel, user, reason, since, receiver;
};

extern const struct shape shape_alert, shape_notification, shape_delivery,
	shape_channel;

#endif
