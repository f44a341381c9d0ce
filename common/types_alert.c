#include "common/types_alert.h"

#include "common/types_rows.h"
#include "common/types_user.h"

static const char *const alert_states[] = {
	"inactive",	"pending",  "suppressed", "firing",
	"acknowledged", "resolved", NULL
};

static const struct shape_field alert_rows[] = {
	{ ROW(type_alert, id, ID, 0, "A hash of rule and cause.") },
	{ ROW(type_alert, rule, ID, 0,
	      "The rule or search; target: the item's own; fresh: its watch is "
	      "stale.") },
	{ ROW(type_alert, user, ID, 0, "Whom it is for.") },
	{ ROW(type_alert, kind, TEXT, 0,
	      "What happened: target, drop, stock, fresh, absent, fewer, "
	      "channel, "
	      "gap, keywords, page, match."),
	  .max = 64 },
	{ ROW(type_alert, message, TEXT, 0, "The same as a sentence.") },
	{ ROW(type_alert, itemType, TEXT, 0, "The item's kind."), .max = 128 },
	{ SUB(type_alert, item, 0, shape_item_seen, "The item.") },
	{ ROW(type_alert, currentPrice, DECIMAL, NUL, "The price now.") },
	{ ROW(type_alert, targetPrice, DECIMAL, NUL, "The price wanted.") },
	{ ROW(type_alert, currency, CURRENCY, 0, "Of both.") },
	{ ROW(type_alert, previous, DECIMAL, 0, "The price before.") },
	{ ROW(type_alert, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_alert, link, URL, 0, "Where to look or buy.") },
	{ ROW(type_alert, listing, OBJECT, 0, "The listing that matched.") },
	{ ROW(type_alert, blob, BLOB, 0, "The whole text of the page, now.") },
	{ ROW(type_alert, reason, TEXT, 0,
	      "Why nobody is told: cooldown, silence, inhibited, daily-limit."),
	  .max = 128 },
	{ ROW(type_alert, until, TIME, 0,
	      "Until when; of what only happened: it can be acknowledged.") },
	{ ROW(type_alert, notify, LIST, 0, DOC_NOTIFY) },
	{ NAMED(type_alert, state, 0, alert_states, "How it is now.") },
	{ NAMED(type_alert, was, 0, alert_states, "How it was before.") },
	{ ROW(type_alert, version, ID, 0,
	      "A hash of the rule's text, as it was set.") },
	{ ROW(type_alert, values, OBJECT, 0,
	      "What the condition asked, and what it was answered.") },
	{ ROW(type_alert, by, ID, 0, "Of alert.acked: who takes care of it.") },
	{ ROW(type_alert, note, TEXT, 0, "Of alert.acked: what they say."),
	  .max = 512 },
};
const struct shape shape_alert = SHAPE(type_alert, alert_rows, OPEN,
				       "A rule or search found something.");

static const struct shape_field notification_rows[] = {
	{ ROW(type_notification, type, TEXT, REQ,
	      "price_alert, saved_search or custom."),
	  .max = 64 },
	{ ROW(type_notification, title, TEXT, REQ, "One line."), .max = 512 },
	{ ROW(type_notification, message, TEXT, REQ, "What happened.") },
	{ ROW(type_notification, timestamp, TIME, 0, "When it happened.") },
	{ ROW(type_notification, alert, ID, 0, "The alert's id.") },
	{ ROW(type_notification, data, OBJECT, 0, "The facts.") },
	{ ROW(type_notification, notify, LIST, 0, DOC_NOTIFY) },
	{ ROW(type_notification, id, ID, 0, "Of this notification.") },
	{ ROW(type_notification, alerts, LIST, 0,
	      "Their ids, where several are told."),
	  .max = NOTIFICATION_ALERTS_MAX },
	{ NAMED(type_notification, priority, 0, user_priorities,
		"Absent: normal.") },
	{ ROW(type_notification, update, ID, 0,
	      "The notification that this one replaces.") },
	{ ROW(type_notification, resolved, BOOL, 0, "It is over.") },
	{ ROW(type_notification, escalation, COUNT, 0,
	      "Nobody acknowledged; which step this is.") },
};
const struct shape shape_notification =
	SHAPE(type_notification, notification_rows, OPEN,
	      "Something to tell a user.");

static const struct shape_field delivery_rows[] = {
	{ ROW(type_delivery, id, TEXT, REQ, "The idempotency key."),
	  .max = 256 },
	{ ROW(type_delivery, channel, TEXT, REQ, "Which channel."),
	  .max = 128 },
	{ ROW(type_delivery, user, ID, 0, "Whom it is for.") },
	{ ROW(type_delivery, alert, ID, 0, "The alert's id.") },
	{ ROW(type_delivery, reason, TEXT, 0, "Why it failed."), .max = 512 },
	{ ROW(type_delivery, receiver, TEXT, 0, "What the receiver said."),
	  .max = 512 },
	{ ROW(type_delivery, status, NUMBER, 0, "HTTP or exit status.") },
	{ ROW(type_delivery, attempt, NUMBER, 0, "Which try, from 1.") },
	{ ROW(type_delivery, message_id, TEXT, 0,
	      "Of delivery.sent: the receiver's id of the message."),
	  .max = 256 },
	{ ROW(type_delivery, fallover, ID, 0,
	      "Of delivery.failed: the channel that it goes over now.") },
	{ ROW(type_delivery, instead, ID, 0,
	      "The channel that it was for and that failed.") },
};
const struct shape shape_delivery =
	SHAPE(type_delivery, delivery_rows, OPEN,
	      "How telling a user over one channel went.");

static const struct shape_field channel_rows[] = {
	{ ROW(type_channel, channel, ID, REQ, "Its name in weir.conf.") },
	{ ROW(type_channel, user, ID, 0, "Whose it is, if only one's.") },
	{ ROW(type_channel, reason, TEXT, 0,
	      "Why it is down, as in delivery.failed."),
	  .max = 64 },
	{ ROW(type_channel, since, TIME, 0,
	      "Since when nothing got through.") },
	{ ROW(type_channel, receiver, TEXT, 0, "What the receiver said."),
	  .max = 512 },
};
const struct shape shape_channel =
	SHAPE(type_channel, channel_rows, OPEN,
	      "A way to reach people does not work, or does again.");
